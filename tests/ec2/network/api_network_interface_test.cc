// Network interfaces as the API shows and changes them.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

ec2::v1::DescribeNetworkInterfacesResponse Describe(ApiWorld& world, const std::string& filter,
                                                    const std::string& value) {
  ec2::v1::DescribeNetworkInterfacesRequest request;
  ec2::v1::Filter& only = *request.add_filters();
  only.set_name(filter);
  only.add_values(value);
  return Value(world.Call<ec2::v1::DescribeNetworkInterfacesResponse>(request));
}

ec2::v1::NetworkInterface InterfaceOf(ApiWorld& world, const InstanceId& id) {
  const auto answer = Describe(world, "attachment.instance-id", id.text());
  REQUIRE(answer.network_interfaces_size() == 1);
  return answer.network_interfaces(0);
}

ec2::v1::ModifyNetworkInterfaceAttributeRequest Change(const ec2::v1::NetworkInterface& eni) {
  ec2::v1::ModifyNetworkInterfaceAttributeRequest request;
  request.set_network_interface_id(eni.network_interface_id());
  return request;
}

absl::Status Modify(ApiWorld& world, const ec2::v1::ModifyNetworkInterfaceAttributeRequest& request) {
  return world.Call<ec2::v1::ModifyNetworkInterfaceAttributeResponse>(request).status();
}

}  // namespace

TEST_CASE("a network interface is described with its addresses, groups and instance", "[api]") {
  ApiWorld world;
  compute::RunRequest run = world.Request();
  run.interface_description = "front";
  run.interface_tags = {{"Name", "eth0"}};
  run.private_ip = Ipv4::Parse("172.31.0.77").value();
  const InstanceId id = world.Launch(run);
  const ec2::v1::NetworkInterface eni = InterfaceOf(world, id);
  CHECK(eni.description() == "front");
  CHECK(eni.status() == "in-use");
  CHECK(eni.interface_type() == "interface");
  CHECK(eni.availability_zone() == "us-east-1a");
  CHECK(eni.owner_id() == world.settings.account_id);
  CHECK(eni.private_ip_address() == "172.31.0.77");
  CHECK(eni.private_dns_name() == "ip-172-31-0-77.ec2.internal");
  CHECK(eni.source_dest_check());
  CHECK_FALSE(eni.requester_managed());
  REQUIRE(eni.tag_set_size() == 1);
  CHECK(eni.tag_set(0).value() == "eth0");
  REQUIRE(eni.groups_size() == 1);
  CHECK(eni.groups(0).group_name() == "default");
  CHECK(absl::StartsWith(eni.association().public_ip(), "198.18."));
  CHECK(eni.association().ip_owner_id() == "amazon");
  REQUIRE(eni.private_ip_addresses_size() == 1);
  CHECK(eni.private_ip_addresses(0).primary());
  CHECK(eni.private_ip_addresses(0).association().public_ip() == eni.association().public_ip());
  CHECK(absl::StartsWith(eni.attachment().attachment_id(), "eni-attach-"));
  CHECK(eni.attachment().instance_id() == id.text());
  CHECK(eni.attachment().device_index() == 0);
  CHECK(eni.attachment().delete_on_termination());

  ec2::v1::DescribeNetworkInterfacesRequest by_id;
  by_id.add_network_interface_ids(eni.network_interface_id());
  const auto same = Value(world.Call<ec2::v1::DescribeNetworkInterfacesResponse>(by_id));
  REQUIRE(same.network_interfaces_size() == 1);
  CHECK(same.network_interfaces(0).DebugString() == eni.DebugString());
}

TEST_CASE("network interfaces are found by EC2's filters", "[api]") {
  ApiWorld world;
  const SecurityGroupId group = world.groups.Create("web", "web", std::nullopt, {})->group.id;
  compute::RunRequest run = world.Request();
  run.interface_description = "front";
  run.interface_tags = {{"Name", "eth0"}};
  run.group_ids = {group};
  run.availability_zone = "us-east-1b";
  const InstanceId id = world.Launch(run);
  world.Launch();
  const ec2::v1::NetworkInterface eni = InterfaceOf(world, id);
  const std::pair<const char*, std::string> only_it[] = {
      {"addresses.association.public-ip", eni.association().public_ip()},
      {"addresses.private-ip-address", eni.private_ip_address()},
      {"association.public-ip", eni.association().public_ip()},
      {"attachment.attachment-id", eni.attachment().attachment_id()},
      {"availability-zone", "us-east-1b"},
      {"description", "fro*"},
      {"group-id", group.text()},
      {"group-name", "web"},
      {"mac-address", eni.mac_address()},
      {"network-interface-id", eni.network_interface_id()},
      {"private-dns-name", eni.private_dns_name()},
      {"private-ip-address", eni.private_ip_address()},
      {"subnet-id", eni.subnet_id()},
      {"tag:Name", "eth0"},
  };
  for (const auto& [filter, value] : only_it) {
    INFO(filter);
    const auto found = Describe(world, filter, value);
    REQUIRE(found.network_interfaces_size() == 1);
    CHECK(found.network_interfaces(0).network_interface_id() == eni.network_interface_id());
  }
  const std::pair<const char*, std::string> both[] = {
      {"addresses.association.owner-id", "amazon"},
      {"addresses.primary", "true"},
      {"association.ip-owner-id", "amazon"},
      {"attachment.attach-time", "2027-01-15T*"},
      {"attachment.delete-on-termination", "true"},
      {"attachment.device-index", "0"},
      {"attachment.instance-owner-id", world.settings.account_id},
      {"attachment.status", "attached"},
      {"interface-type", "interface"},
      {"owner-id", world.settings.account_id},
      {"requester-managed", "false"},
      {"source-dest-check", "true"},
      {"status", "in-use"},
      {"vpc-id", eni.vpc_id()},
  };
  for (const auto& [filter, value] : both) {
    INFO(filter);
    CHECK(Describe(world, filter, value).network_interfaces_size() == 2);
  }
  for (const char* filter : {"association.allocation-id", "requester-id", "ipv6-addresses.ipv6-address"}) {
    INFO(filter);
    CHECK(Describe(world, filter, "*").network_interfaces().empty());
  }
}

TEST_CASE("network interfaces come in pages, and go with their instances", "[api]") {
  ApiWorld world;
  REQUIRE(world.service->Run(world.Request(6)).ok());
  ec2::v1::DescribeNetworkInterfacesRequest request;
  request.set_max_results(5);
  const auto first = Value(world.Call<ec2::v1::DescribeNetworkInterfacesResponse>(request));
  CHECK(first.network_interfaces_size() == 5);
  request.set_next_token(first.next_token());
  const auto second = Value(world.Call<ec2::v1::DescribeNetworkInterfacesResponse>(request));
  REQUIRE(second.network_interfaces_size() == 1);
  CHECK_FALSE(second.has_next_token());

  const InstanceId id = Value(InstanceId::Parse(second.network_interfaces(0).attachment().instance_id()));
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  REQUIRE(world.service->Terminate({&id, 1}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  CHECK(Describe(world, "attachment.instance-id", id.text()).network_interfaces().empty());
}

TEST_CASE("an interface's groups, description and check of addresses are changed one at a time", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch();
  const std::string web = world.groups.Create("web", "web", std::nullopt, {})->group.id.text();
  const ec2::v1::NetworkInterface eni = InterfaceOf(world, id);

  ec2::v1::ModifyNetworkInterfaceAttributeRequest request = Change(eni);
  request.mutable_description()->set_value("back");
  REQUIRE(Modify(world, request).ok());
  request = Change(eni);
  request.add_groups(web);
  request.add_groups(web);
  REQUIRE(Modify(world, request).ok());
  request = Change(eni);
  request.mutable_source_dest_check()->set_value(false);
  REQUIRE(Modify(world, request).ok());

  const ec2::v1::NetworkInterface changed = InterfaceOf(world, id);
  CHECK(changed.description() == "back");
  REQUIRE(changed.groups_size() == 1);
  CHECK(changed.groups(0).group_id() == web);
  CHECK_FALSE(changed.source_dest_check());
  CHECK_FALSE(world.Row(id).source_dest_check);

  request = Change(eni);
  request.mutable_description();
  REQUIRE(Modify(world, request).ok());
  CHECK(InterfaceOf(world, id).description().empty());
}

TEST_CASE("the host's network follows a change of an interface", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch();
  const ec2::v1::NetworkInterface eni = InterfaceOf(world, id);
  const VpcId vpc = Value(VpcId::Parse(eni.vpc_id()));
  std::vector<VpcId> woken;
  std::vector<EniId> woken_ports;
  std::set<SecurityGroupId> woken_groups;
  network::InterfaceService interfaces(
      *world.database, world.random, compute::AnswersForNetwork(),
      {.vpc = [&](const VpcId& changed) { woken.push_back(changed); },
       .port = [&](const VpcId&, const EniId& changed) { woken_ports.push_back(changed); },
       .members = [&](const VpcId&, const SecurityGroupId& changed) { woken_groups.insert(changed); }});
  const EniId eni_id = Value(EniId::Parse(eni.network_interface_id()));
  network::InterfaceChange change;
  change.description = "words";
  REQUIRE(interfaces.Modify(eni_id, change).ok());
  CHECK(woken.empty());
  change.source_dest_check = false;
  REQUIRE(interfaces.Modify(eni_id, change).ok());
  CHECK(woken == std::vector<VpcId>{vpc});
  CHECK(woken_ports.empty());
  network::InterfaceChange tracking;
  tracking.tracking = ConnectionTracking{.tcp_established_timeout = 60, .udp_stream_timeout = {}, .udp_timeout = {}};
  REQUIRE(interfaces.Modify(eni_id, tracking).ok());
  CHECK(woken == std::vector<VpcId>{vpc});
  CHECK(woken_ports == std::vector<EniId>{eni_id});
  // Not the whole VPC: its port, and who is a member of the groups that it joins and leaves.
  CHECK(woken_groups.empty());
  const SecurityGroupId usual = Value(SecurityGroupId::Parse(eni.groups(0).group_id()));
  const SecurityGroupId web = world.groups.Create("web", "web", std::nullopt, {})->group.id;
  network::InterfaceChange groups;
  groups.groups = {usual, web};
  REQUIRE(interfaces.Modify(eni_id, groups).ok());
  CHECK(woken_groups == std::set<SecurityGroupId>{web});
  groups.groups = {web};
  REQUIRE(interfaces.Modify(eni_id, groups).ok());
  CHECK(woken_groups == std::set<SecurityGroupId>{usual, web});
  CHECK(woken == std::vector<VpcId>{vpc});
  CHECK(woken_ports == std::vector<EniId>(3, eni_id));
}

TEST_CASE("whether an interface goes with its instance is said of its attachment", "[api]") {
  ApiWorld world;
  const ec2::v1::NetworkInterface eni = InterfaceOf(world, world.Launch());
  ec2::v1::ModifyNetworkInterfaceAttributeRequest request = Change(eni);
  request.mutable_attachment()->set_attachment_id(eni.attachment().attachment_id());
  request.mutable_attachment()->set_delete_on_termination(true);
  CHECK(Modify(world, request).ok());
  request.mutable_attachment()->set_delete_on_termination(false);
  CHECK(Modify(world, request).ok());
  ec2::v1::DescribeNetworkInterfacesRequest by_id;
  by_id.add_network_interface_ids(eni.network_interface_id());
  const auto shown = Value(world.Call<ec2::v1::DescribeNetworkInterfacesResponse>(by_id));
  CHECK_FALSE(shown.network_interfaces(0).attachment().delete_on_termination());
  request.mutable_attachment()->set_attachment_id("eni-attach-00000000000000000");
  CHECK(ec2::ErrorCode(Modify(world, request)) == "InvalidAttachmentID.NotFound");
}

TEST_CASE("the check of addresses is reset by a call that says no more than the interface", "[api]") {
  ApiWorld world;
  const ec2::v1::NetworkInterface eni = InterfaceOf(world, world.Launch());
  ec2::v1::ModifyNetworkInterfaceAttributeRequest request = Change(eni);
  request.mutable_source_dest_check()->set_value(false);
  REQUIRE(Modify(world, request).ok());
  Value(world.CallText("ResetNetworkInterfaceAttribute", "network_interface_id: '" + eni.network_interface_id() + "'"));
  CHECK(Describe(world, "network-interface-id", eni.network_interface_id()).network_interfaces(0).source_dest_check());
}

TEST_CASE("several chosen addresses and a number of further ones are not asked for together", "[api]") {
  ApiWorld world;
  const std::string in = "subnet_id: '" + world.networks.ListSubnets()->front().subnet.id.text() +
                         "' secondary_private_ip_address_count: 1 private_ip_addresses { private_ip_address: "
                         "'172.31.0.50' primary: true } ";
  const auto code = [&](const std::string& more) {
    const auto answer = world.CallText("CreateNetworkInterface", in + more);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  };
  for (const char* address : {"172.31.0.51", "172.31.0.50"}) {
    INFO(address);
    CHECK(code(absl::StrCat("private_ip_addresses { private_ip_address: '", address, "' }")) ==
          "InvalidParameterCombination");
  }
  CHECK(code("") == "");
}

TEST_CASE("an interface is in sixteen groups at most, whoever makes it or puts it there", "[api]") {
  ApiWorld world;
  const ec2::v1::NetworkInterface eni = InterfaceOf(world, world.Launch());
  const std::string subnet = "subnet_id: '" + eni.subnet_id() + "' ";
  std::vector<std::string> groups;
  for (int i = 0; i < 17; ++i) {
    groups.push_back(Value(world.groups.Create(absl::StrCat("g", i), "d", std::nullopt, {})).group.id.text());
  }
  const auto code = [&](const std::string& action, const std::string& text, const char* field, size_t count) {
    std::string whole = text;
    for (size_t i = 0; i < count; ++i) absl::StrAppend(&whole, field, ": '", groups[i], "' ");
    const auto answer = world.CallText(action, whole);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  };
  const std::string change = "network_interface_id: '" + eni.network_interface_id() + "' ";
  const std::string run = "image_id: '" + world.image.text() + "' min_count: 1 max_count: 1 instance_type: 't3.micro' ";
  for (const size_t count : {size_t{16}, size_t{17}}) {
    INFO(count);
    const std::string wanted = count == 16 ? "" : "SecurityGroupsPerInterfaceLimitExceeded";
    CHECK(code("CreateNetworkInterface", subnet, "groups", count) == wanted);
    CHECK(code("ModifyNetworkInterfaceAttribute", change, "groups", count) == wanted);
    CHECK(code("RunInstances", run, "security_group_ids", count) == wanted);
    CHECK(code("RunInstances", run + "dry_run: true ", "security_group_ids", count) ==
          (count == 16 ? "DryRunOperation" : wanted));
  }
}

TEST_CASE("an interface is given a public address of the pool and gives it back, as its attribute says", "[api]") {
  ApiWorld world;
  compute::RunRequest run = world.Request();
  run.associate_public_ip = false;
  const InstanceId id = world.Launch(run);
  const ec2::v1::NetworkInterface before = InterfaceOf(world, id);
  REQUIRE_FALSE(before.has_association());
  const auto attribute = [&] {
    return static_cast<const ec2::v1::DescribeNetworkInterfaceAttributeResponse&>(
               *Value(world.CallText("DescribeNetworkInterfaceAttribute",
                                     "attribute: 'associatePublicIpAddress' network_interface_id: '" +
                                         before.network_interface_id() + "'")))
        .associate_public_ip_address();
  };
  CHECK_FALSE(attribute());
  ec2::v1::ModifyNetworkInterfaceAttributeRequest change = Change(before);
  change.set_associate_public_ip_address(true);
  REQUIRE_OK(Modify(world, change));
  const std::string address = InterfaceOf(world, id).association().public_ip();
  CHECK_FALSE(address.empty());
  CHECK(attribute());
  REQUIRE_OK(Modify(world, change));
  CHECK(InterfaceOf(world, id).association().public_ip() == address);
  change.set_associate_public_ip_address(false);
  REQUIRE_OK(Modify(world, change));
  CHECK_FALSE(InterfaceOf(world, id).has_association());
  CHECK_FALSE(attribute());
}

TEST_CASE("an interface that waits for an instance has its public address when it is launched with", "[api]") {
  ApiWorld world;
  const std::string subnet = InterfaceOf(world, world.Launch()).subnet_id();
  const auto made = static_cast<const ec2::v1::CreateNetworkInterfaceResponse&>(
      *Value(world.CallText("CreateNetworkInterface", "subnet_id: '" + subnet + "'")));
  ec2::v1::ModifyNetworkInterfaceAttributeRequest change = Change(made.network_interface());
  change.set_associate_public_ip_address(true);
  REQUIRE_OK(Modify(world, change));
  const auto shown = Describe(world, "network-interface-id", change.network_interface_id());
  CHECK_FALSE(shown.network_interfaces(0).has_association());
  compute::RunRequest run = world.Request();
  run.eni_id = *EniId::Parse(change.network_interface_id());
  CHECK(InterfaceOf(world, world.Launch(run)).has_association());
}

}  // namespace brume
