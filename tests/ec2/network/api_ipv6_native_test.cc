// IPv6-only subnets, and what is made in them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "brume/ec2/v1/address.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/instance_actions.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/network_insights.pb.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "brume/ec2/v1/route.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

// A VPC with an IPv6-only subnet, `only`, and one of both families, `dual`.
struct Ipv6OnlyWorld {
  Ipv6OnlyWorld() {
    const auto made =
        Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.1.0.0/16' amazon_provided_ipv6_cidr_block: true");
    vpc = made.vpc().vpc_id();
    whole = Value(CidrIpv6::Parse(made.vpc().ipv6_cidr_block_association_set(0).ipv6_cidr_block()));
    range = whole.Part(64, 1);
    created = Ask<ec2::v1::CreateSubnetResponse>("CreateSubnet", InVpc() + Block(1) + "ipv6_native: true").subnet();
    only = created.subnet_id();
    dual = Ask<ec2::v1::CreateSubnetResponse>("CreateSubnet", InVpc() + Block(2) + "cidr_block: '10.1.1.0/24'")
               .subnet()
               .subnet_id();
  }

  template <typename Response>
  Response Ask(const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(world.CallText(action, text)));
  }
  std::string CodeOf(const std::string& action, const std::string& text) {
    const auto answer = world.CallText(action, text);
    if (!answer.ok()) UNSCOPED_INFO(answer.status());
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  }
  void Wait(const std::string& id, InstanceState state = InstanceState::kRunning) {
    REQUIRE(world.Reaches(InstanceId::FromTrusted(id), state));
  }
  std::string InVpc() const { return "vpc_id: '" + vpc + "' "; }
  std::string Block(int number) const { return "ipv6_cidr_block: '" + whole.Part(64, number).text() + "' "; }
  std::string In(const std::string& rest) const { return "subnet_id: '" + only + "' " + rest; }
  std::string Address(uint64_t host) const { return AddressIn(range, host).text(); }
  std::string Run(const std::string& rest, const std::string& type = "t3.small") const {
    return absl::StrCat("image_id: '", world.image.text(), "' instance_type: '", type, "' min_count: 1 max_count: 1 ",
                        rest);
  }
  ec2::v1::Instance Launched(const std::string& rest) {
    return Ask<ec2::v1::RunInstancesResponse>("RunInstances", Run(rest)).instances(0);
  }
  ec2::v1::NetworkInterface Interface(const std::string& rest) {
    return Ask<ec2::v1::CreateNetworkInterfaceResponse>("CreateNetworkInterface", In(rest)).network_interface();
  }
  ec2::v1::Subnet Shown(const std::string& id) {
    return Ask<ec2::v1::DescribeSubnetsResponse>("DescribeSubnets", "subnet_ids: '" + id + "'").subnets(0);
  }
  std::vector<std::string> Found(const std::string& filter, const std::string& value) {
    std::vector<std::string> ids;
    const auto found = Ask<ec2::v1::DescribeSubnetsResponse>(
        "DescribeSubnets", absl::StrCat("filters { name: 'vpc-id' values: '", vpc, "' } filters { name: '", filter,
                                        "' values: '", value, "' }"));
    for (const auto& subnet : found.subnets()) ids.push_back(subnet.subnet_id());
    return ids;
  }

  ApiWorld world;
  std::string vpc, only, dual;
  CidrIpv6 whole, range;
  ec2::v1::Subnet created;
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("an IPv6-only subnet has no IPv4 range and gives addresses and names of IPv6", "[api]") {
  Ipv6OnlyWorld w;
  for (const auto& subnet : {w.created, w.Shown(w.only)}) {
    CHECK(subnet.ipv6_native());
    CHECK_FALSE(subnet.has_cidr_block());
    CHECK(subnet.available_ip_address_count() == 0);
    CHECK(subnet.assign_ipv6_address_on_creation());
    CHECK_FALSE(subnet.map_public_ip_on_launch());
    REQUIRE(subnet.ipv6_cidr_block_association_set_size() == 1);
    CHECK(subnet.ipv6_cidr_block_association_set(0).ipv6_cidr_block() == w.range.text());
    CHECK(subnet.private_dns_name_options_on_launch().hostname_type() == "resource-name");
    CHECK_FALSE(subnet.private_dns_name_options_on_launch().enable_resource_name_dns_a_record());
    CHECK(subnet.private_dns_name_options_on_launch().enable_resource_name_dns_aaaa_record());
  }
  CHECK_FALSE(w.Shown(w.dual).ipv6_native());
  CHECK(w.Found("ipv6-native", "true") == Ids{w.only});
  CHECK(w.Found("ipv6-native", "false") == Ids{w.dual});
  CHECK(w.Found("cidr-block", "10.1.1.0/24") == Ids{w.dual});
  CHECK(w.Found("available-ip-address-count", "0") == Ids{w.only});
  // It stands in the way of no other's IPv4 range.
  CHECK(w.CodeOf("CreateSubnet", w.InVpc() + "cidr_block: '10.1.2.0/24'").empty());
  CHECK(w.CodeOf("DeleteSubnet", w.In("")).empty());
}

TEST_CASE("an IPv6-only subnet is refused what it cannot be made with", "[api]") {
  Ipv6OnlyWorld w;
  const std::string native = w.InVpc() + "ipv6_native: true ";
  const std::pair<std::string, const char*> refused[] = {
      {native, "MissingParameter"},
      {w.InVpc() + w.Block(3), "MissingParameter"},
      {native + w.Block(3) + "cidr_block: '10.1.9.0/24'", "InvalidParameterCombination"},
      {native + "cidr_block: '10.1.9.0/24'", "InvalidParameterCombination"},
      {native + w.Block(1), "InvalidSubnet.Conflict"},
      {native + "ipv6_cidr_block: '2001:db8::/64'", "InvalidSubnet.Range"},
      {native + "ipv6_cidr_block: '" + w.whole.text() + "'", "InvalidSubnet.Range"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(w.CodeOf("CreateSubnet", text) == code);
  }
}

TEST_CASE("a default subnet can be an IPv6-only one, and launches that name no subnet go there", "[api]") {
  Ipv6OnlyWorld w;
  const std::string native = "availability_zone: 'us-east-1a' ipv6_native: true";
  CHECK(w.CodeOf("CreateDefaultSubnet", native) == "DefaultSubnetAlreadyExistsInAvailabilityZone");
  std::string former, other, default_vpc;
  const std::vector<network::SubnetView> subnets = Value(w.world.networks.ListSubnets());
  for (const network::SubnetView& view : subnets) {
    if (!view.subnet.default_for_az) continue;
    (view.subnet.availability_zone == "us-east-1a" ? former : other) = view.subnet.id.text();
    default_vpc = view.subnet.vpc_id.text();
  }
  REQUIRE(w.CodeOf("DeleteSubnet", "subnet_id: '" + former + "'").empty());
  CHECK(w.CodeOf("CreateDefaultSubnet", native) == "InvalidSubnet.Range");  // the VPC has no IPv6
  const auto given = w.Ask<ec2::v1::AssociateVpcCidrBlockResponse>(
      "AssociateVpcCidrBlock", "vpc_id: '" + default_vpc + "' amazon_provided_ipv6_cidr_block: true");
  const CidrIpv6 whole = Value(CidrIpv6::Parse(given.ipv6_cidr_block_association().ipv6_cidr_block()));
  // The lowest is another's.
  REQUIRE(w.CodeOf("AssociateSubnetCidrBlock",
                   "subnet_id: '" + other + "' ipv6_cidr_block: '" + whole.Part(64, 0).text() + "'")
              .empty());
  const auto made = w.Ask<ec2::v1::CreateDefaultSubnetResponse>("CreateDefaultSubnet", native).subnet();
  for (const auto& subnet : {made, w.Shown(made.subnet_id())}) {
    CHECK(subnet.default_for_az());
    CHECK(subnet.ipv6_native());
    CHECK(subnet.vpc_id() == default_vpc);
    CHECK_FALSE(subnet.has_cidr_block());
    CHECK_FALSE(subnet.map_public_ip_on_launch());
    CHECK(subnet.assign_ipv6_address_on_creation());
    CHECK(subnet.private_dns_name_options_on_launch().hostname_type() == "resource-name");
    REQUIRE(subnet.ipv6_cidr_block_association_set_size() == 1);
    CHECK(subnet.ipv6_cidr_block_association_set(0).ipv6_cidr_block() == whole.Part(64, 1).text());
  }
  CHECK(w.CodeOf("CreateDefaultSubnet", native) == "DefaultSubnetAlreadyExistsInAvailabilityZone");
  const std::string here = "placement { availability_zone: 'us-east-1a' }";
  const auto instance = w.Launched(here);
  CHECK(instance.subnet_id() == made.subnet_id());
  CHECK_FALSE(instance.has_private_ip_address());
  CHECK(instance.network_interfaces(0).ipv6_addresses_size() == 1);
  CHECK(w.CodeOf("RunInstances", w.Run(here, "t2.small")) == "UnsupportedOperation");
}

TEST_CASE("an IPv6-only subnet stays one, whatever attribute is changed", "[api]") {
  Ipv6OnlyWorld w;
  for (const char* change :
       {"map_public_ip_on_launch { value: true }", "assign_ipv6_address_on_creation { value: false }",
        "private_dns_hostname_type_on_launch: 'ip-name'",
        "enable_resource_name_dns_a_record_on_launch { value: true }"}) {
    INFO(change);
    CHECK(w.CodeOf("ModifySubnetAttribute", w.In(change)) == "InvalidParameterValue");
  }
  for (const char* change :
       {"map_public_ip_on_launch { value: false }", "assign_ipv6_address_on_creation { value: true }",
        "private_dns_hostname_type_on_launch: 'resource-name'",
        "enable_resource_name_dns_a_record_on_launch { value: false }",
        "enable_resource_name_dns_aaaa_record_on_launch { value: false }"}) {
    INFO(change);
    CHECK(w.CodeOf("ModifySubnetAttribute", w.In(change)).empty());
  }
  CHECK_FALSE(w.Shown(w.only).private_dns_name_options_on_launch().enable_resource_name_dns_aaaa_record());
  const std::string association = w.created.ipv6_cidr_block_association_set(0).association_id();
  CHECK(w.CodeOf("DisassociateSubnetCidrBlock", "association_id: '" + association + "'") == "UnsupportedOperation");
  CHECK(w.Shown(w.only).ipv6_native());
}

TEST_CASE("a network interface of an IPv6-only subnet has IPv6 addresses alone", "[api]") {
  Ipv6OnlyWorld w;
  const auto made = w.Interface("");
  const auto shown = w.Ask<ec2::v1::DescribeNetworkInterfacesResponse>(
      "DescribeNetworkInterfaces", "filters { name: 'subnet-id' values: '" + w.only + "' }");
  REQUIRE(shown.network_interfaces_size() == 1);
  for (const auto& eni : {made, shown.network_interfaces(0)}) {
    CHECK(eni.ipv6_native());
    CHECK_FALSE(eni.has_private_ip_address());
    CHECK(eni.private_ip_addresses().empty());
    CHECK_FALSE(eni.has_private_dns_name());
    REQUIRE(eni.ipv6_addresses_size() == 1);
    CHECK(w.range.Contains(Value(Ipv6::Parse(eni.ipv6_addresses(0).ipv6_address()))));
  }
  CHECK_FALSE(w.Ask<ec2::v1::CreateNetworkInterfaceResponse>("CreateNetworkInterface", "subnet_id: '" + w.dual + "'")
                  .network_interface()
                  .has_ipv6_native());
  // One at least, whatever is asked for.
  CHECK(w.Interface("ipv6_address_count: 0").ipv6_addresses_size() == 1);
  CHECK(w.Interface("ipv6_address_count: 3").ipv6_addresses_size() == 3);
  const auto named =
      w.Interface("ipv6_addresses { ipv6_address: '" + w.Address(0x44) + "' } enable_primary_ipv6: true");
  CHECK(named.ipv6_addresses(0).ipv6_address() == w.Address(0x44));
  CHECK(named.ipv6_addresses(0).is_primary_ipv6());
  // Its MAC is no other's.
  CHECK(absl::StartsWith(named.mac_address(), "06:"));
  CHECK(named.mac_address() != made.mac_address());
}

TEST_CASE("a network interface of an IPv6-only subnet is refused IPv4, and keeps an IPv6 address", "[api]") {
  Ipv6OnlyWorld w;
  for (const char* asked : {"private_ip_address: '10.1.1.9'", "secondary_private_ip_address_count: 1",
                            "private_ip_addresses { private_ip_address: '10.1.1.9' primary: true }",
                            "private_ip_addresses { private_ip_address: '10.1.1.9' }"}) {
    INFO(asked);
    CHECK(w.CodeOf("CreateNetworkInterface", w.In(asked)) == "InvalidParameterCombination");
  }
  const auto eni = w.Interface("");
  const std::string of = "network_interface_id: '" + eni.network_interface_id() + "' ";
  CHECK(w.CodeOf("AssignPrivateIpAddresses", of + "secondary_private_ip_address_count: 1") ==
        "InvalidParameterCombination");
  CHECK(w.CodeOf("AssignPrivateIpAddresses", of + "private_ip_addresses: '10.1.1.9'") == "InvalidParameterCombination");
  CHECK(w.CodeOf("UnassignPrivateIpAddresses", of + "private_ip_addresses: '10.1.1.9'") == "InvalidParameterValue");
  const std::string address = w.Ask<ec2::v1::AllocateAddressResponse>("AllocateAddress", "").allocation_id();
  CHECK(w.CodeOf("AssociateAddress", of + "allocation_id: '" + address + "'") == "InvalidParameterCombination");
  const std::string first = eni.ipv6_addresses(0).ipv6_address();
  CHECK(w.CodeOf("UnassignIpv6Addresses", of + "ipv6_addresses: '" + first + "'") == "InvalidParameterValue");
  CHECK(w.CodeOf("AssignIpv6Addresses", of + "ipv6_address_count: 1").empty());
  CHECK(w.CodeOf("UnassignIpv6Addresses", of + "ipv6_addresses: '" + first + "'").empty());
}

TEST_CASE("no NAT gateway and no VPC endpoint with IPv4 is made in an IPv6-only subnet", "[api]") {
  Ipv6OnlyWorld w;
  CHECK(w.CodeOf("CreateNatGateway", w.In("connectivity_type: 'private'")) == "InvalidParameterCombination");
  CHECK(w.CodeOf("CreateVpcEndpoint", w.InVpc() +
                                          "vpc_endpoint_type: 'Interface' service_name: "
                                          "'com.amazonaws.us-east-1.ec2' private_dns_enabled: false subnet_ids: '" +
                                          w.only + "'") == "InvalidParameterCombination");
  // Nothing of either is left.
  CHECK(
      w.Ask<ec2::v1::DescribeNetworkInterfacesResponse>("DescribeNetworkInterfaces", "").network_interfaces().empty());
}

TEST_CASE("an instance of an IPv6-only subnet is shown without IPv4", "[api]") {
  Ipv6OnlyWorld w;
  const auto launched = w.Launched(w.In(""));
  const std::string id = launched.instance_id();
  const auto shown = w.Ask<ec2::v1::DescribeInstancesResponse>("DescribeInstances", "instance_ids: '" + id + "'")
                         .reservations(0)
                         .instances(0);
  for (const auto& instance : {launched, shown}) {
    CHECK_FALSE(instance.has_private_ip_address());
    CHECK_FALSE(instance.has_public_ip_address());
    CHECK(instance.private_dns_name() == id + ".ec2.internal");
    CHECK(instance.private_dns_name_options().hostname_type() == "resource-name");
    REQUIRE(instance.network_interfaces_size() == 1);
    const auto& eni = instance.network_interfaces(0);
    CHECK_FALSE(eni.has_private_ip_address());
    CHECK(eni.private_ip_addresses().empty());
    REQUIRE(eni.ipv6_addresses_size() == 1);
    CHECK(instance.ipv6_address() == eni.ipv6_addresses(0).ipv6_address());
  }
  const auto count = [&](const std::string& name, const std::string& value) {
    return w
        .Ask<ec2::v1::DescribeInstancesResponse>("DescribeInstances",
                                                 absl::StrCat("filters { name: '", name, "' values: '", value, "' }"))
        .reservations_size();
  };
  CHECK(count("ipv6-address", launched.ipv6_address()) == 1);
  CHECK(count("private-dns-name", id + ".ec2.internal") == 1);
  CHECK(count("private-ip-address", "*") == 0);
  CHECK(count("network-interface.addresses.primary", "true") == 0);
}

TEST_CASE("a launch into an IPv6-only subnet is refused IPv4 and types that EC2 runs on Xen", "[api]") {
  Ipv6OnlyWorld w;
  const std::string device = "network_interfaces { device_index: 0 ";
  const std::pair<std::string, const char*> refused[] = {
      {w.Run(w.In(""), "t2.micro"), "UnsupportedOperation"},
      {w.Run(w.In(""), "m4.large"), "UnsupportedOperation"},
      {w.Run(w.In("private_ip_address: '10.1.1.9'")), "InvalidParameterCombination"},
      {w.Run(device + w.In("associate_public_ip_address: true }")), "InvalidParameterCombination"},
      {w.Run(device + w.In("secondary_private_ip_address_count: 1 }")), "InvalidParameterCombination"},
      {w.Run(w.In("private_dns_name_options { hostname_type: 'ip-name' }")), "InvalidParameterCombination"},
      {w.Run(w.In("private_dns_name_options { enable_resource_name_dns_a_record: true }")),
       "InvalidParameterCombination"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(w.CodeOf("RunInstances", text) == code);
  }
  CHECK(w.Ask<ec2::v1::DescribeInstancesResponse>("DescribeInstances", "").reservations().empty());
  CHECK(w.CodeOf("RunInstances", w.Run(device + w.In("associate_public_ip_address: false }"))).empty());
  CHECK(w.CodeOf("RunInstances", w.Run("subnet_id: '" + w.dual + "'", "t2.micro")).empty());
}

TEST_CASE("an instance keeps to types and names that go with its IPv6-only interfaces", "[api]") {
  Ipv6OnlyWorld w;
  const std::string id = w.Launched(w.In("")).instance_id();
  w.Wait(id);
  Value(w.world.CallText("StopInstances", "instance_ids: '" + id + "'"));
  w.Wait(id, InstanceState::kStopped);
  const std::string of = "instance_id: '" + id + "' ";
  CHECK(w.CodeOf("ModifyInstanceAttribute", of + "instance_type { value: 't2.small' }") == "UnsupportedOperation");
  CHECK(w.CodeOf("ModifyInstanceAttribute", of + "instance_type { value: 't3.medium' }").empty());
  CHECK(w.CodeOf("ModifyPrivateDnsNameOptions", of + "private_dns_hostname_type: 'ip-name'") ==
        "InvalidParameterCombination");
  CHECK(w.CodeOf("ModifyPrivateDnsNameOptions", of + "enable_resource_name_dns_aaaa_record: false").empty());
  // A card of its own beside one of both families.
  const std::string xen =
      w.Ask<ec2::v1::RunInstancesResponse>("RunInstances", w.Run("subnet_id: '" + w.dual + "'", "t2.micro"))
          .instances(0)
          .instance_id();
  w.Wait(xen);
  const std::string eni = w.Interface("").network_interface_id();
  CHECK(w.CodeOf("AttachNetworkInterface", "network_interface_id: '" + eni + "' device_index: 1 instance_id: '" + xen +
                                               "'") == "UnsupportedOperation");
  const std::string nitro = w.Launched("subnet_id: '" + w.dual + "'").instance_id();
  w.Wait(nitro);
  CHECK(w.CodeOf("AttachNetworkInterface",
                 "network_interface_id: '" + eni + "' device_index: 1 instance_id: '" + nitro + "'")
            .empty());
}

TEST_CASE("launch templates and Auto Scaling groups launch into an IPv6-only subnet", "[api]") {
  Ipv6OnlyWorld w;
  const auto make = [&](const std::string& name, const std::string& rest) {
    w.Ask<ec2::v1::CreateLaunchTemplateResponse>(
        "CreateLaunchTemplate", absl::StrCat("launch_template_name: '", name, "' launch_template_data { image_id: '",
                                             w.world.image.text(), "' instance_type: 't3.small' ", rest, "}"));
  };
  make("only", "network_interfaces { device_index: 0 " + w.In("") + "}");
  const auto launched =
      w.Ask<ec2::v1::RunInstancesResponse>("RunInstances",
                                           "launch_template { launch_template_name: 'only' } min_count: 1 max_count: 1")
          .instances(0);
  CHECK_FALSE(launched.has_private_ip_address());
  CHECK(w.range.Contains(Value(Ipv6::Parse(launched.ipv6_address()))));

  make("group", "");
  Value(w.world.CallText("CreateAutoScalingGroup",
                         "auto_scaling_group_name: 'g' min_size: 1 max_size: 1 launch_template { launch_template_name: "
                         "'group' } vpc_zone_identifier: '" +
                             w.only + "'"));
  ec2::v1::DescribeInstancesResponse members;
  REQUIRE(w.world.Eventually([&] {
    REQUIRE_OK(w.world.scaling_loop.Reconcile("g").status());
    members = w.Ask<ec2::v1::DescribeInstancesResponse>(
        "DescribeInstances", "filters { name: 'tag:aws:autoscaling:groupName' values: 'g' }");
    return members.reservations_size() == 1;
  }));
  CHECK_FALSE(members.reservations(0).instances(0).has_private_ip_address());
  CHECK(w.range.Contains(Value(Ipv6::Parse(members.reservations(0).instances(0).ipv6_address()))));
}

TEST_CASE("an IPv4 route to an interface without IPv4 leads nowhere, and a path to it is one over IPv6", "[api]") {
  Ipv6OnlyWorld w;
  const auto from = w.Launched(w.In("")), to = w.Launched(w.In(""));
  w.Wait(from.instance_id());
  w.Wait(to.instance_id());
  // The route stands, and nothing goes by it.
  const auto tables = w.Ask<ec2::v1::DescribeRouteTablesResponse>("DescribeRouteTables",
                                                                  "filters { name: 'vpc-id' values: '" + w.vpc + "' }");
  CHECK(w.CodeOf("CreateRoute", "route_table_id: '" + tables.route_tables(0).route_table_id() +
                                    "' destination_cidr_block: '10.9.0.0/16' network_interface_id: '" +
                                    from.network_interfaces(0).network_interface_id() + "'")
            .empty());
  const auto specs = Value(w.world.network->ReadSpecs());
  const auto spec = std::find_if(specs.begin(), specs.end(),
                                 [&](const network::VpcSpec& each) { return each.vpc.id.text() == w.vpc; });
  REQUIRE(spec != specs.end());
  REQUIRE(spec->tables.front().routes.size() == 1);
  CHECK(spec->tables.front().routes.front().way == network::RouteSpec::Way::kNowhere);
  const std::string between = "source: '" + from.instance_id() + "' destination: '" + to.instance_id() + "' ";
  const auto path = w.Ask<ec2::v1::CreateNetworkInsightsPathResponse>("CreateNetworkInsightsPath",
                                                                      between + "protocol: 'tcp' destination_port: 22");
  const auto analysis = w.Ask<ec2::v1::StartNetworkInsightsAnalysisResponse>(
      "StartNetworkInsightsAnalysis",
      "network_insights_path_id: '" + path.network_insights_path().network_insights_path_id() + "'");
  // The default group lets its members in.
  CHECK(analysis.network_insights_analysis().network_path_found());
  CHECK(w.CodeOf("CreateNetworkInsightsPath", between + "protocol: 'tcp' destination_ip: '10.1.1.9'") ==
        "InvalidParameterValue");
}

}  // namespace brume
