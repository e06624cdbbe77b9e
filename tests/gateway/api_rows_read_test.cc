// How much of the database a description reads: what it shows, and not all there is.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "tests/fakes/api_world.h"
#include "tests/support/statement_probe.h"

namespace brume {
namespace {

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
    const auto* list = answer->GetDescriptor()->field(0);
    if (!list->is_repeated()) list = answer->GetDescriptor()->field(1);
    return answer->GetReflection()->FieldSize(*answer, list);
  }

  StatementProbe probe;
  ApiWorld world;
  ImageId image;
  SecurityGroupId group;
  std::string launch_template, key_pair, vpc, subnet, rule, table, acl, gateway;
};

}  // namespace

TEST_CASE("a description that names one thing reads its row and its tags and no others", "[api]") {
  FullWorld full;
  const struct {
    std::string action, request, table;
  } cases[] = {
      {"DescribeVpcs", "vpc_ids: '" + full.vpc + "'", "vpcs"},
      {"DescribeSubnets", "subnet_ids: '" + full.subnet + "'", "subnets"},
      {"DescribeImages", "image_ids: '" + full.image.text() + "'", "images"},
      {"DescribeSecurityGroups", "group_ids: '" + full.group.text() + "'", "security_groups"},
      {"DescribeSecurityGroupRules", "security_group_rule_ids: '" + full.rule + "'", "security_group_rules"},
      {"DescribeKeyPairs", "key_pair_ids: '" + full.key_pair + "'", "key_pairs"},
      {"DescribeKeyPairs", "key_names: 'key-3'", "key_pairs"},
      {"DescribeLaunchTemplates", "launch_template_ids: '" + full.launch_template + "'", "launch_templates"},
      {"DescribeRouteTables", "route_table_ids: '" + full.table + "'", "route_tables"},
      {"DescribeNetworkAcls", "network_acl_ids: '" + full.acl + "'", "network_acls"},
      {"DescribeInternetGateways", "internet_gateway_ids: '" + full.gateway + "'", "internet_gateways"},
  };
  for (const auto& c : cases) {
    INFO(c.action);
    CHECK(full.Count(c.action, c.request) == 1);
    CHECK(full.probe.ReadsOf(" " + c.table + " ").rows == 1);
    CHECK(full.probe.ReadsOf(" " + c.table + " ").scanned_rows == 0);
    CHECK(full.probe.ReadsOf(" tags ").rows == 1);
    CHECK(full.probe.ReadsOf(" tags ").scanned_rows == 0);
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

TEST_CASE("route tables, ACLs and gateways are found by their tags without reading the others", "[api]") {
  FullWorld full;
  const struct {
    std::string action, tag, table;
  } kinds[] = {{"DescribeRouteTables", "table", " route_tables "},
               {"DescribeNetworkAcls", "acl", " network_acls "},
               {"DescribeInternetGateways", "gateway", " internet_gateways "}};
  for (const auto& kind : kinds) {
    const auto filter = [](const std::string& name, const std::string& value) {
      return "filters { name: '" + name + "' values: '" + value + "' } ";
    };
    const struct {
      std::string filters;
      int found, rows_read;
    } cases[] = {
        {filter("tag:Name", kind.tag), 1, 1},
        {filter("tag-key", "Name"), 1, 1},
        {filter("tag:Name", "home"), 0, 0},  // the VPC's own tag
        {filter("tag-key", "Other"), 0, 0},
        {filter("tag:Name", kind.tag) + filter("vpc-id-of-nothing-known", "x"), -1, 0},
        {filter("tag:Name", "*"), 1, 2},
    };
    for (const auto& c : cases) {
      INFO(kind.action << " " << c.filters);
      if (c.found < 0) {
        CHECK_FALSE(full.world.CallText(kind.action, c.filters).ok());
        continue;
      }
      CHECK(full.Count(kind.action, c.filters) == c.found);
      CHECK(full.probe.ReadsOf(kind.table).rows == c.rows_read);
    }
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
