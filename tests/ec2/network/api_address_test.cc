// Elastic addresses.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/address.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/instance_actions.pb.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "brume/ec2/v1/route.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

template <typename Response>
Response Ask(ApiWorld& world, const std::string& action, const std::string& text) {
  return static_cast<const Response&>(*Value(world.CallText(action, text)));
}

std::string CodeOf(ApiWorld& world, const std::string& action, const std::string& text) {
  const auto answer = world.CallText(action, text);
  return answer.ok() ? "" : ec2::ErrorCode(answer.status());
}

struct Taken {
  std::string id, address;
};

Taken Allocate(ApiWorld& world, const std::string& text = "") {
  const auto answer = Ask<ec2::v1::AllocateAddressResponse>(world, "AllocateAddress", text);
  CHECK(answer.domain() == "vpc");
  return {answer.allocation_id(), answer.public_ip()};
}

std::string Associate(ApiWorld& world, const Taken& address, const InstanceId& instance, const char* more = "") {
  return Ask<ec2::v1::AssociateAddressResponse>(
             world, "AssociateAddress",
             absl::StrCat("allocation_id: '", address.id, "' instance_id: '", instance.text(), "' ", more))
      .association_id();
}

ec2::v1::Address Shown(ApiWorld& world, const Taken& address) {
  return Ask<ec2::v1::DescribeAddressesResponse>(world, "DescribeAddresses", "allocation_ids: '" + address.id + "'")
      .addresses(0);
}

}  // namespace

TEST_CASE("an elastic address is the account's until it is released, and nobody else's", "[api]") {
  ApiWorld world;
  const Taken any =
      Allocate(world, "tag_specifications { resource_type: 'elastic-ip' tags { key: 'Name' value: 'front' } }");
  const Taken chosen = Allocate(world, "address: '198.18.7.7'");
  CHECK(chosen.address == "198.18.7.7");
  CHECK(Shown(world, any).public_ip() == any.address);
  CHECK(Shown(world, any).tags(0).value() == "front");
  CHECK_FALSE(Shown(world, any).has_association_id());
  const auto found = Ask<ec2::v1::DescribeAddressesResponse>(world, "DescribeAddresses",
                                                             "filters { name: 'tag:Name' values: 'front' }");
  REQUIRE(found.addresses_size() == 1);
  const struct {
    const char* text;
    const char* code;
  } refused[] = {{"address: '198.18.7.7'", "InvalidIPAddress.InUse"},
                 {"address: '192.0.2.1'", "InvalidParameterValue"},
                 {"address: '198.18.0.1'", "InvalidParameterValue"},  // the host's own
                 {"address: '198.18.0.0'", "InvalidParameterValue"},
                 {"address: '198.18.255.255'", "InvalidParameterValue"},
                 {"address: '198.18.7'", "InvalidAddress.Malformed"},
                 {"domain: 'standard'", "InvalidParameterValue"},
                 {"public_ipv4_pool: 'ipv4pool-ec2-012345'", "InvalidParameterValue"},
                 {"network_border_group: 'mars-1'", "InvalidParameterValue"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(CodeOf(world, "AllocateAddress", text) == code);
  }
  Value(world.CallText("ReleaseAddress", "public_ip: '198.18.7.7'"));
  CHECK(CodeOf(world, "ReleaseAddress", "allocation_id: '" + chosen.id + "'") == "InvalidAllocationID.NotFound");
  CHECK(CodeOf(world, "ReleaseAddress", "public_ip: '198.18.7.7'") == "InvalidAddress.NotFound");
  CHECK(CodeOf(world, "ReleaseAddress", "") == "MissingParameter");
  CHECK(Allocate(world, "address: '198.18.7.7'").address == "198.18.7.7");
}

TEST_CASE("an instance gives its own public address back for an elastic one, and gets another afterwards", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch(world.Request());
  const Taken address = Allocate(world);
  const std::string association = Associate(world, address, id);
  const NetworkInterface eni = world.InterfaceOf(id);
  CHECK(eni.public_ip->text() == address.address);
  CHECK(eni.elastic());
  const ec2::v1::Address shown = Shown(world, address);
  CHECK(shown.association_id() == association);
  CHECK(shown.instance_id() == id.text());
  CHECK(shown.network_interface_id() == eni.id.text());
  CHECK(shown.private_ip_address() == eni.private_ip->text());
  // Once more is the same.
  CHECK(Associate(world, address, id) == association);
  CHECK(CodeOf(world, "ReleaseAddress", "allocation_id: '" + address.id + "'") == "InvalidIPAddress.InUse");

  Value(world.CallText("DisassociateAddress", "association_id: '" + association + "'"));
  const NetworkInterface after = world.InterfaceOf(id);
  REQUIRE(after.public_ip.has_value());
  CHECK(after.public_ip->text() != address.address);
  CHECK_FALSE(after.elastic());
  CHECK(CodeOf(world, "DisassociateAddress", "association_id: '" + association + "'") ==
        "InvalidAssociationID.NotFound");
  CHECK(CodeOf(world, "DisassociateAddress", "public_ip: '" + address.address + "'") ==
        "InvalidAssociationID.NotFound");
}

TEST_CASE("an elastic address stays with an instance that is stopped, and is free when that is terminated", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch(world.Request());
  const Taken address = Allocate(world);
  Associate(world, address, id);
  REQUIRE(world.service->Stop({id}, /*force=*/false).ok());
  REQUIRE(world.Reaches(id, InstanceState::kStopped));
  CHECK(world.InterfaceOf(id).public_ip->text() == address.address);
  REQUIRE(world.service->Start({id}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  CHECK(world.InterfaceOf(id).public_ip->text() == address.address);
  REQUIRE(world.service->Terminate({id}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  CHECK_FALSE(Shown(world, address).has_association_id());
  Value(world.CallText("ReleaseAddress", "allocation_id: '" + address.id + "'"));
}

TEST_CASE("an elastic address moves between instances unless the call forbids it", "[api]") {
  ApiWorld world;
  const InstanceId a = world.Launch(world.Request()), b = world.Launch(world.Request());
  const Taken address = Allocate(world), second = Allocate(world);
  Associate(world, address, a);
  const std::string to_b = absl::StrCat("allocation_id: '", address.id, "' instance_id: '", b.text(), "' ");
  CHECK(CodeOf(world, "AssociateAddress", to_b + "allow_reassociation: false") == "Resource.AlreadyAssociated");
  Associate(world, second, b);
  // The instance has one already, and the address is another's.
  Associate(world, address, b);
  CHECK(world.InterfaceOf(b).public_ip->text() == address.address);
  CHECK(world.InterfaceOf(a).public_ip->text() != address.address);
  CHECK_FALSE(Shown(world, second).has_association_id());
}

TEST_CASE("an elastic address of any private one holds the VPC's internet gateway", "[api]") {
  ApiWorld world;
  const std::string vpc =
      Ask<ec2::v1::CreateVpcResponse>(world, "CreateVpc", "cidr_block: '10.1.0.0/16'").vpc().vpc_id();
  const std::string gateway = Ask<ec2::v1::CreateInternetGatewayResponse>(world, "CreateInternetGateway", "")
                                  .internet_gateway()
                                  .internet_gateway_id();
  const std::string both = "internet_gateway_id: '" + gateway + "' vpc_id: '" + vpc + "'";
  Value(world.CallText("AttachInternetGateway", both));
  const std::string subnet =
      Ask<ec2::v1::CreateSubnetResponse>(world, "CreateSubnet", "vpc_id: '" + vpc + "' cidr_block: '10.1.1.0/24'")
          .subnet()
          .subnet_id();
  const std::string interface = Ask<ec2::v1::CreateNetworkInterfaceResponse>(
                                    world, "CreateNetworkInterface",
                                    "subnet_id: '" + subnet +
                                        "' private_ip_addresses { primary: true private_ip_address: '10.1.1.10' } "
                                        "private_ip_addresses { private_ip_address: '10.1.1.11' }")
                                    .network_interface()
                                    .network_interface_id();
  const Taken address = Allocate(world);
  Value(world.CallText("AssociateAddress", "allocation_id: '" + address.id + "' network_interface_id: '" + interface +
                                               "' private_ip_address: '10.1.1.11'"));
  CHECK(CodeOf(world, "DetachInternetGateway", both) == "DependencyViolation");
  Value(world.CallText("DisassociateAddress", "public_ip: '" + address.address + "'"));
  Value(world.CallText("DetachInternetGateway", both));
}

TEST_CASE("an address is associated only where a gateway is, and with what is there", "[api]") {
  ApiWorld world;
  const Taken address = Allocate(world);
  const std::string vpc =
      Ask<ec2::v1::CreateVpcResponse>(world, "CreateVpc", "cidr_block: '10.1.0.0/16'").vpc().vpc_id();
  compute::RunRequest run = world.Request();
  run.subnet_id = SubnetId::FromTrusted(
      Ask<ec2::v1::CreateSubnetResponse>(world, "CreateSubnet", "vpc_id: '" + vpc + "' cidr_block: '10.1.1.0/24'")
          .subnet()
          .subnet_id());
  const InstanceId inside = world.Launch(run), reachable = world.Launch(world.Request());
  const std::string by_id = "allocation_id: '" + address.id + "' ";
  const struct {
    std::string text;
    const char* code;
  } refused[] = {
      {by_id + "instance_id: '" + inside.text() + "'", "Gateway.NotAttached"},
      {by_id, "MissingParameter"},
      {"instance_id: '" + reachable.text() + "'", "MissingParameter"},
      {by_id + "public_ip: '" + address.address + "' instance_id: '" + reachable.text() + "'",
       "InvalidParameterCombination"},
      {by_id + "instance_id: 'i-00000000000000000'", "InvalidInstanceID.NotFound"},
      {by_id + "network_interface_id: 'eni-00000000000000000'", "InvalidNetworkInterfaceID.NotFound"},
      {by_id + "instance_id: '" + reachable.text() + "' private_ip_address: '172.31.255.254'", "InvalidParameterValue"},
      {by_id + "instance_id: '" + inside.text() + "' network_interface_id: '" + world.InterfaceOf(reachable).id.text() +
           "'",
       "InvalidParameterCombination"},
      {"allocation_id: 'eipalloc-00000000000000000' instance_id: '" + reachable.text() + "'",
       "InvalidAllocationID.NotFound"},
      {"public_ip: '198.18.9.9' instance_id: '" + reachable.text() + "'", "InvalidAddress.NotFound"},
  };
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(CodeOf(world, "AssociateAddress", text) == code);
  }
  Value(world.CallText("AssociateAddress", absl::StrCat("public_ip: '", address.address, "' network_interface_id: '",
                                                        world.InterfaceOf(reachable).id.text(), "'")));
  CHECK(Shown(world, address).instance_id() == reachable.text());
}

TEST_CASE("instances are found by the elastic addresses of their interfaces", "[api]") {
  ApiWorld world;
  const InstanceId id = world.Launch(world.Request());
  world.Launch(world.Request());
  const Taken address = Allocate(world);
  const std::string association = Associate(world, address, id);
  const auto found = [&](const std::string& filter, const std::string& value) {
    const auto answer = Ask<ec2::v1::DescribeInstancesResponse>(
        world, "DescribeInstances", "filters { name: 'network-interface." + filter + "' values: '" + value + "' }");
    std::vector<std::string> ids;
    for (const auto& reservation : answer.reservations()) {
      for (const auto& instance : reservation.instances()) ids.push_back(instance.instance_id());
    }
    return ids;
  };
  for (const char* of : {"association.", "addresses.association."}) {
    INFO(of);
    CHECK(found(absl::StrCat(of, "allocation-id"), address.id) == std::vector<std::string>{id.text()});
    CHECK(found(absl::StrCat(of, "association-id"), association) == std::vector<std::string>{id.text()});
    CHECK(found(absl::StrCat(of, "allocation-id"), "eipalloc-00000000000000000").empty());
  }
}

}  // namespace brume
