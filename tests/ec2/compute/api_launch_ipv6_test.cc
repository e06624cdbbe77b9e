// IPv6 addresses of what is launched, and those of them that stay.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/instance_actions.pb.h"
#include "brume/ec2/v1/instance_type.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

// A VPC with a subnet that has IPv6, and one that has none.
struct LaunchWorld {
  LaunchWorld() {
    const auto made =
        Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.1.0.0/16' amazon_provided_ipv6_cidr_block: true");
    const std::string vpc = "vpc_id: '" + made.vpc().vpc_id() + "' ";
    range = Value(CidrIpv6::Parse(made.vpc().ipv6_cidr_block_association_set(0).ipv6_cidr_block())).Part(64, 1);
    subnet = Ask<ec2::v1::CreateSubnetResponse>(
                 "CreateSubnet", vpc + "cidr_block: '10.1.1.0/24' ipv6_cidr_block: '" + range.text() + "'")
                 .subnet()
                 .subnet_id();
    bare = Ask<ec2::v1::CreateSubnetResponse>("CreateSubnet", vpc + "cidr_block: '10.1.2.0/24'").subnet().subnet_id();
  }

  template <typename Response>
  Response Ask(const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(world.CallText(action, text)));
  }
  std::string CodeOf(const std::string& action, const std::string& text) {
    const auto answer = world.CallText(action, text);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  }
  std::string Text(const std::string& rest, int count = 1) const {
    return absl::StrCat("image_id: '", world.image.text(), "' instance_type: 't3.small' min_count: ", count,
                        " max_count: ", count, " ", rest);
  }
  std::string In(const std::string& rest) const { return "subnet_id: '" + subnet + "' " + rest; }
  ec2::v1::Instance Launched(const std::string& rest) {
    return Ask<ec2::v1::RunInstancesResponse>("RunInstances", Text(rest)).instances(0);
  }
  std::string Address(uint64_t host) const { return AddressIn(range, host).text(); }
  ec2::v1::NetworkInterface Shown(const std::string& eni) {
    return Ask<ec2::v1::DescribeNetworkInterfacesResponse>("DescribeNetworkInterfaces",
                                                           "network_interface_ids: '" + eni + "'")
        .network_interfaces(0);
  }

  ApiWorld world;
  CidrIpv6 range;
  std::string subnet, bare;
};

std::vector<std::string> AddressesOf(const ec2::v1::InstanceNetworkInterface& eni) {
  std::vector<std::string> addresses;
  for (const auto& each : eni.ipv6_addresses()) addresses.push_back(each.ipv6_address());
  return addresses;
}

}  // namespace

TEST_CASE("an instance is launched with the IPv6 addresses that were asked for, or as many as were", "[api]") {
  LaunchWorld w;
  const std::string one = w.Address(0x44), two = w.Address(0x45), three = w.Address(0x46);
  const auto named = w.Launched(
      w.In(absl::StrCat("ipv6_addresses { ipv6_address: '", one, "' } ipv6_addresses { ipv6_address: '", two, "' }")));
  CHECK(named.ipv6_address() == one);
  CHECK(AddressesOf(named.network_interfaces(0)) == std::vector<std::string>{one, two});
  const auto counted = w.Launched(w.In("ipv6_address_count: 3"));
  CHECK(counted.network_interfaces(0).ipv6_addresses_size() == 3);
  CHECK(w.Launched(w.In("")).network_interfaces(0).ipv6_addresses_size() == 0);
  const auto by_interface = w.Launched(absl::StrCat("network_interfaces { device_index: 0 ", w.In(""),
                                                    "ipv6_addresses { ipv6_address: '", three, "' } }"));
  CHECK(by_interface.ipv6_address() == three);

  Value(w.world.CallText("ModifySubnetAttribute", w.In("assign_ipv6_address_on_creation { value: true }")));
  CHECK(w.Launched(w.In("")).network_interfaces(0).ipv6_addresses_size() == 1);
  CHECK(w.Launched(w.In("ipv6_address_count: 0")).network_interfaces(0).ipv6_addresses_size() == 0);
}

TEST_CASE("IPv6 addresses that no launch can have are refused, and nothing is launched", "[api]") {
  LaunchWorld w;
  const std::string address = "ipv6_addresses { ipv6_address: '" + w.Address(0x44) + "' } ";
  const std::string bare = "subnet_id: '" + w.bare + "' ";
  const std::pair<std::string, const char*> refused[] = {
      {w.Text(w.In(address + "ipv6_address_count: 1")), "InvalidParameterCombination"},
      {w.Text(w.In(address), 2), "InvalidParameterCombination"},
      {w.Text("network_interfaces { device_index: 0 " + w.In(address) + "}", 2), "InvalidParameterCombination"},
      {w.Text("network_interfaces { device_index: 0 " + w.In(address + "ipv6_address_count: 2") + "}"),
       "InvalidParameterCombination"},
      {w.Text("ipv6_address_count: 1 network_interfaces { device_index: 0 " + w.In("") + "}"),
       "InvalidParameterCombination"},
      {w.Text(address + "network_interfaces { device_index: 0 " + w.In("") + "}"), "InvalidParameterCombination"},
      {w.Text(w.In("ipv6_addresses { ipv6_address: '10.1.1.9' }")), "InvalidParameterValue"},
      {w.Text(w.In("ipv6_addresses { ipv6_address: '2001:db8::9' }")), "InvalidParameterValue"},
      {w.Text(w.In("ipv6_addresses { ipv6_address: '" + w.Address(1) + "' }")), "InvalidParameterValue"},
      {w.Text(w.In(address + address)), "InvalidIPAddress.InUse"},
      {w.Text(w.In("ipv6_addresses { ipv6_address: '" + w.Address(0x44) + "' is_primary_ipv6: true }")),
       "UnsupportedOperation"},
      {w.Text(w.In("ipv6_address_count: 51")), "InvalidParameterValue"},
      {w.Text(w.In("ipv6_address_count: 5")), "PrivateIpAddressLimitExceeded"},
      {w.Text(bare + "ipv6_address_count: 1"), "InvalidParameterValue"},
      {w.Text(bare + address), "InvalidParameterValue"},
      {w.Text(w.In("enable_primary_ipv6: true")), "InvalidParameterCombination"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(w.CodeOf("RunInstances", text) == code);
  }
  CHECK(w.Ask<ec2::v1::DescribeInstancesResponse>("DescribeInstances", "").reservations().empty());
  CHECK(
      w.Ask<ec2::v1::DescribeNetworkInterfacesResponse>("DescribeNetworkInterfaces", "").network_interfaces().empty());
}

TEST_CASE("a launch template keeps IPv6 addresses, and what is launched from it has them", "[api]") {
  LaunchWorld w;
  const std::string address = w.Address(0x44);
  w.Ask<ec2::v1::CreateLaunchTemplateResponse>(
      "CreateLaunchTemplate",
      absl::StrCat("launch_template_name: 'ipv6' launch_template_data { network_interfaces { device_index: 0 ",
                   w.In(""), "ipv6_addresses { ipv6_address: '", address, "' } primary_ipv6: true } }"));
  const auto kept = w.Ask<ec2::v1::DescribeLaunchTemplateVersionsResponse>("DescribeLaunchTemplateVersions",
                                                                           "launch_template_name: 'ipv6'")
                        .launch_template_versions(0)
                        .launch_template_data()
                        .network_interfaces(0);
  REQUIRE(kept.ipv6_addresses_size() == 1);
  CHECK(kept.ipv6_addresses(0).ipv6_address() == address);
  CHECK(kept.primary_ipv6());
  const auto launched = w.Launched("launch_template { launch_template_name: 'ipv6' }");
  CHECK(launched.ipv6_address() == address);
  CHECK(launched.network_interfaces(0).ipv6_addresses(0).is_primary_ipv6());
}

TEST_CASE("a primary IPv6 address is an interface's first, and stays until the interface is detached", "[api]") {
  LaunchWorld w;
  const std::string eni =
      w.Ask<ec2::v1::CreateNetworkInterfaceResponse>("CreateNetworkInterface", w.In("ipv6_address_count: 2"))
          .network_interface()
          .network_interface_id();
  const std::string of = "network_interface_id: '" + eni + "' ";
  const std::string first = w.Shown(eni).ipv6_addresses(0).ipv6_address();
  CHECK_FALSE(w.Shown(eni).ipv6_addresses(0).is_primary_ipv6());
  // False is as it is.
  Value(w.world.CallText("ModifyNetworkInterfaceAttribute", of + "enable_primary_ipv6: false"));
  CHECK(w.CodeOf("ModifyNetworkInterfaceAttribute", of + "enable_primary_ipv6: true description { value: 'x' }") ==
        "InvalidParameterCombination");
  Value(w.world.CallText("ModifyNetworkInterfaceAttribute", of + "enable_primary_ipv6: true"));
  CHECK(w.Shown(eni).ipv6_addresses(0).is_primary_ipv6());
  CHECK_FALSE(w.Shown(eni).ipv6_addresses(1).is_primary_ipv6());
  Value(w.world.CallText("ModifyNetworkInterfaceAttribute", of + "enable_primary_ipv6: true"));
  CHECK(w.CodeOf("ModifyNetworkInterfaceAttribute", of + "enable_primary_ipv6: false") == "InvalidParameterValue");
  CHECK(w.CodeOf("UnassignIpv6Addresses", of + "ipv6_addresses: '" + first + "'") == "InvalidParameterValue");
  const std::string second = w.Shown(eni).ipv6_addresses(1).ipv6_address();
  Value(w.world.CallText("UnassignIpv6Addresses", of + "ipv6_addresses: '" + second + "'"));

  const std::string instance = w.Launched(w.In("")).instance_id();
  const InstanceId id = InstanceId::FromTrusted(instance);
  REQUIRE(w.world.Reaches(id, InstanceState::kRunning));
  REQUIRE(w.world.service->Stop({&id, 1}, false).ok());
  REQUIRE(w.world.Reaches(id, InstanceState::kStopped));
  const std::string attachment = w.Ask<ec2::v1::AttachNetworkInterfaceResponse>(
                                      "AttachNetworkInterface", of + "device_index: 1 instance_id: '" + instance + "'")
                                     .attachment_id();
  CHECK(w.Shown(eni).ipv6_addresses(0).is_primary_ipv6());
  const auto found = w.Ask<ec2::v1::DescribeInstancesResponse>(
      "DescribeInstances", "filters { name: 'network-interface.ipv6-addresses.is-primary-ipv6' values: 'true' }");
  REQUIRE(found.reservations_size() == 1);
  CHECK(found.reservations(0).instances(0).instance_id() == instance);
  Value(w.world.CallText("DetachNetworkInterface", "attachment_id: '" + attachment + "'"));
  CHECK_FALSE(w.Shown(eni).ipv6_addresses(0).is_primary_ipv6());
  Value(w.world.CallText("UnassignIpv6Addresses", of + "ipv6_addresses: '" + first + "'"));
  CHECK(w.CodeOf("ModifyNetworkInterfaceAttribute", of + "enable_primary_ipv6: true") == "InvalidParameterCombination");
  CHECK(w.CodeOf("CreateNetworkInterface", w.In("enable_primary_ipv6: true")) == "InvalidParameterCombination");
  const auto made = w.Ask<ec2::v1::CreateNetworkInterfaceResponse>(
      "CreateNetworkInterface", w.In("enable_primary_ipv6: true ipv6_address_count: 1"));
  CHECK(made.network_interface().ipv6_addresses(0).is_primary_ipv6());
}

TEST_CASE("an instance launched with a primary IPv6 address keeps its first", "[api]") {
  LaunchWorld w;
  const auto launched = w.Launched(w.In("ipv6_address_count: 2 enable_primary_ipv6: true"));
  CHECK(launched.network_interfaces(0).ipv6_addresses(0).is_primary_ipv6());
  CHECK_FALSE(launched.network_interfaces(0).ipv6_addresses(1).is_primary_ipv6());
  const std::string eni =
      w.Ask<ec2::v1::CreateNetworkInterfaceResponse>("CreateNetworkInterface", w.In("ipv6_address_count: 1"))
          .network_interface()
          .network_interface_id();
  const std::string with = "network_interfaces { device_index: 0 network_interface_id: '" + eni + "' ";
  CHECK(w.CodeOf("RunInstances", w.Text(with + "primary_ipv6: true }")) == "InvalidParameterCombination");
  CHECK(w.CodeOf("RunInstances", w.Text(with + "} enable_primary_ipv6: true")) == "InvalidParameterCombination");
  CHECK(w.CodeOf("RunInstances", w.Text(with + "} enable_primary_ipv6: false")) == "");
}

TEST_CASE("an interface has no more IPv6 addresses than the instance type that it is attached to allows", "[api]") {
  LaunchWorld w;
  const auto type = w.Ask<ec2::v1::DescribeInstanceTypesResponse>("DescribeInstanceTypes", "instance_types: 't3.small'")
                        .instance_types(0)
                        .network_info();
  CHECK(type.ipv6_supported());
  CHECK(type.ipv6_addresses_per_interface() == type.ipv4_addresses_per_interface());
  const std::string eni = w.Ask<ec2::v1::CreateNetworkInterfaceResponse>(
                               "CreateNetworkInterface",
                               w.In(absl::StrCat("ipv6_address_count: ", type.ipv6_addresses_per_interface() + 1)))
                              .network_interface()
                              .network_interface_id();
  const std::string instance = w.Launched(w.In("")).instance_id();
  REQUIRE(w.world.Reaches(InstanceId::FromTrusted(instance), InstanceState::kRunning));
  CHECK(w.CodeOf("AttachNetworkInterface", "network_interface_id: '" + eni + "' device_index: 1 instance_id: '" +
                                               instance + "'") == "PrivateIpAddressLimitExceeded");
}

}  // namespace brume
