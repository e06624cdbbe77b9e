// From the rows to the packets, IPv6 above all: what the services commit, the reconciler has the host carry.
#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/linux/linux_fabric.h"
#include "lib/ec2/network/network_acl_service.h"
#include "lib/ec2/network/network_reconciler.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/route_service.h"
#include "lib/ec2/network/security_group_service.h"
#include "lib/ec2/network/vpc_service.h"
#include "tests/ec2/network/fabric_ipv6.h"

namespace brume::network {
namespace {

constexpr uint16_t kService = 7000;
constexpr absl::Duration kPatience = absl::Seconds(5), kQuiet = absl::Milliseconds(250);

// An instance's row, as much of it as an interface needs to name it.
constexpr char kInstance[] =
    "INSERT INTO instances (id, version, reservation_id, launch_index, instance_type, state, state_reason_code, "
    "state_reason_message, transition_reason, state_since, launch_time, uuid, key_name, public_key, client_token, "
    "shutdown_behavior, disable_api_termination, disable_api_stop, monitoring, source_dest_check, tokens_required, "
    "endpoint_enabled, tags_enabled, hop_limit, availability_zone, root_device_name, force_stop, host_boot_id, "
    "last_error, memory_mib, vcpus) VALUES (?, 1, '', 0, '', 16, '', '', '', 0, 0, '', '', '', '', 0, 0, 0, 0, 1, 1, "
    "1, "
    "0, 1, '', '', 0, '', '', 1, 1)";

template <typename T>
T Must(absl::StatusOr<T> value) {
  REQUIRE(Good(value.status()));
  return *std::move(value);
}

}  // namespace

class RowsFixture : public FabricFixture {
 protected:
  RowsFixture() {
    vpc_id = Must(vpcs.CreateVpc(Range("10.0.0.0/16"), {})).id;
    range = Must(vpcs.AddIpv6Cidr(vpc_id)).cidr;
    for (const int number : {1, 2}) {
      subnets.push_back(Must(vpcs.CreateSubnet({.vpc_id = vpc_id,
                                                .cidr = Range(absl::StrCat("10.0.", number, ".0/24").c_str()),
                                                .availability_zone = "",
                                                .tags = {},
                                                .cidr_ipv6 = range.Part(64, static_cast<uint64_t>(number))})));
    }
    REQUIRE(Good(vpcs.ModifySubnet(
        subnets[0].id, {.map_public_ip_on_launch = {}, .assign_ipv6_on_creation = true, .dns_name_options = {}})));
    reconciler.Start();
  }
  ~RowsFixture() { reconciler.Stop(); }

  // An interface of an instance that runs, and its guest with the address that the row says.
  std::unique_ptr<Guest> Run(const Subnet& subnet, std::optional<int> ipv6, NetworkInterface& eni) {
    const InstanceId instance = InstanceId::New(random);
    REQUIRE(Good(database->Write([&](store::Connection& c) -> absl::Status {
      RETURN_IF_ERROR(c.Run(kInstance, instance));
      InterfaceSpec spec{.subnet = GetSubnet(c, subnet.id).value()};
      spec.groups = GroupsIn(c, subnet.vpc_id, {}).value();
      spec.attachment = InterfaceSpec::Attachment{.instance_id = instance, .time = absl::Now()};
      spec.ipv6_count = ipv6;
      ASSIGN_OR_RETURN(eni, MakeInterface(c, spec, random));
      return absl::OkStatus();
    })));
    live.push_back(instance);
    REQUIRE(Eventually([&] { return reconciler.PreparePort(eni).ok(); }));
    auto guest = std::make_unique<Guest>(eni);
    REQUIRE(Good(reconciler.PlugPort(eni)));
    guest->Configure(*subnet.cidr);
    for (const Ipv6& address : eni.ipv6) {
      REQUIRE(guest->Run({"ip", "-6", "address", "add", address.text() + "/128", "dev", "eth0", "nodad"}).exit_code ==
              0);
    }
    if (eni.ipv6.empty()) return guest;
    // By a router advertisement.
    REQUIRE(Eventually([&] {
      return absl::StrContains(guest->Run({"ip", "-6", "route"}).standard_output, "default via fe80::b0:ff:fe00:1 ");
    }));
    return guest;
  }
  static bool Pings(Guest& from, const Ipv6& to) {
    return from.Run({"busybox", "ping", "-6", "-c", "1", "-W", "1", to.text()}).exit_code == 0;
  }

  std::unique_ptr<store::Database> database = Must(store::Database::Open(directory + "/brume.db"));
  Settings settings;
  SystemRandom random;
  RealClock clock;
  std::vector<InstanceId> live;
  NetworkReconcilerHooks Hooks() {
    NetworkReconcilerHooks hooks;
    hooks.instances.list_live = [this](store::Connection&) { return absl::StatusOr<std::vector<InstanceId>>(live); };
    hooks.instances.show_source_dest_check = [](store::Connection&, const InstanceId&, bool) {
      return absl::OkStatus();
    };
    hooks.instances.max_addresses = [](store::Connection&, const InstanceId&) { return absl::StatusOr<int>(4); };
    hooks.on_vpc_ready = [](const Vpc&) { return absl::OkStatus(); };
    return hooks;
  }
  NetworkReconciler reconciler{*database, clock, *fabric, settings, Hooks()};
  std::function<void(const VpcId&)> wake = [this](const VpcId& id) { reconciler.WakeVpc(id); };
  VpcService vpcs{*database, settings, random, clock, wake};
  InterfaceService interfaces{
      *database,
      random,
      Hooks().instances,
      {.vpc = wake,
       .port = [this](const VpcId& vpc, const EniId& eni) { reconciler.WakePort(vpc, eni); },
       .members = [this](const VpcId& vpc, const SecurityGroupId& group) { reconciler.WakeMembers(vpc, group); }}};
  RouteService routes{*database, random, clock, Hooks().instances, wake};
  NetworkAclService acls{*database, random, wake};
  PeeringService peerings{*database, random, clock, wake};
  SecurityGroupService groups{
      *database, random, [this](const VpcId& vpc, const SecurityGroupId& group) { reconciler.WakeGroup(vpc, group); }};
  VpcId vpc_id;
  CidrIpv6 range;
  std::vector<Subnet> subnets;
};

TEST_CASE_METHOD(RowsFixture, "what is committed of IPv6 holds for packets", "[fabric][ipv6]") {
  NetworkInterface a_eni, b_eni;
  const auto a = Run(subnets[0], std::nullopt, a_eni), b = Run(subnets[1], 1, b_eni);
  REQUIRE(a_eni.ipv6.size() == 1);  // as the subnet says
  REQUIRE(b_eni.ipv6.size() == 1);
  const auto answer = [&] { return a->OnThread([&] { return AskByDhcpv6(1, a_eni.mac, absl::Seconds(1)); }); };
  std::optional<Dhcpv6Answer> given;
  REQUIRE(Eventually([&] { return (given = answer()).has_value(); }));
  CHECK(given->address == a_eni.ipv6.front());
  // The default group lets its members reach each other.
  CHECK(Pings(*a, b_eni.ipv6.front()));

  // An address more, and without it again.
  const Ipv6 more = Must(interfaces.AssignIpv6({.eni_id = b_eni.id, .addresses = {}, .count = 1})).front();
  REQUIRE(b->Run({"ip", "-6", "address", "add", more.text() + "/128", "dev", "eth0", "nodad"}).exit_code == 0);
  CHECK(Eventually([&] { return Pings(*a, more); }));
  REQUIRE(Good(interfaces.UnassignIpv6(b_eni.id, {&more, 1})));
  CHECK(Eventually([&] { return !Pings(*a, more); }));

  // By a gateway and its route, and by an egress-only one.
  const UniqueFd server = a->OnThread([] { return ServeTcp6(kService); });
  const auto from_host = [&] { return static_cast<bool>(ConnectTcp6(a_eni.ipv6.front(), kService, kQuiet)); };
  REQUIRE(Good(database->Write([&](store::Connection& c) -> absl::Status {
    // Lets the host in.
    return c.Run(
        "INSERT INTO security_group_rules (id, group_id, egress, protocol, from_port, to_port, cidr_ipv6, "
        "description) SELECT 'sgr-0123456789abcdef0', id, 0, -1, -1, -1, '::/0', '' FROM security_groups "
        "WHERE vpc_id = ?",
        vpc_id);
  })));
  CHECK_FALSE(from_host());
  const InternetGatewayId gateway = Must(routes.CreateGateway({})).gateway.id;
  REQUIRE(Good(routes.AttachGateway(gateway, vpc_id)));
  const RouteTableId table = Must(routes.ListTables({})).front().table.id;
  const RouteDestination everywhere(CidrIpv6{});
  RouteTargetRequest by_gateway, by_egress_only;
  by_gateway.gateway = gateway;
  REQUIRE(Good(routes.CreateRoute(table, everywhere, by_gateway)));
  CHECK(Eventually(from_host));
  const EgressOnlyInternetGatewayId egress_only = Must(routes.CreateEgressOnlyGateway(vpc_id, {})).gateway.id;
  by_egress_only.egress_only = egress_only;
  REQUIRE(Good(routes.ReplaceRoute(table, everywhere, by_egress_only)));
  CHECK(Eventually([&] { return !from_host(); }));

  // The default ACL, which let all of IPv6 through since the VPC has it.
  const NetworkAclId acl = Must(acls.List({})).front().acl.id;
  REQUIRE(Good(acls.RemoveEntry(acl, /*egress=*/false, kFirstAclEntry + 1)));
  CHECK(Eventually([&] { return !Pings(*a, b_eni.ipv6.front()); }));
  CHECK(a->Pings(*b_eni.private_ip));
}

TEST_CASE_METHOD(RowsFixture, "an interface that changes its groups is at once a member of these alone",
                 "[fabric][ipv6]") {
  NetworkInterface a_eni, b_eni;
  const auto a = Run(subnets[0], 1, a_eni), b = Run(subnets[1], 1, b_eni);
  const SecurityGroupId usual = b_eni.groups.front();
  const SecurityGroupId other =
      Must(groups.Create("other", "lets members of the default group in", vpc_id, {})).group.id;
  SecurityGroupRule from_usual;
  from_usual.referenced_group = usual;
  Must(groups.Authorize(other, {from_usual}));
  const auto change = [&](const NetworkInterface& eni, const SecurityGroupId& group) {
    InterfaceChange groups_of_it;
    groups_of_it.groups = {group};
    REQUIRE(Good(interfaces.Modify(eni.id, groups_of_it)));
  };
  const auto reach_each_other = [&](bool a_to_b, bool b_to_a) {
    return a->Pings(*b_eni.private_ip) == a_to_b && Pings(*a, b_eni.ipv6.front()) == a_to_b &&
           b->Pings(*a_eni.private_ip) == b_to_a && Pings(*b, a_eni.ipv6.front()) == b_to_a;
  };
  CHECK(reach_each_other(true, true));
  change(b_eni, other);
  CHECK(Eventually([&] { return reach_each_other(true, false); }));
  change(a_eni, other);
  CHECK(Eventually([&] { return reach_each_other(false, false); }));
  change(a_eni, usual);
  CHECK(Eventually([&] { return reach_each_other(true, false); }));
  change(b_eni, usual);
  CHECK(Eventually([&] { return reach_each_other(true, true); }));
}

TEST_CASE_METHOD(RowsFixture, "routes that a peering connection had before it was accepted carry packets after it",
                 "[fabric]") {
  const VpcId other = Must(vpcs.CreateVpc(Range("10.1.0.0/16"), {})).id;
  const Subnet there =
      Must(vpcs.CreateSubnet({.vpc_id = other, .cidr = Range("10.1.1.0/24"), .availability_zone = "", .tags = {}}));
  for (const SecurityGroupView& view : Must(groups.List())) {
    SecurityGroupRule from_everywhere;
    from_everywhere.cidr = Cidr{};
    Must(groups.Authorize(view.group.id, {from_everywhere}));
  }
  NetworkInterface a_eni, b_eni;
  const auto a = Run(subnets[1], std::nullopt, a_eni), b = Run(there, std::nullopt, b_eni);
  const VpcPeeringConnectionId id = Must(peerings.Create(vpc_id, other, {})).peering.id;
  for (const RouteTableView& view : Must(routes.ListTables({}))) {
    RouteTargetRequest over;
    over.peering = id;
    const char* to = view.table.vpc_id == vpc_id ? "10.1.0.0/16" : "10.0.0.0/16";
    REQUIRE(Good(routes.CreateRoute(view.table.id, RouteDestination(Range(to)), over)));
  }
  CHECK_FALSE(a->Pings(*b_eni.private_ip));
  Must(peerings.Accept(id));
  CHECK(Eventually([&] { return a->Pings(*b_eni.private_ip); }));
  CHECK(b->Pings(*a_eni.private_ip));
}

}  // namespace brume::network
