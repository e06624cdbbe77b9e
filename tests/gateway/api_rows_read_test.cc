// How much of the database a description reads: what it shows, and not all there is.
#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/substitute.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "brume/rpc/v1/options.pb.h"
#include "google/protobuf/descriptor.h"
#include "lib/resource/kinds.h"
#include "tests/fakes/api_world.h"
#include "tests/support/statement_probe.h"

namespace brume {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// Ten of each kind, each with one tag.
class FullWorld {
 public:
  FullWorld() {
    for (int i = 0; i < 10; ++i) {
      const std::string number = std::to_string(i);
      image = world.RegisterImage("image-" + number);
      Tag(image.text(), "image-" + number);
      group = world.groups.Create("group-" + number, "d", std::nullopt, {{"Name", "group-" + number}})->group.id;
      ec2::v1::CreateLaunchTemplateRequest request;
      request.set_launch_template_name("template-" + number);
      request.mutable_launch_template_data()->set_instance_type("b1.tiny");
      launch_template =
          Value(world.Call<ec2::v1::CreateLaunchTemplateResponse>(request)).launch_template().launch_template_id();
      Tag(launch_template, "template-" + number);
      key_pair =
          Value(world.key_pairs.Create("key-" + number, "ed25519", {{"Name", "key-" + number}})).view.pair.id.text();
    }
    vpc = world.networks.ListVpcs()->front().id.text();
    Tag(vpc, "home");
    table = world.routes.ListTables({})->front().table.id.text();
    acl = world.acls.List({})->front().acl.id.text();
    gateway = world.routes.ListGateways({})->front().gateway.id.text();
    Tag(table, "table");
    Tag(acl, "acl");
    Tag(gateway, "gateway");
    // Another of each, without a tag.
    Value(world.CallText("CreateVpc", "cidr_block: '10.200.0.0/16'"));
    Value(world.CallText("CreateInternetGateway", ""));
    const std::vector<network::SubnetView> subnets = Value(world.networks.ListSubnets());
    for (const network::SubnetView& view : subnets) {
      subnet = view.subnet.id.text();
      Tag(subnet, "subnet");
    }
    rule = world.groups.ListRules()->back().rule.id.text();
    Tag(rule, "rule");
  }

  void Tag(const std::string& id, const std::string& name) { REQUIRE(world.tags.Create({id}, {{"Name", name}}).ok()); }

  // How many things the answer of `action` lists; `probe` has then seen this call alone.
  int Count(const std::string& action, const std::string& request) {
    probe.Reset();
    const auto answer = Value(world.CallText(action, request));
    return answer->GetReflection()->FieldSize(*answer, ListOf(*answer));
  }
  static const FieldDescriptor* ListOf(const google::protobuf::Message& answer) {
    const FieldDescriptor* first = answer.GetDescriptor()->field(0);
    return first->is_repeated() ? first : answer.GetDescriptor()->field(1);
  }

  StatementProbe probe;
  ApiWorld world;
  ImageId image;
  SecurityGroupId group;
  std::string launch_template, key_pair, vpc, subnet, rule, table, acl, gateway;
};

// What an action describes: the table of the kind, the parameter of its ids, and that of the filters.
struct Described {
  std::string prefix, table, ids, filters;
};

// But for DescribeTags, whose items are tags.
std::vector<const MethodDescriptor*> DescribesWithTags() {
  std::vector<const MethodDescriptor*> actions;
  for (const auto* service : schema::Services()) {
    if (service->file()->package() != ec2::v1::Filter::descriptor()->file()->package()) continue;
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string path = service->method(i)->options().GetExtension(rpc::v1::tag_filters);
      if (!path.empty() && path != ".") actions.push_back(service->method(i));
    }
  }
  return actions;
}

// Three of each kind at least, of which none has the tag kKey.
struct EachKind : FullWorld {
  inline static const std::string kKey = "Asked";

  EachKind() {
    const std::string home = vpc;
    for (const char* n : {"1", "2", "3"}) {
      const auto fill = [&](const char* text) { return absl::Substitute(text, n, vpc, subnet, instance, eni, home); };
      const auto make = [&](const char* action, const char* text) {
        INFO(action << " " << fill(text));
        const auto answer = world.CallText(action, fill(text));
        INFO(answer.status());
        REQUIRE(answer.ok());
      };
      make("CreateVpc", "cidr_block: '10.10$0.0.0/16'");
      vpc = Column("SELECT id FROM vpcs ORDER BY seq DESC").front();
      make("AssociateVpcCidrBlock", "vpc_id: '$1' cidr_block: '10.11$0.0.0/16'");
      make("CreateSubnet", "vpc_id: '$1' cidr_block: '10.10$0.1.0/24'");
      subnet = Column("SELECT id FROM subnets ORDER BY seq DESC").front();
      make("CreateNetworkInterface", "subnet_id: '$2'");
      eni = Column("SELECT id FROM network_interfaces ORDER BY seq DESC").front();
      make("CreateRouteTable", "vpc_id: '$1'");
      make("CreateNetworkAcl", "vpc_id: '$1'");
      make("CreateInternetGateway", "");
      make("CreateEgressOnlyInternetGateway", "vpc_id: '$1'");
      make("CreateNatGateway", "subnet_id: '$2' connectivity_type: 'private'");
      make("CreateVpcPeeringConnection", "vpc_id: '$1' peer_vpc_id: '$5'");
      make("CreateVpcEndpoint",
           "vpc_endpoint_type: 'Interface' vpc_id: '$1' service_name: 'com.amazonaws.us-east-1.ec2' "
           "private_dns_enabled: false");
      make("CreateFlowLogs",
           "resource_type: 'VPC' log_destination_type: 's3' log_destination: 'arn:aws:s3:::logs/a/' resource_ids: '$1' "
           "traffic_type: 'ALL'");
      make("CreateManagedPrefixList", "prefix_list_name: 'list-$0' address_family: 'IPv4' max_entries: 1");
      make("CreateDhcpOptions", "dhcp_configurations { key: 'domain-name' values: 'corp-$0.example' }");
      make("AllocateAddress", "");
      make("CreateVolume", "availability_zone: 'us-east-1a' size: 1");
      make("ImportImage", "disk_containers { url: '/$0' }");
      make("ImportSnapshot", "disk_container { url: '/$0' }");
      instance = world.Launch().text();
      make("CreateReplaceRootVolumeTask", "instance_id: '$3'");
      make("CreateNetworkInsightsPath", "source: '$4' destination: '$3' protocol: 'tcp' destination_port: 22");
      path = Column("SELECT id FROM network_insights_paths").front();
      Value(world.CallText("StartNetworkInsightsAnalysis", "network_insights_path_id: '" + path + "'"));
      Value(world.CallText("ExportImage", "image_id: '" + image.text() +
                                              "' disk_image_format: 'VHD' s3_export_location { s3_bucket: 'bucket' }"));
    }
  }

  std::vector<std::string> Column(const std::string& query) {
    return Value(world.database->ReadFor([&](store::Connection& c) {
      return c.All(query, [](store::Row& row) {
        std::string text;
        row.Read(text);
        return text;
      });
    }));
  }
  std::vector<std::string> RowsOf(const Described& kind) {
    return Column("SELECT id FROM " + kind.table + " WHERE id LIKE '" + kind.prefix + "-%'");
  }

  // Unset where what it describes is not the rows of a kind.
  std::optional<Described> KindOf(const MethodDescriptor& action) {
    Described described;
    for (int i = 0; i < action.input_type()->field_count(); ++i) {
      const FieldDescriptor& field = *action.input_type()->field(i);
      if (field.message_type() == ec2::v1::Filter::descriptor()) described.filters = field.name();
      if (field.is_repeated() && field.options().HasExtension(rpc::v1::id)) {
        described.ids = field.name();
        described.prefix = field.options().GetExtension(rpc::v1::id);
      }
    }
    if (described.ids.empty()) return std::nullopt;
    // "vpc_endpoint_ids" that the schema says no kind of are what is shown as "vpc_endpoint_id".
    const Kind* kind = FindKind(described.prefix);
    if (kind == nullptr) {
      const auto answer = Value(world.CallText(action.name(), ""));
      const auto& item = answer->GetReflection()->GetRepeatedMessage(*answer, ListOf(*answer), 0);
      const auto* id = item.GetDescriptor()->FindFieldByName(described.ids.substr(0, described.ids.size() - 1));
      REQUIRE(id != nullptr);
      kind = KindOfId(item.GetReflection()->GetString(item, id));
    }
    REQUIRE(kind != nullptr);
    if (kind->table.empty()) return std::nullopt;
    described.prefix = std::string(kind->prefix);
    described.table = std::string(kind->table);
    return described;
  }

  std::string instance, eni, path;
};

}  // namespace

TEST_CASE("a description reads the rows of the ids and tags that it is asked for, and no others", "[api]") {
  EachKind full;
  int walked = 0;
  for (const MethodDescriptor* action : DescribesWithTags()) {
    INFO(action->name());
    const std::optional<Described> kind = full.KindOf(*action);
    if (!kind.has_value()) continue;
    ++walked;
    const std::vector<std::string> rows = full.RowsOf(*kind);
    REQUIRE(rows.size() >= 3);
    const std::string& id = rows[1];
    REQUIRE(full.world.tags.Create({id}, {{EachKind::kKey, "this one"}}).ok());
    const auto filter = [&](const std::string& name, const std::string& value) {
      return kind->filters + " { name: '" + name + "' values: '" + value + "' } ";
    };
    const std::string key = "tag:" + EachKind::kKey;
    const struct {
      std::string request;
      int found, rows_read;
    } cases[] = {
        {kind->ids + ": '" + id + "'", 1, 1},
        {filter(key, "this one"), 1, 1},
        {filter("tag-key", EachKind::kKey), 1, 1},
        {filter(key, "this one") + filter("tag-key", "*"), 1, 1},
        {filter(key, "another"), 0, 0},
        {filter("tag-key", "another"), 0, 0},
    };
    for (const auto& c : cases) {
      INFO(c.request);
      CHECK(full.Count(action->name(), c.request) == c.found);
      CHECK(full.probe.ReadsOf(" " + kind->table + " ").rows == c.rows_read);
      CHECK(full.probe.ReadsOf(" " + kind->table + " ").scanned_rows == 0);
      CHECK(full.probe.ReadsOf(" tags ").scanned_rows == 0);
    }
    CHECK(full.Count(action->name(), filter(key, "this *")) == 1);
    CHECK_FALSE(full.world.CallText(action->name(), filter(key, "this one") + filter("no-filter", "x")).ok());
  }
  // All but snapshots, of which images are some, and the services of endpoints, which are no rows.
  CHECK(walked == static_cast<int>(DescribesWithTags().size()) - 2);
}

TEST_CASE("key pairs, security groups and launch templates that are named are read alone", "[api]") {
  FullWorld full;
  const struct {
    std::string action, request, table;
  } cases[] = {
      {"DescribeKeyPairs", "key_names: 'key-3'", " key_pairs "},
      {"DescribeSecurityGroups", "group_names: 'group-3'", " security_groups "},
      {"DescribeLaunchTemplates", "launch_template_names: 'template-3'", " launch_templates "},
  };
  for (const auto& c : cases) {
    INFO(c.action);
    CHECK(full.Count(c.action, c.request) == 1);
    CHECK(full.probe.ReadsOf(c.table).rows <= 2);  // by the name, and then by the id
    CHECK(full.probe.ReadsOf(c.table).scanned_rows == 0);
  }
}

TEST_CASE("a page of volumes or snapshots reads what it shows, and each is on one page", "[api]") {
  FullWorld full;
  const auto tag_of = [](const std::string& type, int i) {
    return " tag_specifications { resource_type: '" + type + "' tags { key: 'Name' value: 'disk-" + std::to_string(i) +
           "' } }";
  };
  for (int i = 0; i < 12; ++i) {
    const auto made = Value(full.world.CallText(
        "CreateVolume", "availability_zone: 'us-east-1a' size: " + std::to_string(1 + i % 2) + tag_of("volume", i)));
    const std::string volume = static_cast<const ec2::v1::CreateVolumeResponse&>(*made).volume_id();
    REQUIRE(ApiWorld::Eventually([&] {  // when the volume is available
      return full.world.CallText("CreateSnapshot", "volume_id: '" + volume + "'" + tag_of("snapshot", i)).ok();
    }));
  }
  const auto one = "filters { name: 'tag:Name' values: 'disk-7' }";
  const auto every_second = " filters { name: 'size' values: '2' }";
  const auto every_second_snapshot = " filters { name: 'volume-size' values: '2' }";
  const struct {
    std::string action, table, filters;
    int found;      // on all pages
    int rows_read;  // for each page, at most
  } cases[] = {
      {"DescribeVolumes", "volumes", "", 12, 6},
      {"DescribeVolumes", "volumes", every_second, 6, 12},
      {"DescribeVolumes", "volumes", one, 1, 1},
      {"DescribeVolumes", "volumes", "filters { name: 'tag:Name' values: 'disk-1?' }", 2, 12},
      // And one of each of eleven images, which are no rows of their own.
      {"DescribeSnapshots", "snapshots", "", 23, 6},
      {"DescribeSnapshots", "snapshots", every_second_snapshot, 6, 12},
      {"DescribeSnapshots", "snapshots", one, 1, 1},
      {"DescribeSnapshots", "snapshots", "owner_ids: '999999999999'", 0, 0},
  };
  for (const auto& c : cases) {
    INFO(c.action << " " << c.filters);
    std::set<std::string> ids;
    std::string token;
    int pages = 0;
    do {
      full.probe.Reset();
      const auto answer = Value(full.world.CallText(
          c.action, c.filters + " max_results: 5" + (token.empty() ? "" : " next_token: '" + token + "'")));
      CHECK(full.probe.ReadsOf(" " + c.table + " ").rows <= c.rows_read);
      int shown = 0;
      if (const auto* volumes = dynamic_cast<const ec2::v1::DescribeVolumesResponse*>(answer.get())) {
        for (const auto& volume : volumes->volumes()) CHECK(ids.insert(volume.volume_id()).second);
        shown = volumes->volumes_size();
        token = volumes->next_token();
      } else {
        const auto& snapshots = static_cast<const ec2::v1::DescribeSnapshotsResponse&>(*answer);
        for (const auto& snapshot : snapshots.snapshots()) CHECK(ids.insert(snapshot.snapshot_id()).second);
        shown = snapshots.snapshots_size();
        token = snapshots.next_token();
      }
      if (!token.empty()) CHECK(shown == 5);
      ++pages;
    } while (!token.empty());
    CHECK(ids.size() == static_cast<size_t>(c.found));
    CHECK(pages == std::max(1, (c.found + 4) / 5));
  }
}

TEST_CASE("what belongs to the rows of a description is read for them alone", "[api]") {
  EachKind full;
  const std::vector<std::string> vpcs = full.Column("SELECT vpc_id FROM vpc_cidrs ORDER BY seq");
  full.Count("DescribeVpcs", "vpc_ids: '" + vpcs[0] + "' vpc_ids: '" + vpcs[1] + "'");
  CHECK(full.probe.ReadsOf(" vpc_cidrs ").rows == 2);
  CHECK(full.probe.ReadsOf(" vpc_cidrs ").scanned_rows == 0);
  const std::string eni = full.Column("SELECT eni_id FROM interface_groups").front();
  full.Count("DescribeNetworkInterfaces", "network_interface_ids: '" + eni + "'");
  CHECK(full.probe.ReadsOf(" subnets ").rows == 1);
  CHECK(full.probe.ReadsOf(" security_groups ").rows == 1);
  // And with one statement for the tags of all.
  for (const MethodDescriptor* action : DescribesWithTags()) {
    INFO(action->name());
    if (!full.KindOf(*action).has_value()) continue;
    full.Count(action->name(), "");
    CHECK(full.probe.ReadsOf(" tags ").runs == 1);
  }
}

TEST_CASE("a question about one VPC reads its row alone", "[api]") {
  FullWorld full;
  full.probe.Reset();
  REQUIRE(full.world.CallText("DescribeVpcAttribute", "vpc_id: '" + full.vpc + "' attribute: 'enableDnsSupport'").ok());
  CHECK(full.probe.ReadsOf(" vpcs ").rows == 1);
  full.Count("DescribeNetworkAcls", "network_acl_ids: '" + full.acl + "'");
  CHECK(full.probe.ReadsOf(" subnets ").scanned_rows == 0);
}

TEST_CASE("a description of all of a kind reads the tags of that kind alone", "[api]") {
  FullWorld full;
  for (const char* action : {"DescribeVpcs", "DescribeSubnets", "DescribeImages"}) {
    INFO(action);
    const int shown = full.Count(action, "");
    CHECK(full.probe.ReadsOf(" tags ").rows <= shown);
    CHECK(full.probe.ReadsOf(" tags ").scanned_rows == 0);
  }
}

TEST_CASE("tags of named resources and types are found by the index, and of others none is read", "[api]") {
  FullWorld full;
  const auto filter = [](const std::string& name, const std::string& values) {
    return "filters { name: '" + name + "' " + values + " } ";
  };
  const std::string image = filter("resource-id", "values: '" + full.image.text() + "'");
  const struct {
    std::string request;
    int found;
    bool by_index;
  } cases[] = {
      {image, 1, true},
      {image + filter("key", "values: 'Name'"), 1, true},
      {image + filter("key", "values: 'Other'"), 0, true},
      {image + filter("value", "values: 'image-9' values: 'image-8'"), 1, true},
      {image + filter("resource-type", "values: 'image'"), 1, true},
      {image + filter("resource-type", "values: 'subnet'"), 0, true},
      {image + filter("resource-id", "values: '" + full.vpc + "'"), 0, true},
      {filter("resource-id", "values: '" + full.vpc + "' values: '" + full.vpc + "'"), 1, true},
      {filter("resource-type", "values: 'image' values: 'vpc'"), 11, true},
      {filter("resource-type", "values: 'nothing'"), 0, true},
      {filter("value", "values: 'image-3' values: 'home'"), 2, false},
      {filter("value", "values: 'image-\\\\3'"), 1, false},
      {filter("value", "values: 'image-?'"), 10, false},
      {filter("resource-id", "values: 'ami-*'"), 10, false},
  };
  for (const auto& c : cases) {
    INFO(c.request);
    CHECK(full.Count("DescribeTags", c.request) == c.found);
    if (c.by_index) CHECK(full.probe.ReadsOf(" tags ").scanned_rows == 0);
    if (c.by_index) CHECK(full.probe.ReadsOf(" tags ").rows <= std::max(1, c.found));
  }
  full.Count("DescribeTags", filter("value", "values: 'home'"));
  CHECK(full.probe.ReadsOf(" tags ").rows == 1);
}

TEST_CASE("security groups are found by the names of the groups that their rules refer to", "[api]") {
  ApiWorld world;
  const auto found = [&](const std::string& name) {
    const auto answer = Value(world.CallText("DescribeSecurityGroups",
                                             "filters { name: 'ip-permission.group-name' values: '" + name + "' }"));
    const auto& groups = static_cast<const ec2::v1::DescribeSecurityGroupsResponse&>(*answer);
    for (const auto& group : groups.security_groups()) {
      for (const auto& permission : group.ip_permissions()) {
        for (const auto& pair : permission.user_id_group_pairs()) CHECK_FALSE(pair.has_group_name());
      }
    }
    return groups.security_groups_size();
  };
  // The default group lets its own members in.
  CHECK(found("defau*") == 1);
  CHECK(found("web") == 0);
}

}  // namespace brume
