// Network interfaces that come to instances and go from them, and what an instance is launched with.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "brume/ec2/v1/address.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "google/protobuf/text_format.h"
#include "lib/ec2/network/tables/network_table.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using Interface = ec2::v1::NetworkInterface;

std::string FirstSubnet(ApiWorld& world) {
  return Value(world.database->ReadFor([](store::Connection& c) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, network::NetworkTable(c).ListSubnets(std::nullopt));
    return subnets.front().id.text();
  }));
}

absl::StatusOr<ec2::v1::CreateNetworkInterfaceResponse> Create(ApiWorld& world, const std::string& more = "") {
  ec2::v1::CreateNetworkInterfaceRequest request;
  REQUIRE(google::protobuf::TextFormat::ParseFromString("subnet_id: '" + FirstSubnet(world) + "' " + more, &request));
  return world.Call<ec2::v1::CreateNetworkInterfaceResponse>(request);
}

std::string Made(ApiWorld& world, const std::string& more = "") {
  return Value(Create(world, more)).network_interface().network_interface_id();
}

Interface Shown(ApiWorld& world, const std::string& id) {
  ec2::v1::DescribeNetworkInterfacesRequest request;
  request.add_network_interface_ids(id);
  return Value(world.Call<ec2::v1::DescribeNetworkInterfacesResponse>(request)).network_interfaces(0);
}

std::string Attach(ApiWorld& world, const std::string& eni, const InstanceId& instance, int index = 1) {
  ec2::v1::AttachNetworkInterfaceRequest request;
  request.set_network_interface_id(eni);
  request.set_instance_id(instance.text());
  request.set_device_index(index);
  const auto answer = world.Call<ec2::v1::AttachNetworkInterfaceResponse>(request);
  return answer.ok() ? answer->attachment_id() : ec2::ErrorCode(answer.status());
}

std::string Detach(ApiWorld& world, const std::string& attachment, bool force = false) {
  ec2::v1::DetachNetworkInterfaceRequest request;
  request.set_attachment_id(attachment);
  request.set_force(force);
  return ec2::ErrorCode(world.Call<ec2::v1::DetachNetworkInterfaceResponse>(request).status());
}

std::string Code(ApiWorld& world, const std::string& action, const std::string& text) {
  return ec2::ErrorCode(world.CallText(action, text).status());
}

bool Becomes(ApiWorld& world, const std::string& eni, const std::string& status) {
  return world.Eventually([&] {
    const Interface shown = Shown(world, eni);
    return (shown.has_attachment() ? shown.attachment().status() : shown.status()) == status;
  });
}

size_t NicsOf(ApiWorld& world, const InstanceId& id) { return Value(world.hypervisor.NicsOf(id)).size(); }

InstanceId Running(ApiWorld& world, compute::RunRequest request) {
  const InstanceId id = world.Launch(std::move(request));
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  return id;
}

}  // namespace

TEST_CASE("an interface is made, shown and deleted by itself", "[api]") {
  ApiWorld world;
  const auto answer = Value(Create(world,
                                   "private_ip_address: '172.31.0.50' secondary_private_ip_address_count: 2 "
                                   "description: 'beside' client_token: 'one' tag_specifications { resource_type: "
                                   "'network-interface' tags { key: 'Name' value: 'b' } }"));
  const Interface& made = answer.network_interface();
  CHECK(answer.client_token() == "one");
  CHECK(made.status() == "available");
  CHECK_FALSE(made.has_attachment());
  CHECK(made.private_ip_address() == "172.31.0.50");
  REQUIRE(made.private_ip_addresses_size() == 3);
  CHECK(made.private_ip_addresses(0).primary());
  CHECK_FALSE(made.private_ip_addresses(1).primary());
  REQUIRE(made.groups_size() == 1);
  CHECK(made.groups(0).group_name() == "default");
  REQUIRE(made.tag_set_size() == 1);
  CHECK(Shown(world, made.network_interface_id()).DebugString() == made.DebugString());

  const std::string id = "network_interface_id: '" + made.network_interface_id() + "'";
  Value(world.CallText("DeleteNetworkInterface", id));
  CHECK(Code(world, "DeleteNetworkInterface", id) == "InvalidNetworkInterfaceID.NotFound");
}

TEST_CASE("a client token makes one interface, and with other parameters none", "[api]") {
  ApiWorld world;
  const std::string made = Made(world, "client_token: 'one' description: 'a'");
  CHECK(Made(world, "client_token: 'one' description: 'a'") == made);
  CHECK(ec2::ErrorCode(Create(world, "client_token: 'one' description: 'b'").status()) ==
        "IdempotentParameterMismatch");
}

TEST_CASE("what cannot be made of an interface is refused, and nothing is made", "[api]") {
  ApiWorld world;
  const std::pair<const char*, const char*> refused[] = {
      {"connection_tracking_specification { tcp_established_timeout: 59 }", "InvalidParameterValue"},
      {"connection_tracking_specification { tcp_established_timeout: 432001 }", "InvalidParameterValue"},
      {"connection_tracking_specification { udp_stream_timeout: 181 }", "InvalidParameterValue"},
      {"connection_tracking_specification { udp_timeout: 61 }", "InvalidParameterValue"},
      {"ipv6_address_count: 1", "InvalidParameterValue"},
      {"ipv6_prefix_count: 1", "UnsupportedOperation"},
      {"ipv4_prefix_count: 1", "UnsupportedOperation"},
      {"interface_type: 'efa'", "UnsupportedOperation"},
      {"private_ip_address: '172.31.16.9'", "InvalidParameterValue"},
      {"private_ip_address: '172.31.0.1'", "InvalidParameterValue"},
      {"groups: 'sg-00000000000000000'", "InvalidGroup.NotFound"},
      {"private_ip_addresses { private_ip_address: '172.31.0.9' } secondary_private_ip_address_count: 1",
       "InvalidParameterCombination"},
      {"private_ip_addresses { private_ip_address: '172.31.0.9' primary: true } private_ip_address: '172.31.0.8'",
       "InvalidParameterCombination"},
      {"private_ip_addresses { private_ip_address: '172.31.0.9' } private_ip_addresses { private_ip_address: "
       "'172.31.0.9' }",
       "InvalidIPAddress.InUse"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(ec2::ErrorCode(Create(world, text).status()) == code);
  }
  ec2::v1::DescribeNetworkInterfacesRequest all;
  CHECK(Value(world.Call<ec2::v1::DescribeNetworkInterfacesResponse>(all)).network_interfaces().empty());
}

TEST_CASE("a running guest gets a network card, and lets go of it", "[api]") {
  ApiWorld world;
  const InstanceId id = Running(world, world.Request());
  const std::string eni = Made(world);
  const std::string attachment = Attach(world, eni, id);
  REQUIRE(attachment.rfind("eni-attach-", 0) == 0);
  REQUIRE(Becomes(world, eni, "attached"));
  CHECK(NicsOf(world, id) == 2);
  const Interface shown = Shown(world, eni);
  CHECK(shown.status() == "in-use");
  CHECK(shown.attachment().instance_id() == id.text());
  CHECK(shown.attachment().device_index() == 1);
  CHECK_FALSE(shown.attachment().delete_on_termination());
  CHECK(Code(world, "DeleteNetworkInterface", "network_interface_id: '" + eni + "'") == "InvalidParameterValue");
  CHECK(Attach(world, eni, id, 2) == "InvalidNetworkInterface.InUse");

  CHECK(Detach(world, attachment) == "");
  REQUIRE(Becomes(world, eni, "available"));
  CHECK(NicsOf(world, id) == 1);
  CHECK(Detach(world, attachment) == "InvalidAttachmentID.NotFound");
}

TEST_CASE("a guest that does not let go keeps its interface until that is taken away by force", "[api]") {
  ApiWorld world;
  const InstanceId id = Running(world, world.Request());
  const std::string eni = Made(world);
  const std::string attachment = Attach(world, eni, id);
  REQUIRE(Becomes(world, eni, "attached"));
  world.hypervisor.HoldNics(true);
  CHECK(Detach(world, attachment) == "");
  REQUIRE(Becomes(world, eni, "detaching"));
  REQUIRE(world.Eventually([&] { return world.hypervisor.CallsOf("DetachNic") > 0; }));
  CHECK(Shown(world, eni).status() == "in-use");
  CHECK(Detach(world, attachment, /*force=*/true) == "");
  world.clock.Advance(absl::Seconds(11));
  world.reconciler->Wake(id);
  REQUIRE(Becomes(world, eni, "available"));
  // The card that is left is asked for on, and its interface comes back only once it is gone.
  CHECK(NicsOf(world, id) == 2);
  const std::string again = Attach(world, eni, id);
  CHECK(Shown(world, eni).attachment().status() == "attaching");
  world.hypervisor.HoldNics(false);
  world.clock.Advance(absl::Seconds(6));
  world.reconciler->Wake(id);
  REQUIRE(Becomes(world, eni, "attached"));
  CHECK(NicsOf(world, id) == 2);
}

TEST_CASE("an interface comes to a stopped instance and goes from it at once", "[api]") {
  ApiWorld world;
  const InstanceId id = Running(world, world.Request());
  REQUIRE(world.service->Stop({id}, /*force=*/true).ok());
  REQUIRE(world.Reaches(id, InstanceState::kStopped));
  const std::string eni = Made(world), other = Made(world);
  const std::string attachment = Attach(world, eni, id);
  CHECK(Shown(world, eni).attachment().status() == "attached");
  CHECK(Detach(world, attachment) == "");
  CHECK(Shown(world, eni).status() == "available");
  Attach(world, other, id);
  REQUIRE(world.service->Start({id}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  CHECK(NicsOf(world, id) == 2);
}

TEST_CASE("attachments that EC2 refuses are refused by its codes", "[api]") {
  ApiWorld world;
  compute::RunRequest tiny = world.Request();
  tiny.instance_type = "t3.micro";  // two interfaces of two addresses
  const InstanceId id = Running(world, tiny);
  const std::string eni = Made(world), second = Made(world);
  CHECK(Attach(world, eni, id, 0) == "InvalidParameterValue");
  CHECK(Attach(world, Made(world, "secondary_private_ip_address_count: 2"), id) == "PrivateIpAddressLimitExceeded");
  compute::RunRequest elsewhere = world.Request();
  elsewhere.availability_zone = "us-east-1b";
  CHECK(Attach(world, eni, Running(world, elsewhere)) == "InvalidParameterCombination");
  REQUIRE(Attach(world, eni, id).rfind("eni-attach-", 0) == 0);
  CHECK(Attach(world, second, id, 2) == "AttachmentLimitExceeded");
  const NetworkInterface first = Value(world.service->Get(id)).interfaces.front();
  CHECK(Detach(world, first.attachment_id) == "OperationNotPermitted");
  CHECK(Code(world, "AttachNetworkInterface",
             "network_interface_id: '" + second + "' instance_id: '" + id.text() +
                 "' device_index: 3 network_card_index: 1") == "InvalidParameterValue");
  REQUIRE(world.service->Terminate({id}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  CHECK(Attach(world, second, id) == "IncorrectState");
}

TEST_CASE("a terminated instance deletes the interfaces that go with it and frees the others", "[api]") {
  ApiWorld world;
  compute::RunRequest request = world.Request();
  request.instance_type = "t3.small";
  const InstanceId id = Running(world, request);
  const std::string stays = Made(world), goes = Made(world);
  Attach(world, stays, id, 1);
  const std::string attachment = Attach(world, goes, id, 2);
  REQUIRE(Becomes(world, goes, "attached"));
  Value(world.CallText("ModifyNetworkInterfaceAttribute", "network_interface_id: '" + goes + "' attachment { " +
                                                              "attachment_id: '" + attachment +
                                                              "' delete_on_termination: true }"));
  CHECK(Shown(world, goes).attachment().delete_on_termination());
  REQUIRE(world.service->Terminate({id}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  CHECK(Shown(world, stays).status() == "available");
  CHECK(Code(world, "DeleteNetworkInterface", "network_interface_id: '" + goes + "'") ==
        "InvalidNetworkInterfaceID.NotFound");
}

TEST_CASE("a subnet, its VPC and a group stay while an interface uses them", "[api]") {
  ApiWorld world;
  const std::string group = world.groups.Create("web", "web", std::nullopt, {})->group.id.text();
  const std::string eni = Made(world, "groups: '" + group + "'");
  CHECK(Code(world, "DeleteSubnet", "subnet_id: '" + FirstSubnet(world) + "'") == "DependencyViolation");
  CHECK(Code(world, "DeleteSecurityGroup", "group_id: '" + group + "'") == "DependencyViolation");
  Value(world.CallText("DeleteNetworkInterface", "network_interface_id: '" + eni + "'"));
  Value(world.CallText("DeleteSecurityGroup", "group_id: '" + group + "'"));
  Value(world.CallText("DeleteSubnet", "subnet_id: '" + FirstSubnet(world) + "'"));
}

TEST_CASE("each attribute of an interface is shown, and its check is reset", "[api]") {
  ApiWorld world;
  const std::string eni = Made(world, "description: 'words'");
  const std::string id = "network_interface_id: '" + eni + "'";
  const auto attribute = [&](const std::string& name) {
    ec2::v1::DescribeNetworkInterfaceAttributeRequest request;
    request.set_network_interface_id(eni);
    request.set_attribute(name);
    return Value(world.Call<ec2::v1::DescribeNetworkInterfaceAttributeResponse>(request));
  };
  CHECK(attribute("description").description().value() == "words");
  CHECK(attribute("groupSet").groups(0).group_name() == "default");
  CHECK_FALSE(attribute("attachment").has_attachment());
  Value(world.CallText("ModifyNetworkInterfaceAttribute", id + " source_dest_check { value: false }"));
  CHECK_FALSE(attribute("sourceDestCheck").source_dest_check().value());
  Value(world.CallText("ResetNetworkInterfaceAttribute", id + " source_dest_check: 'true'"));
  CHECK(attribute("sourceDestCheck").source_dest_check().value());
}

TEST_CASE("private addresses are assigned, moved between interfaces and taken away", "[api]") {
  ApiWorld world;
  const std::string a = Made(world), b = Made(world);
  const std::string of_a = "network_interface_id: '" + a + "' ", of_b = "network_interface_id: '" + b + "' ";
  const std::string address = "private_ip_addresses: '172.31.0.77'";
  Value(world.CallText("AssignPrivateIpAddresses", of_a + address));
  Value(world.CallText("AssignPrivateIpAddresses", of_a + address));  // once more is the same
  Value(world.CallText("AssignPrivateIpAddresses", of_a + "secondary_private_ip_address_count: 2"));
  CHECK(Shown(world, a).private_ip_addresses_size() == 4);

  ec2::v1::AllocateAddressRequest any;
  const auto elastic = Value(world.Call<ec2::v1::AllocateAddressResponse>(any));
  Value(world.CallText("AssociateAddress",
                       of_a + "private_ip_address: '172.31.0.77' allocation_id: '" + elastic.allocation_id() + "'"));
  CHECK(Shown(world, a).private_ip_addresses(1).association().public_ip() == elastic.public_ip());
  CHECK_FALSE(Shown(world, a).has_association());

  CHECK(Code(world, "AssignPrivateIpAddresses", of_b + address) == "InvalidIPAddress.InUse");
  CHECK(Code(world, "AssignPrivateIpAddresses",
             of_b + "allow_reassignment: true private_ip_addresses: '" + Shown(world, a).private_ip_address() + "'") ==
        "InvalidIPAddress.InUse");
  Value(world.CallText("AssignPrivateIpAddresses", of_b + address + " allow_reassignment: true"));
  CHECK(Shown(world, a).private_ip_addresses_size() == 3);
  // The elastic address comes with it.
  REQUIRE(Shown(world, b).private_ip_addresses_size() == 2);
  CHECK(Shown(world, b).private_ip_addresses(1).association().allocation_id() == elastic.allocation_id());

  CHECK(Code(world, "UnassignPrivateIpAddresses", of_a + address) == "InvalidParameterValue");
  CHECK(Code(world, "UnassignPrivateIpAddresses",
             of_b + "private_ip_addresses: '" + Shown(world, b).private_ip_address() + "'") == "InvalidParameterValue");
  Value(world.CallText("UnassignPrivateIpAddresses", of_b + address));
  CHECK(Shown(world, b).private_ip_addresses_size() == 1);
  Value(world.CallText("ReleaseAddress", "allocation_id: '" + elastic.allocation_id() + "'"));
}

TEST_CASE("an elastic address leads to an interface that is attached to nothing, and to one address of it", "[api]") {
  ApiWorld world;
  const std::string eni = Made(world, "private_ip_addresses { private_ip_address: '172.31.0.77' }");
  ec2::v1::AllocateAddressRequest any;
  const auto elastic = Value(world.Call<ec2::v1::AllocateAddressResponse>(any));
  const std::string from = "network_interface_id: '" + eni + "' allocation_id: '" + elastic.allocation_id() + "' ";
  Value(world.CallText("AssociateAddress", from));
  CHECK(Shown(world, eni).association().public_ip() == elastic.public_ip());
  CHECK(Code(world, "AssociateAddress", from + "private_ip_address: '172.31.0.77' allow_reassociation: false") ==
        "Resource.AlreadyAssociated");
  Value(world.CallText("AssociateAddress", from + "private_ip_address: '172.31.0.77'"));
  CHECK_FALSE(Shown(world, eni).has_association());
  ec2::v1::DescribeAddressesRequest request;
  ec2::v1::Filter& filter = *request.add_filters();
  filter.set_name("private-ip-address");
  filter.add_values("172.31.0.77");
  const auto shown = Value(world.Call<ec2::v1::DescribeAddressesResponse>(request));
  REQUIRE(shown.addresses_size() == 1);
  CHECK(shown.addresses(0).network_interface_id() == eni);
  CHECK_FALSE(shown.addresses(0).has_instance_id());
}

TEST_CASE("an instance is launched with several interfaces, made for it and present ones", "[api]") {
  ApiWorld world;
  const std::string present = Made(world, "private_ip_address: '172.31.0.88'");
  ec2::v1::RunInstancesRequest request;
  request.set_image_id(world.image.text());
  request.set_instance_type("t3.small");
  request.set_min_count(1);
  request.set_max_count(1);
  ec2::v1::InstanceNetworkInterfaceSpecification& second = *request.add_network_interfaces();
  second.set_device_index(1);
  second.set_network_interface_id(present);
  ec2::v1::InstanceNetworkInterfaceSpecification& first = *request.add_network_interfaces();
  first.set_device_index(0);
  first.set_subnet_id(FirstSubnet(world));
  first.set_description("front");
  first.set_secondary_private_ip_address_count(1);
  const auto answer = Value(world.Call<ec2::v1::RunInstancesResponse>(request));
  const ec2::v1::Instance& launched = answer.instances(0);
  REQUIRE(launched.network_interfaces_size() == 2);
  CHECK(launched.network_interfaces(0).description() == "front");
  CHECK(launched.network_interfaces(0).private_ip_addresses_size() == 2);
  CHECK(launched.network_interfaces(0).attachment().delete_on_termination());
  CHECK(launched.network_interfaces(1).network_interface_id() == present);
  CHECK_FALSE(launched.network_interfaces(1).attachment().delete_on_termination());
  // One of several gets no public address by itself.
  CHECK_FALSE(launched.has_public_ip_address());
  const InstanceId id = Value(InstanceId::Parse(launched.instance_id()));
  REQUIRE(world.Reaches(id, InstanceState::kRunning));
  CHECK(NicsOf(world, id) == 2);
  CHECK(Code(world, "ModifyInstanceAttribute", "instance_id: '" + id.text() + "' source_dest_check { value: false }") ==
        "InvalidInstanceID");

  REQUIRE(world.service->Terminate({id}).ok());
  REQUIRE(world.Reaches(id, InstanceState::kTerminated));
  CHECK(Shown(world, present).status() == "available");
}

TEST_CASE("interfaces that an instance cannot be launched with are refused by EC2's codes", "[api]") {
  ApiWorld world;
  const std::string present = Made(world);
  const std::string other_zone = Value(world.database->ReadFor([](store::Connection& c) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, network::NetworkTable(c).ListSubnets(std::nullopt));
    return subnets.back().id.text();
  }));
  const std::pair<std::string, const char*> refused[] = {
      {"network_interfaces { device_index: 1 }", "InvalidParameterCombination"},
      {"network_interfaces { device_index: 0 } network_interfaces { device_index: 0 }", "InvalidParameterCombination"},
      {"network_interfaces { device_index: 0 } network_interfaces { }", "InvalidParameterValue"},
      {"network_interfaces { device_index: 0 associate_public_ip_address: true } network_interfaces { device_index: 1 "
       "}",
       "InvalidParameterCombination"},
      {"network_interfaces { device_index: 0 } network_interfaces { device_index: 1 } network_interfaces { "
       "device_index: 2 }",
       "AttachmentLimitExceeded"},
      {"network_interfaces { device_index: 0 secondary_private_ip_address_count: 5 }", "PrivateIpAddressLimitExceeded"},
      {"network_interfaces { device_index: 0 network_interface_id: '" + present + "' description: 'x' }",
       "InvalidParameterCombination"},
      {"network_interfaces { device_index: 0 network_interface_id: '" + present +
           "' connection_tracking_specification { udp_timeout: 30 } }",
       "InvalidParameterCombination"},
      {"network_interfaces { device_index: 0 connection_tracking_specification { udp_timeout: 29 } }",
       "InvalidParameterValue"},
      {"network_interfaces { device_index: 0 network_interface_id: 'eni-00000000000000000' }",
       "InvalidNetworkInterfaceID.NotFound"},
      {"network_interfaces { device_index: 0 network_interface_id: '" + present +
           "' } network_interfaces { "
           "device_index: 1 network_interface_id: '" +
           present + "' }",
       "InvalidNetworkInterface.InUse"},
      {"network_interfaces { device_index: 0 } network_interfaces { device_index: 1 subnet_id: '" + other_zone + "' }",
       "InvalidParameterCombination"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(Code(world, "RunInstances",
               "image_id: '" + world.image.text() + "' instance_type: 't3.micro' min_count: 1 max_count: 1 " + text) ==
          code);
  }
  CHECK(Code(world, "RunInstances",
             "image_id: '" + world.image.text() + "' instance_type: 't3.micro' min_count: 1 max_count: 2 " +
                 "network_interfaces { device_index: 0 network_interface_id: '" + present + "' }") ==
        "InvalidParameterCombination");
  CHECK(Shown(world, present).status() == "available");
}

}  // namespace brume
