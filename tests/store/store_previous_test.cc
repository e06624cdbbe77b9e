// A database of the revision before launches were kept as JSON (previous_revision.sql) becomes one of this revision.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "lib/autoscaling/launch_conversion.h"
#include "lib/autoscaling/tables/group_table.h"
#include "lib/autoscaling/tables/launch_configuration_table.h"
#include "lib/base/fields_json.h"
#include "lib/base/seeded_random.h"
#include "lib/ec2/compute/launch_template_conversion.h"
#include "lib/ec2/compute/tables/launch_template_table.h"
#include "lib/ec2/network/dhcp_options_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/tables/dhcp_options_table.h"
#include "lib/ec2/network/tables/network_acl_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/iam/trusted_principals.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/message_fields.h"
#include "lib/store/connection.h"
#include "lib/store/database.h"
#include "lib/store/migrations.h"
#include "tests/support/temp_dir.h"

namespace brume::store {
namespace {

using compute::LaunchSpec;

// As the daemon hands them in.
std::vector<Conversion> Conversions() {
  const auto spec = schema::FieldsFromBytes<LaunchSpec, ec2::v1::RequestLaunchTemplateData>;
  const auto policy = schema::FieldsFromBytes<scaling::MixedPolicy, autoscaling::v1::MixedInstancesPolicy>;
  return {compute::LaunchTemplateConversion(spec),
          autoscaling::LaunchConversion({.read_spec = spec, .read_policy = policy})};
}

std::unique_ptr<Connection> ReadOnly(const std::string& path) {
  return Value(Connection::Open(path, Connection::Mode::kReadOnly));
}

std::vector<std::string> Texts(Connection& c, const std::string& sql) {
  return Value(c.All(sql, [](Row& row) {
    std::string text;
    row.Read(text);
    return text;
  }));
}

// The columns of a table, without what the conversions change and what has another name now.
std::vector<std::string> ColumnsOf(Connection& c, const std::string& table) {
  static const std::set<std::string> changed = {
      "launch_template_versions.data", "launch_configurations.data", "scaling_groups.mixed_policy",
      "scaling_groups.revision",       "volumes.image_id",           "subnets.cidr_base",
      "subnets.prefix_length"};
  std::vector<std::string> columns = Texts(c, absl::StrCat("SELECT name FROM pragma_table_info('", table, "')"));
  std::erase_if(columns, [&](const std::string& column) { return changed.contains(absl::StrCat(table, ".", column)); });
  return columns;
}

class Previous {
 public:
  Previous() {
    std::ifstream file(BRUME_SOURCE_DIR "/tests/store/previous_revision.sql");
    std::stringstream text;
    text << file.rdbuf();
    REQUIRE(!text.str().empty());
    std::ofstream(path).close();
    Change(text.str());
    const std::unique_ptr<Connection> c = ReadOnly(path);
    for (const std::string& table : Texts(*c, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
      columns[table] = ColumnsOf(*c, table);
    }
    rows = Rows();
  }

  void Change(const std::string& sql) {
    REQUIRE_OK(Value(Connection::Open(path, Connection::Mode::kReadWrite))->RunScript(sql.c_str()));
  }
  // All rows of the tables that there were, without what the conversions change.
  std::map<std::string, std::vector<std::string>> Rows() {
    const std::unique_ptr<Connection> c = ReadOnly(path);
    std::map<std::string, std::vector<std::string>> found;
    for (const auto& [table, names] : columns) {
      std::vector<std::string> quoted;
      for (const std::string& name : names) quoted.push_back(absl::StrCat("quote(\"", name, "\")"));
      found[table] = Texts(
          *c, absl::StrCat("SELECT ", absl::StrJoin(quoted, "||','||"), " AS line FROM \"", table, "\" ORDER BY line"));
    }
    return found;
  }
  // Refused with these words, and as it was.
  void CheckRefused(const absl::Status& status, const std::vector<std::string>& words) {
    INFO(status.ToString());
    CHECK(!status.ok());
    for (const std::string& word : words) CHECK(absl::StrContains(status.message(), word));
    CHECK(Texts(*ReadOnly(path), "PRAGMA user_version") == std::vector<std::string>{"10"});
    CHECK(Texts(*ReadOnly(path), "SELECT count(data) FROM launch_template_versions") == std::vector<std::string>{"4"});
    CHECK(Rows() == rows);
  }

  TempDir directory;
  const std::string path = directory / "brume.db";
  std::map<std::string, std::vector<std::string>> columns, rows;
};

LaunchSpec Everything() {
  LaunchSpec spec;
  spec.block_device_mappings = {{.device_name = "/dev/vda",
                                 .ebs = LaunchSpec::Ebs{.delete_on_termination = false,
                                                        .iops = 3000,
                                                        .volume_size = 12,
                                                        .volume_type = "gp3",
                                                        .throughput = 125,
                                                        .encrypted = false}}};
  spec.image_id = "ami-45df9e161507305b1";
  spec.instance_type = "b1.small";
  spec.key_name = "ops";
  spec.monitoring = {.enabled = true};
  spec.placement = {.availability_zone = "us-east-1c", .group_name = {}, .tenancy = "default"};
  spec.security_group_ids = {"sg-2cfae179de9c55674"};
  spec.user_data = "IyEvYmluL3NoCmVjaG8gImJyw7ttZSIK";
  spec.disable_api_termination = false;
  spec.ebs_optimized = true;
  spec.instance_initiated_shutdown_behavior = "terminate";
  spec.tag_specifications = {
      {.resource_type = "instance",
       .tags = {{.key = "Name", .value = "br\u00fbme \"quoted\"\n"}, {.key = "stage", .value = ""}}},
      {.resource_type = "volume", .tags = {{.key = "Name", .value = "disk"}}}};
  spec.credit_specification = {.cpu_credits = "standard"};
  spec.metadata_options = {.http_tokens = "optional",
                           .http_put_response_hop_limit = 2,
                           .http_endpoint = "enabled",
                           .instance_metadata_tags = "enabled"};
  spec.disable_api_stop = true;
  spec.iam_instance_profile = {.arn = {}, .name = "worker"};
  return spec;
}

// As text, which a failure shows.
std::string Json(const LaunchSpec& spec) { return FieldsToJson(spec); }

LaunchSpec VersionOf(Connection& c, const std::string& name, int64_t number) {
  compute::LaunchTemplateTable templates(c);
  const auto found = Value(templates.FindByName(name));
  REQUIRE(found.has_value());
  return Value(templates.FindVersion(found->id, number)).value().spec;
}

TEST_CASE("launch templates of the revision before mean what they meant", "[store]") {
  Previous previous;
  const auto database = Value(Database::Open(previous.path, Conversions()));
  REQUIRE_OK(database->Read([](Connection& c) {
    CHECK(Json(VersionOf(c, "web", 1)) == Json(Everything()));
    // Made from version 1.
    LaunchSpec smaller = Everything();
    smaller.instance_type = "b1.tiny";
    smaller.metadata_options = {.http_tokens = "required",
                                .http_put_response_hop_limit = {},
                                .http_endpoint = {},
                                .instance_metadata_tags = {}};
    smaller.block_device_mappings = {{.device_name = "/dev/vda", .ebs = {}}};
    CHECK(Json(VersionOf(c, "web", 2)) == Json(smaller));
    LaunchSpec front;
    front.image_id = "ami-45df9e161507305b1";
    front.instance_type = "b1.tiny";
    front.network_interfaces = {{.associate_public_ip_address = true,
                                 .delete_on_termination = true,
                                 .description = "front",
                                 .device_index = 0,
                                 .groups = {"sg-2cfae179de9c55674"},
                                 .private_ip_address = {},
                                 .subnet_id = "subnet-1ce7748656af57bb2"}};
    CHECK(Json(VersionOf(c, "web", 3)) == Json(front));
    LaunchSpec bare;
    bare.instance_type = "b1.tiny";
    bare.security_groups = {"default"};
    CHECK(Json(VersionOf(c, "bare", 1)) == Json(bare));
    return absl::OkStatus();
  }));
}

TEST_CASE("launch configurations and mixed policies of the revision before mean what they meant", "[store]") {
  Previous previous;
  const auto database = Value(Database::Open(previous.path, Conversions()));
  REQUIRE_OK(database->Read([](Connection& c) {
    autoscaling::LaunchConfigurationTable configurations(c);
    LaunchSpec old;
    old.block_device_mappings = {{.device_name = "/dev/vda",
                                  .ebs = LaunchSpec::Ebs{.delete_on_termination = true,
                                                         .iops = {},
                                                         .volume_size = 9,
                                                         .volume_type = {},
                                                         .throughput = {},
                                                         .encrypted = {}}}};
    old.image_id = "ami-45df9e161507305b1";
    old.instance_type = "b1.tiny";
    old.key_name = "ops";
    old.monitoring = {.enabled = false};
    old.security_group_ids = {"sg-2cfae179de9c55674"};
    old.user_data = "YUdWc2JHOD0=";
    old.ebs_optimized = false;
    old.metadata_options = {.http_tokens = "required",
                            .http_put_response_hop_limit = 3,
                            .http_endpoint = "enabled",
                            .instance_metadata_tags = {}};
    old.iam_instance_profile = {.arn = {}, .name = "worker"};
    CHECK(Json(Value(configurations.Find("old")).value().spec) == Json(old));
    CHECK(Value(configurations.List()).size() == 2);

    const std::vector<scaling::GroupRecord> groups = Value(autoscaling::GroupTable(c).List({}));
    REQUIRE(groups.size() == 3);
    scaling::MixedPolicy mixed;
    mixed.launch_template.emplace();
    mixed.launch_template->launch_template_specification = {.launch_template_id = "lt-5cc7c3020cb3b55d3",
                                                            .version = "3"};
    mixed.launch_template->overrides.resize(2);
    mixed.launch_template->overrides[0].instance_type = "b1.tiny";
    mixed.launch_template->overrides[0].weighted_capacity = "1";
    mixed.launch_template->overrides[1].instance_type = "b1.small";
    mixed.instances_distribution = {.on_demand_allocation_strategy = "prioritized",
                                    .on_demand_base_capacity = 1,
                                    .on_demand_percentage_above_base_capacity = 100,
                                    .spot_allocation_strategy = "lowest-price",
                                    .spot_instance_pools = 2,
                                    .spot_max_price = "0.1"};
    for (const scaling::GroupRecord& record : groups) {
      INFO(record.group.name);
      CHECK(record.mixed_policy == (record.group.name == "mixed" ? std::optional(mixed) : std::nullopt));
    }
    return absl::OkStatus();
  }));
}

TEST_CASE("rows of the revision before have versions, and a group's is its revision", "[store]") {
  Previous previous;
  const auto revisions = Texts(*ReadOnly(previous.path), "SELECT name || revision FROM scaling_groups ORDER BY name");
  const auto database = Value(Database::Open(previous.path, Conversions()));
  const auto c = ReadOnly(previous.path);
  CHECK(revisions.size() == 3);
  CHECK(Texts(*c, "SELECT name || version FROM scaling_groups ORDER BY name") == revisions);
  for (const std::string table : {"scaling_refreshes", "alarms", "identities", "managed_policies"}) {
    INFO(table);
    CHECK(Texts(*c, absl::StrCat("SELECT DISTINCT version FROM ", table, " WHERE version <> 0")).empty());
  }
}

TEST_CASE("volumes of the revision before lie over their images", "[store]") {
  Previous previous;
  const auto database = Value(Database::Open(previous.path, Conversions()));
  const std::vector<Volume> volumes =
      Value(database->ReadFor([](Connection& c) { return storage::VolumeTable(c).List(); }));
  CHECK(volumes.size() == 5);
  for (const Volume& volume : volumes) {
    INFO(volume.id.text());
    CHECK(volume.layer_id == "ami-45df9e161507305b1");
    CHECK(volume.snapshot_id.text() == "snap-45df9e161507305b1");
    CHECK(volume.disk_file == "disk.qcow2");
    CHECK(volume.attachment_state == AttachmentState::kAttached);
    CHECK_FALSE(volume.encrypted);
  }
}

TEST_CASE("the VPC of the revision before has its way out as rows, by the ids that were shown", "[store]") {
  Previous previous;
  const auto database = Value(Database::Open(previous.path, Conversions()));
  REQUIRE_OK(database->Read([](Connection& c) -> absl::Status {
    const std::vector<Vpc> vpcs = Value(network::NetworkTable(c).ListVpcs());
    REQUIRE(vpcs.size() == 1);
    CHECK(vpcs[0].attributes == VpcAttributes{.dns_support = true, .dns_hostnames = true});
    const std::string digits = vpcs[0].id.text().substr(3);
    network::RoutingTable routing(c);
    const std::vector<RouteTable> tables = Value(routing.ListTables(vpcs[0].id));
    REQUIRE(tables.size() == 1);
    CHECK(tables[0].id.text() == "rtb" + digits);
    CHECK(tables[0].number == 1);
    const std::vector<RouteTableAssociation> associations = Value(routing.ListAssociations(vpcs[0].id));
    REQUIRE(associations.size() == 1);
    CHECK(associations[0].is_main());
    CHECK(associations[0].id.text() == "rtbassoc" + digits);
    CHECK(Value(routing.GatewayOf(vpcs[0].id)).value().id.text() == "igw" + digits);
    const std::vector<VpcRoute> routes = Value(routing.ListRoutesOf(tables[0].id));
    REQUIRE(routes.size() == 1);
    CHECK(routes[0].destination == Cidr{});
    CHECK(routes[0].target.gateway_id.text() == "igw" + digits);
    network::NetworkAclTable acls(c);
    const NetworkAcl acl = Value(acls.DefaultOf(vpcs[0].id)).value();
    CHECK(acl.id.text() == "acl" + digits);
    CHECK(AllowsEverything(Value(acls.ListEntries(acl.id))));
    const std::vector<NetworkAclAssociation> with_it = Value(acls.ListAssociations(acl.id));
    CHECK(with_it.size() == Value(network::NetworkTable(c).ListSubnets(vpcs[0].id)).size());
    for (const NetworkAclAssociation& each : with_it) {
      CHECK(each.id.text() == "aclassoc" + each.subnet_id.text().substr(6));
    }
    return absl::OkStatus();
  }));
}

TEST_CASE("the VPC of the revision before has the default set of DHCP options, which says what its guests were told",
          "[store]") {
  Previous previous;
  const auto database = Value(Database::Open(previous.path, Conversions()));
  SeededRandom random{1};
  const Settings settings;
  REQUIRE_OK(network::NetworkService(*database, settings, random).EnsureDefaults());
  REQUIRE_OK(database->Read([](Connection& c) -> absl::Status {
    const std::vector<DhcpOptions> sets = Value(network::DhcpOptionsTable(c).List());
    REQUIRE(sets.size() == 1);
    CHECK(sets[0].is_default);
    CHECK(DhcpOptionsId::Parse(sets[0].id.text()).ok());
    const Vpc vpc = Value(network::NetworkTable(c).ListVpcs()).front();
    CHECK(vpc.dhcp_options_id == sets[0].id);
    CHECK(Value(network::ReadDhcpLease(c, vpc)) ==
          DhcpLease{.domain = "ec2.internal", .name_servers = {DnsAddress(vpc.cidr)}});
    return absl::OkStatus();
  }));
}

TEST_CASE("interfaces of the revision before stay attached to their instances", "[store]") {
  Previous previous;
  const auto database = Value(Database::Open(previous.path, Conversions()));
  const auto interfaces =
      Value(database->ReadFor([](Connection& c) { return network::NetworkTable(c).ListInterfaces(std::nullopt); }));
  REQUIRE(interfaces.size() == 5);
  for (const NetworkInterface& eni : interfaces) {
    CHECK(eni.attachment_state == InterfaceAttachmentState::kAttached);
    CHECK(eni.type == InterfaceType::kInterface);
    CHECK_FALSE(eni.requester_managed());
    CHECK(eni.secondary.empty());
  }
}

TEST_CASE("whom a trust policy of a revision before names is who has the name at the upgrade", "[store]") {
  const TempDir directory;
  const std::string path = directory / "brume.db", account = "123456789012";
  std::ofstream(path).close();
  {
    const auto c = Value(Connection::Open(path, Connection::Mode::kReadWrite));
    int64_t version = 0;
    for (const Migration& migration : Migrations()) {
      if (absl::StrContains(migration.sql, "CREATE TABLE trusted_principals")) break;
      REQUIRE_OK(c->RunScript(migration.sql));
      version = migration.number;
    }
    const std::string insert =
        "INSERT INTO identities (id, version, kind, name, path, created, trust_policy, description,"
        " max_session_seconds) VALUES ";
    REQUIRE_OK(c->RunScript(
        absl::StrCat(
            insert, "('AIDA1', 1, 0, 'ada', '/', 0, '', '', 3600), ('AGPA1', 1, 1, 'ada', '/', 0, '', '', 3600),",
            "('AIDA2', 1, 0, 'eve', '/staff/', 0, '', '', 3600),",
            "('AROA2', 1, 2, 'broken', '/', 0, 'no JSON', '', 3600),",
            R"(('AROA1', 1, 2, 'web', '/', 0, '{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",)",
            R"("Principal":{"AWS":["arn:aws:iam::123456789012:user/ada","arn:aws:iam::123456789012:user/eve",)",
            R"("arn:aws:iam::123456789012:role/web","123456789012"]}}]}', '', 3600);)",
            "PRAGMA user_version = ", version, "; PRAGMA application_id = 1114795365;")
            .c_str()));
  }
  const auto database = Value(Database::Open(path, Conversions()));
  const auto names = [&](const std::string& id) {
    return Value(
        database->ReadFor([&](Connection& c) { return iam::TrustedPrincipals(c, account).NamesOf("AROA1", id); }));
  };
  CHECK(names("AIDA1") == std::vector<std::string>{"arn:aws:iam::123456789012:user/ada"});
  CHECK(names("AROA1") == std::vector<std::string>{"arn:aws:iam::123456789012:role/web"});
  // Who has another path is another.
  CHECK(names("AIDA2").empty());
  CHECK(names("AGPA1").empty());
}

TEST_CASE("an elastic address of a revision before leads to its interface's first private address", "[store]") {
  const TempDir directory;
  const std::string path = directory / "brume.db";
  std::ofstream(path).close();
  {
    const auto c = Value(Connection::Open(path, Connection::Mode::kReadWrite));
    for (const Migration& migration : Migrations().subspan(0, 35)) REQUIRE_OK(c->RunScript(migration.sql));
    REQUIRE_OK(c->RunScript(
        "INSERT INTO vpcs (id, cidr_base, prefix_length, is_default) VALUES ('vpc-1', 0, 16, 0);"
        "INSERT INTO subnets (id, vpc_id, cidr_base, prefix_length, availability_zone, default_for_az,"
        " map_public_ip_on_launch) VALUES ('subnet-1', 'vpc-1', 0, 20, 'a', 0, 0);"
        "INSERT INTO network_interfaces (id, version, vpc_id, subnet_id, device_index, attachment_id, attach_time,"
        " delete_on_termination, source_dest_check, description, mac, private_ip, public_ip, auto_public_ip)"
        " VALUES ('eni-1', 1, 'vpc-1', 'subnet-1', 0, '', 0, 1, 1, '', '', 77, 88, 0);"
        "INSERT INTO addresses (id, public_ip) VALUES ('eipalloc-1', 88);"
        "INSERT INTO address_associations (id, allocation_id, eni_id) VALUES ('eipassoc-1', 'eipalloc-1', 'eni-1');"
        "PRAGMA user_version = 35; PRAGMA application_id = 1114795365;"));
  }
  const auto database = Value(Database::Open(path, Conversions()));
  const NetworkInterface eni = Value(database->ReadFor(
      [](Connection& c) { return network::NetworkTable(c).GetInterface(EniId::FromTrusted("eni-1")); }));
  CHECK(eni.elastic());
  CHECK(eni.allocation_id.text() == "eipalloc-1");
  CHECK(eni.association_id.text() == "eipassoc-1");
  CHECK_FALSE(eni.attached());
  CHECK(Texts(*ReadOnly(path), "SELECT CAST(private_ip AS TEXT) FROM address_associations") ==
        std::vector<std::string>{"77"});
}

TEST_CASE("subnets and interfaces of a revision before keep their ranges and addresses, and new ones may have none",
          "[store]") {
  const TempDir directory;
  const std::string path = directory / "brume.db";
  std::ofstream(path).close();
  {
    const auto c = Value(Connection::Open(path, Connection::Mode::kReadWrite));
    for (const Migration& migration : Migrations()) {
      if (migration.number <= 50) REQUIRE_OK(c->RunScript(migration.sql));
    }
    REQUIRE_OK(c->RunScript(
        "INSERT INTO vpcs (id, cidr_base, prefix_length, is_default) VALUES ('vpc-1', 3232235520, 16, 0);"
        "INSERT INTO subnets (id, vpc_id, cidr_base, prefix_length, availability_zone, default_for_az,"
        " map_public_ip_on_launch) VALUES ('subnet-1', 'vpc-1', 3232243472, 28, 'a', 0, 0);"
        "INSERT INTO network_interfaces (id, version, vpc_id, subnet_id, device_index, attachment_id, attach_time,"
        " delete_on_termination, source_dest_check, description, mac, private_ip, auto_public_ip)"
        " VALUES ('eni-1', 1, 'vpc-1', 'subnet-1', 0, '', 0, 1, 1, '', '', 3232243476, 0);"
        "INSERT INTO interface_ipv6_addresses (eni_id, address) VALUES ('eni-1', 'fd00::4');"
        "PRAGMA user_version = 50; PRAGMA application_id = 1114795365;"));
  }
  const auto database = Value(Database::Open(path, Conversions()));
  REQUIRE_OK(database->Write([](Connection& c) -> absl::Status {
    network::NetworkTable networks(c);
    ASSIGN_OR_RETURN(const Subnet subnet, networks.GetSubnet(SubnetId::FromTrusted("subnet-1")));
    CHECK(subnet.cidr.has_value());
    CHECK(subnet.cidr.value_or(Cidr{}).text() == "192.168.31.16/28");
    ASSIGN_OR_RETURN(NetworkInterface eni, networks.GetInterface(EniId::FromTrusted("eni-1")));
    CHECK(eni.private_ip.value_or(Ipv4{}).text() == "192.168.31.20");
    CHECK(eni.ipv6.size() == 1);
    eni.ipv6.clear();
    eni.id = EniId::FromTrusted("eni-2");
    CHECK(ec2::ErrorCode(networks.InsertInterface(eni)) == "InvalidIPAddress.InUse");
    // Several without one are no conflict.
    eni.private_ip.reset();
    RETURN_IF_ERROR(networks.InsertInterface(eni));
    eni.id = EniId::FromTrusted("eni-3");
    return networks.InsertInterface(eni);
  }));
  CHECK(Texts(*ReadOnly(path), "PRAGMA integrity_check") == std::vector<std::string>{"ok"});
  CHECK(Texts(*ReadOnly(path), "SELECT count(*) FROM pragma_foreign_key_check") == std::vector<std::string>{"0"});
}

TEST_CASE("everything else of the revision before stays as it is, and the file is sound", "[store]") {
  Previous previous;
  const auto database = Value(Database::Open(previous.path, Conversions()));
  CHECK(previous.rows.at("instances").size() == 5);
  CHECK(previous.Rows() == previous.rows);
  CHECK(Texts(*ReadOnly(previous.path), "PRAGMA integrity_check") == std::vector<std::string>{"ok"});
  CHECK(Texts(*ReadOnly(previous.path), "SELECT count(*) FROM pragma_foreign_key_check") ==
        std::vector<std::string>{"0"});
}

TEST_CASE("bytes that cannot be converted are refused by the name of their row, and nothing is lost", "[store]") {
  struct Case {
    std::string change;
    std::vector<std::string> words;
  };
  const std::vector<Case> cases = {
      {"UPDATE launch_template_versions SET data = x'FF' WHERE number = 2",
       {"version 2", "lt-5cc7c3020cb3b55d3", "launch_template_versions"}},
      {"UPDATE launch_template_versions SET data = CAST(data || x'A00601' AS BLOB) WHERE number = 3",
       {"version 3", "not known"}},
      {"UPDATE launch_configurations SET data = x'0A' WHERE name = 'old'", {"'old'", "launch_configurations"}},
      {"UPDATE scaling_groups SET mixed_policy = '!' WHERE name = 'mixed'", {"'mixed'", "base64"}},
      {"UPDATE scaling_groups SET mixed_policy = 'oAYB' WHERE name = 'mixed'", {"'mixed'", "not known"}},
  };
  for (const Case& one : cases) {
    INFO(one.change);
    Previous previous;
    previous.Change(one.change);
    previous.CheckRefused(Database::Open(previous.path, Conversions()).status(), one.words);
  }
}

TEST_CASE("a program that brings no conversions loses nothing", "[store]") {
  Previous previous;
  previous.CheckRefused(Database::Open(previous.path).status(), {});
  // Not of groups alone, either.
  previous.Change("DELETE FROM launch_template_versions; DELETE FROM launch_configurations");
  CHECK(!Database::Open(previous.path).ok());
  CHECK(Texts(*ReadOnly(previous.path), "SELECT count(*) FROM scaling_groups WHERE mixed_policy LIKE 'CjUK%'") ==
        std::vector<std::string>{"1"});
}

}  // namespace
}  // namespace brume::store
