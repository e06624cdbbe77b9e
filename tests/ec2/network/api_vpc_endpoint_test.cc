// VPC endpoints as their owner makes, changes and deletes them, and what their policies let through.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "brume/ec2/v1/vpc_endpoint.pb.h"
#include "lib/schema/schema.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

// A VPC whose instances have names, with a subnet in each of two zones and a second one in the first.
struct EndpointWorld {
  EndpointWorld() {
    Value(
        world.CallText("ModifyVpcAttribute", absl::StrCat("vpc_id: '", vpc, "' enable_dns_hostnames { value: true }")));
  }
  template <typename Response>
  Response Ask(const std::string& action, const std::string& text) {
    return static_cast<const Response&>(*Value(world.CallText(action, text)));
  }
  std::string CodeOf(const std::string& action, const std::string& text) {
    const auto answer = world.CallText(action, text);
    return answer.ok() ? "" : ec2::ErrorCode(answer.status());
  }
  std::string Subnet(const std::string& cidr, const std::string& zone) {
    return Ask<ec2::v1::CreateSubnetResponse>("CreateSubnet", absl::StrCat("vpc_id: '", vpc, "' cidr_block: '", cidr,
                                                                           "' availability_zone: '", zone, "'"))
        .subnet()
        .subnet_id();
  }
  // Of another VPC.
  std::string DefaultSubnet() {
    return Ask<ec2::v1::DescribeSubnetsResponse>("DescribeSubnets", "filters { name: 'default-for-az' values: 'true' }")
        .subnets(0)
        .subnet_id();
  }
  std::string Group(const std::string& name) {
    return Ask<ec2::v1::CreateSecurityGroupResponse>(
               "CreateSecurityGroup",
               absl::StrCat("vpc_id: '", vpc, "' group_name: '", name, "' description: 'of a test'"))
        .group_id();
  }
  // What every endpoint of this world asks for.
  std::string Wanted(const std::string& service = "com.amazonaws.us-east-1.ec2") const {
    return absl::StrCat("vpc_endpoint_type: 'Interface' vpc_id: '", vpc, "' service_name: '", service, "' ");
  }
  ec2::v1::VpcEndpoint Make(const std::string& text) {
    return Ask<ec2::v1::CreateVpcEndpointResponse>("CreateVpcEndpoint", Wanted() + text).vpc_endpoint();
  }
  ec2::v1::VpcEndpoint Shown(const std::string& id) {
    return Ask<ec2::v1::DescribeVpcEndpointsResponse>("DescribeVpcEndpoints", "vpc_endpoint_ids: '" + id + "'")
        .vpc_endpoints(0);
  }
  int Count() { return Ask<ec2::v1::DescribeVpcEndpointsResponse>("DescribeVpcEndpoints", "").vpc_endpoints_size(); }
  ec2::v1::NetworkInterface Interface(const std::string& id) {
    return Ask<ec2::v1::DescribeNetworkInterfacesResponse>("DescribeNetworkInterfaces",
                                                           "network_interface_ids: '" + id + "'")
        .network_interfaces(0);
  }
  bool Available(const std::string& id) {
    return ComputeWorld::Eventually([&] { return Shown(id).state() == "available"; });
  }
  bool Gone(const std::string& id) {
    return ComputeWorld::Eventually([&] {
      return CodeOf("DescribeVpcEndpoints", "vpc_endpoint_ids: '" + id + "'") == "InvalidVpcEndpointId.NotFound";
    });
  }
  static std::set<std::string> Names(const ec2::v1::VpcEndpoint& endpoint) {
    std::set<std::string> names;
    for (const auto& entry : endpoint.dns_entries()) names.insert(entry.dns_name());
    return names;
  }

  ApiWorld world;
  std::string vpc = Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.1.0.0/16'").vpc().vpc_id();
  std::string first = Subnet("10.1.1.0/24", "us-east-1a");
  std::string second = Subnet("10.1.2.0/24", "us-east-1b");
  std::string beside = Subnet("10.1.3.0/24", "us-east-1a");
};

std::string Quoted(const std::string& id) { return "'" + id + "'"; }

}  // namespace

TEST_CASE("a VPC endpoint becomes available with an interface in each subnet and names of its own", "[api]") {
  EndpointWorld world;
  const std::string group = world.Group("api");
  const auto made = world.Make(absl::StrCat("subnet_ids: '", world.first, "' subnet_ids: '", world.second,
                                            "' security_group_ids: '", group,
                                            "' tag_specifications { resource_type: 'vpc-endpoint' tags { key: 'Name' "
                                            "value: 'api' } }"));
  const std::string& id = made.vpc_endpoint_id();
  CHECK(made.state() == "pending");
  CHECK(made.vpc_endpoint_type() == "Interface");
  CHECK(made.service_name() == "com.amazonaws.us-east-1.ec2");
  CHECK(made.tags(0).value() == "api");
  CHECK(made.private_dns_enabled());
  CHECK(made.groups(0).group_id() == group);
  CHECK(made.groups(0).group_name() == "api");
  CHECK(std::set<std::string>(made.subnet_ids().begin(), made.subnet_ids().end()) ==
        std::set<std::string>{world.first, world.second});
  CHECK(EndpointWorld::Names(made) == std::set<std::string>{id + ".ec2.us-east-1.vpce.amazonaws.com",
                                                            id + "-us-east-1a.ec2.us-east-1.vpce.amazonaws.com",
                                                            id + "-us-east-1b.ec2.us-east-1.vpce.amazonaws.com",
                                                            "ec2.us-east-1.amazonaws.com"});
  CHECK_FALSE(made.has_last_error());
  REQUIRE(world.Available(id));
  REQUIRE(made.network_interface_ids_size() == 2);
  const auto eni = world.Interface(made.network_interface_ids(0));
  CHECK(eni.interface_type() == "vpc_endpoint");
  CHECK(eni.requester_managed());
  CHECK(eni.status() == "in-use");
  CHECK(eni.groups(0).group_id() == group);
  CHECK(eni.description() == "VPC Endpoint Interface " + id);
  // What it uses is nobody else's while it is there, and nothing goes from under it.
  const std::string by_eni = "network_interface_id: '" + eni.network_interface_id() + "' ";
  CHECK(world.CodeOf("DeleteNetworkInterface", by_eni) == "OperationNotPermitted");
  CHECK(world.CodeOf("ModifyNetworkInterfaceAttribute", by_eni + "groups: '" + group + "'") == "OperationNotPermitted");
  CHECK(world.CodeOf("DeleteSubnet", "subnet_id: " + Quoted(world.first)) == "DependencyViolation");
  CHECK(world.CodeOf("DeleteSecurityGroup", "group_id: " + Quoted(group)) == "DependencyViolation");
  CHECK(world.CodeOf("DeleteVpc", "vpc_id: " + Quoted(world.vpc)) == "DependencyViolation");
}

TEST_CASE("a VPC endpoint that is deleted is gone with what it had, and the others of the call too", "[api]") {
  EndpointWorld world;
  const auto made = world.Make("subnet_ids: " + Quoted(world.first));
  REQUIRE(world.Available(made.vpc_endpoint_id()));
  const auto answer = world.Ask<ec2::v1::DeleteVpcEndpointsResponse>(
      "DeleteVpcEndpoints",
      absl::StrCat("vpc_endpoint_ids: 'vpce-00000000000000000' vpc_endpoint_ids: '", made.vpc_endpoint_id(), "'"));
  REQUIRE(answer.unsuccessful_size() == 1);
  CHECK(answer.unsuccessful(0).resource_id() == "vpce-00000000000000000");
  CHECK(answer.unsuccessful(0).error().code() == "InvalidVpcEndpointId.NotFound");
  CHECK(answer.unsuccessful(0).error().message() == "The Vpc Endpoint Id 'vpce-00000000000000000' does not exist");
  REQUIRE(world.Gone(made.vpc_endpoint_id()));
  CHECK(world.CodeOf("DescribeNetworkInterfaces", "network_interface_ids: " + Quoted(made.network_interface_ids(0))) ==
        "InvalidNetworkInterfaceID.NotFound");
  for (const std::string& subnet : {world.first, world.second, world.beside}) {
    CHECK(world.CodeOf("DeleteSubnet", "subnet_id: " + Quoted(subnet)) == "");
  }
  CHECK(world.CodeOf("DeleteVpc", "vpc_id: " + Quoted(world.vpc)) == "");
}

TEST_CASE("a VPC endpoint's subnets, groups, policy and name change, and what is taken away is free again", "[api]") {
  EndpointWorld world;
  const std::string group = world.Group("api");
  const auto made = world.Make("subnet_ids: " + Quoted(world.first));
  const std::string id = "vpc_endpoint_id: '" + made.vpc_endpoint_id() + "' ";
  REQUIRE(world.Available(made.vpc_endpoint_id()));
  CHECK(made.groups(0).group_name() == "default");
  Value(world.world.CallText(
      "ModifyVpcEndpoint",
      absl::StrCat(id, "add_subnet_ids: '", world.second, "' add_security_group_ids: '", group,
                   "' remove_security_group_ids: '", made.groups(0).group_id(), "' private_dns_enabled: false")));
  auto shown = world.Shown(made.vpc_endpoint_id());
  CHECK(shown.subnet_ids_size() == 2);
  REQUIRE(shown.groups_size() == 1);
  CHECK(shown.groups(0).group_id() == group);
  for (const std::string& eni : shown.network_interface_ids()) {
    CHECK(world.Interface(eni).groups(0).group_id() == group);
  }
  CHECK_FALSE(EndpointWorld::Names(shown).contains("ec2.us-east-1.amazonaws.com"));
  // The subnet of one zone in the place of another's.
  Value(world.world.CallText("ModifyVpcEndpoint", absl::StrCat(id, "remove_subnet_ids: '", world.first,
                                                               "' add_subnet_ids: '", world.beside, "'")));
  shown = world.Shown(made.vpc_endpoint_id());
  CHECK(std::set<std::string>(shown.subnet_ids().begin(), shown.subnet_ids().end()) ==
        std::set<std::string>{world.second, world.beside});
  CHECK(ComputeWorld::Eventually(
      [&] { return world.CodeOf("DeleteSubnet", "subnet_id: " + Quoted(world.first)) == ""; }));
  const std::string policy =
      R"({"Statement":[{"Effect":"Allow","Principal":"*","Action":"ec2:Describe*","Resource":"*"}]})";
  Value(world.world.CallText("ModifyVpcEndpoint", id + "policy_document: '" + policy + "'"));
  CHECK(world.Shown(made.vpc_endpoint_id()).policy_document() == policy);
  Value(world.world.CallText("ModifyVpcEndpoint", id + "reset_policy: true"));
  CHECK(world.Shown(made.vpc_endpoint_id()).policy_document() == made.policy_document());
}

TEST_CASE("a VPC endpoint's bad input gets EC2's codes and makes nothing", "[api]") {
  EndpointWorld world;
  const std::string subnet = "subnet_ids: '" + world.first + "' ", wanted = world.Wanted();
  const std::string other =
      world.Ask<ec2::v1::CreateVpcResponse>("CreateVpc", "cidr_block: '10.2.0.0/16'").vpc().vpc_id();
  const std::string of = "vpc_id: '" + world.vpc + "' service_name: ";
  const struct {
    std::string action, text, code;
  } cases[] = {
      {"CreateVpcEndpoint", of + "'com.amazonaws.us-east-1.s3'", "InvalidServiceName"},
      {"CreateVpcEndpoint", of + "'com.amazonaws.us-east-1.dynamodb' vpc_endpoint_type: 'Gateway'",
       "InvalidServiceName"},
      {"CreateVpcEndpoint", of + "'com.amazonaws.eu-west-1.ec2' vpc_endpoint_type: 'Interface'", "InvalidServiceName"},
      {"CreateVpcEndpoint", of + "'com.amazonaws.us-east-1.ec2'", "InvalidParameter"},
      {"CreateVpcEndpoint", of + "'com.amazonaws.us-east-1.ec2' vpc_endpoint_type: 'Other'", "InvalidParameterValue"},
      {"CreateVpcEndpoint", "vpc_endpoint_type: 'Interface' service_name: 'com.amazonaws.us-east-1.ec2'",
       "MissingParameter"},
      {"CreateVpcEndpoint",
       "vpc_endpoint_type: 'Interface' vpc_id: 'vpc-00000000000000000' service_name: 'com.amazonaws.us-east-1.ec2'",
       "InvalidVpcID.NotFound"},
      // Without names for instances there is none for the service.
      {"CreateVpcEndpoint",
       "vpc_endpoint_type: 'Interface' vpc_id: '" + other + "' service_name: 'com.amazonaws.us-east-1.ec2'",
       "InvalidParameter"},
      {"CreateVpcEndpoint", wanted + "subnet_ids: 'subnet-00000000000000000'", "InvalidSubnetID.NotFound"},
      {"CreateVpcEndpoint", wanted + "subnet_ids: '" + world.DefaultSubnet() + "'", "InvalidSubnetID.NotFound"},
      {"CreateVpcEndpoint", wanted + subnet + "subnet_ids: '" + world.beside + "'", "DuplicateSubnetsInSameZone"},
      {"CreateVpcEndpoint", wanted + subnet + "security_group_ids: 'sg-00000000000000000'", "InvalidGroup.NotFound"},
      {"CreateVpcEndpoint", wanted + "ip_address_type: 'ipv5'", "InvalidParameterValue"},
      // Its subnets have no IPv6.
      {"CreateVpcEndpoint", wanted + subnet + "ip_address_type: 'ipv6'", "InvalidParameter"},
      {"CreateVpcEndpoint", wanted + subnet + "ip_address_type: 'dualstack'", "InvalidParameter"},
      {"CreateVpcEndpoint", wanted + "policy_document: 'no JSON'", "InvalidPolicyDocument"},
      {"CreateVpcEndpoint",
       wanted + R"(policy_document: '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')",
       "InvalidPolicyDocument"},
      {"CreateVpcEndpoint", wanted + "policy_document: '" + std::string(20481, ' ') + "'", "InvalidPolicyDocument"},
      {"ModifyVpcEndpoint", "vpc_endpoint_id: 'vpce-00000000000000000'", "InvalidVpcEndpointId.NotFound"},
      {"ModifyVpcEndpoint", "vpc_endpoint_id: 'vpce-x'", "InvalidVpcEndpointId.Malformed"},
      {"DeleteVpcEndpoints", "", "MissingParameter"},
      {"DeleteVpcEndpoints", "vpc_endpoint_ids: 'vpce-x'", "InvalidVpcEndpointId.Malformed"},
      {"DescribeVpcEndpoints", "vpc_endpoint_ids: 'vpce-00000000000000000'", "InvalidVpcEndpointId.NotFound"},
      {"DescribeVpcEndpointServices", "service_names: 'com.amazonaws.us-east-1.s3'", "InvalidServiceName"},
  };
  for (const auto& [action, text, code] : cases) {
    INFO(action << " " << text.substr(0, 300));
    CHECK(world.CodeOf(action, text) == code);
  }
  CHECK(world.Count() == 0);
  const auto interfaces = world.Ask<ec2::v1::DescribeNetworkInterfacesResponse>(
      "DescribeNetworkInterfaces", "filters { name: 'vpc-id' values: '" + world.vpc + "' }");
  CHECK(interfaces.network_interfaces_size() == 0);

  const auto made = world.Make(subnet);
  const std::string id = "vpc_endpoint_id: '" + made.vpc_endpoint_id() + "' ";
  CHECK(world.CodeOf("CreateVpcEndpoint", wanted) == "InvalidParameter");  // the name is the other one's
  CHECK(world.CodeOf("ModifyVpcEndpoint", id + "remove_subnet_ids: '" + world.second + "'") == "InvalidParameter");
  CHECK(world.CodeOf("ModifyVpcEndpoint", id + "add_subnet_ids: '" + world.beside + "'") ==
        "DuplicateSubnetsInSameZone");
  CHECK(world.CodeOf("ModifyVpcEndpoint", id + "remove_security_group_ids: '" + made.groups(0).group_id() + "'") ==
        "InvalidParameter");
  CHECK(world.CodeOf("ModifyVpcEndpoint", id + "reset_policy: true policy_document: '{}'") ==
        "InvalidParameterCombination");
  CHECK(world.Shown(made.vpc_endpoint_id()).subnet_ids_size() == 1);
}

TEST_CASE("a VPC endpoint has addresses of the families that it is asked for", "[api]") {
  EndpointWorld world;
  const auto given = world.Ask<ec2::v1::AssociateVpcCidrBlockResponse>(
      "AssociateVpcCidrBlock", "vpc_id: '" + world.vpc + "' amazon_provided_ipv6_cidr_block: true");
  const CidrIpv6 whole = Value(CidrIpv6::Parse(given.ipv6_cidr_block_association().ipv6_cidr_block()));
  Value(world.world.CallText("AssociateSubnetCidrBlock",
                             "subnet_id: '" + world.first + "' ipv6_cidr_block: '" + whole.Part(64, 1).text() + "'"));
  // An address comes of itself here, but not to who asks for IPv4.
  Value(world.world.CallText("ModifySubnetAttribute",
                             "subnet_id: '" + world.first + "' assign_ipv6_address_on_creation { value: true }"));
  const std::string only =
      world
          .Ask<ec2::v1::CreateSubnetResponse>("CreateSubnet", "vpc_id: '" + world.vpc + "' ipv6_native: true " +
                                                                  "ipv6_cidr_block: '" + whole.Part(64, 2).text() + "'")
          .subnet()
          .subnet_id();
  const struct {
    std::string type, subnet;
    bool ipv4;
    int ipv6;
  } cases[] = {{"", world.first, true, 0},
               {"ipv4", world.first, true, 0},
               {"dualstack", world.first, true, 1},
               {"ipv6", only, false, 1}};
  for (const auto& [type, subnet, ipv4, ipv6] : cases) {
    INFO(type);
    const auto made = world.Make("private_dns_enabled: false subnet_ids: '" + subnet + "' " +
                                 (type.empty() ? "" : "ip_address_type: '" + type + "'"));
    REQUIRE(world.Available(made.vpc_endpoint_id()));
    for (const auto& endpoint : {made, world.Shown(made.vpc_endpoint_id())}) {
      CHECK(endpoint.ip_address_type() == (type.empty() ? "ipv4" : type));
      CHECK(endpoint.dns_options().dns_record_ip_type() == (type.empty() ? "ipv4" : type));
    }
    const auto eni = world.Interface(made.network_interface_ids(0));
    CHECK(eni.has_private_ip_address() == ipv4);
    CHECK(eni.ipv6_addresses_size() == ipv6);
    const std::string id = "vpc_endpoint_id: '" + made.vpc_endpoint_id() + "' ip_address_type: ";
    CHECK(world.CodeOf("ModifyVpcEndpoint", id + "'" + (type.empty() ? "ipv4" : type) + "'").empty());
    CHECK(world.CodeOf("ModifyVpcEndpoint", id + (type == "dualstack" ? "'ipv4'" : "'dualstack'")) ==
          "UnsupportedOperation");
    const auto records = [&](absl::string_view of) {
      return absl::StrCat("vpc_endpoint_id: '", made.vpc_endpoint_id(), "' dns_options { dns_record_ip_type: '", of,
                          "' }");
    };
    CHECK(world.CodeOf("ModifyVpcEndpoint", records(made.dns_options().dns_record_ip_type())).empty());
    CHECK(world.CodeOf("ModifyVpcEndpoint", records("service-defined")).empty());
    CHECK(world.CodeOf("ModifyVpcEndpoint", records(type == "dualstack" ? "ipv4" : "dualstack")) ==
          "UnsupportedOperation");
    Value(world.world.CallText("DeleteVpcEndpoints", "vpc_endpoint_ids: '" + made.vpc_endpoint_id() + "'"));
    CHECK(world.Gone(made.vpc_endpoint_id()));
  }
  const std::string wanted = world.Wanted() + "private_dns_enabled: false ";
  const std::pair<std::string, const char*> refused[] = {
      {"ip_address_type: 'ipv6' subnet_ids: '" + world.first + "'", "InvalidParameter"},
      {"ip_address_type: 'dualstack' subnet_ids: '" + only + "'", "InvalidParameter"},
      {"ip_address_type: 'dualstack' subnet_ids: '" + world.second + "'", "InvalidParameter"},
      {"ip_address_type: 'ipv4' subnet_ids: '" + only + "'", "InvalidParameterCombination"},
      {"dns_options { dns_record_ip_type: 'ipv6' } subnet_ids: '" + world.first + "'", "UnsupportedOperation"}};
  for (const auto& [text, code] : refused) {
    INFO(text);
    CHECK(world.CodeOf("CreateVpcEndpoint", wanted + text) == code);
  }
  CHECK(world.Count() == 0);
}

TEST_CASE("a client token makes one VPC endpoint, and another request with it none", "[api]") {
  EndpointWorld world;
  const std::string text = "client_token: 'once' subnet_ids: '" + world.first + "' ";
  const auto made = world.Make(text);
  CHECK(world.Make(text).vpc_endpoint_id() == made.vpc_endpoint_id());
  CHECK(world.CodeOf("CreateVpcEndpoint", world.Wanted() + text + "private_dns_enabled: false") ==
        "IdempotentParameterMismatch");
}

TEST_CASE("a VPC endpoint without a subnet holds its groups, and is found by filters and tags", "[api]") {
  EndpointWorld world;
  const std::string group = world.Group("api");
  const auto made = world.Make("security_group_ids: " + Quoted(group));
  CHECK(made.dns_entries_size() == 0);
  REQUIRE(world.Available(made.vpc_endpoint_id()));
  CHECK(world.CodeOf("DeleteSecurityGroup", "group_id: " + Quoted(group)) == "DependencyViolation");
  Value(world.world.CallText(
      "CreateTags", absl::StrCat("resources: '", made.vpc_endpoint_id(), "' tags { key: 'team' value: 'blue' }")));
  const struct {
    std::string name, value;
    int found;
  } filters[] = {{"service-name", "com.amazonaws.us-east-1.ec2", 1},
                 {"service-name", "com.amazonaws.us-east-1.sts", 0},
                 {"vpc-id", world.vpc, 1},
                 {"vpc-endpoint-state", "available", 1},
                 {"vpc-endpoint-type", "Interface", 1},
                 {"tag:team", "blue", 1},
                 {"tag:team", "red", 0}};
  for (const auto& [name, value, found] : filters) {
    INFO(name << " " << value);
    CHECK(world
              .Ask<ec2::v1::DescribeVpcEndpointsResponse>(
                  "DescribeVpcEndpoints", absl::StrCat("filters { name: '", name, "' values: '", value, "' }"))
              .vpc_endpoints_size() == found);
  }
}

TEST_CASE("the services that VPC endpoints can be made of are the APIs that are served over HTTP", "[api]") {
  EndpointWorld world;
  const auto answer = world.Ask<ec2::v1::DescribeVpcEndpointServicesResponse>("DescribeVpcEndpointServices", "");
  std::set<std::string> shown, served;
  for (const auto& service : answer.service_details()) {
    CHECK(service.service_type(0).service_type() == "Interface");
    CHECK(service.vpc_endpoint_policy_supported());
    shown.insert(service.service_name());
  }
  for (const auto* service : schema::Services()) {
    const schema::ApiFamilyInfo& family = schema::Family(*service);
    if (family.api_version.empty()) continue;
    served.insert(
        absl::StrCat("com.amazonaws.", family.signing_name == "iam" ? "" : "us-east-1.", family.signing_name));
  }
  CHECK(shown == served);
  CHECK(std::set<std::string>(answer.service_names().begin(), answer.service_names().end()) == shown);
  const auto iam = world.Ask<ec2::v1::DescribeVpcEndpointServicesResponse>("DescribeVpcEndpointServices",
                                                                           "service_names: 'com.amazonaws.iam'");
  CHECK(iam.service_details(0).private_dns_name() == "iam.amazonaws.com");
  const auto page =
      world.Ask<ec2::v1::DescribeVpcEndpointServicesResponse>("DescribeVpcEndpointServices", "max_results: 2");
  CHECK(page.service_names_size() == 2);
  CHECK(page.has_next_token());
  // Each can be made.
  for (const std::string& name : shown) {
    CHECK(world.CodeOf("CreateVpcEndpoint", world.Wanted(name) + "subnet_ids: '" + world.first + "'") == "");
  }
}

TEST_CASE("where the API has no certificate a VPC endpoint says that HTTPS is not served", "[api]") {
  Settings settings = ComputeWorld::DefaultSettings();
  settings.api_has_certificate = false;
  ApiWorld world(settings);
  const auto vpcs = world.CallText("DescribeVpcs", "");
  REQUIRE(vpcs.ok());
  const std::string vpc = static_cast<const ec2::v1::DescribeVpcsResponse&>(**vpcs).vpcs(0).vpc_id();
  const auto made = world.CallText("CreateVpcEndpoint", "vpc_endpoint_type: 'Interface' vpc_id: '" + vpc +
                                                            "' service_name: 'com.amazonaws.us-east-1.ec2'");
  REQUIRE(made.ok());
  const auto& endpoint = static_cast<const ec2::v1::CreateVpcEndpointResponse&>(**made).vpc_endpoint();
  CHECK(endpoint.last_error().code() == "CertificateNotFound");
  CHECK(absl::StrContains(endpoint.last_error().message(), "HTTPS is not served"));
}

TEST_CASE("VPC endpoints and their services are found by the region of the service", "[api]") {
  EndpointWorld world;
  const auto made = world.Make("");
  CHECK(made.service_region() == "us-east-1");
  for (const auto& [region, found] : {std::pair{"us-east-1", true}, std::pair{"eu-west-1", false}}) {
    INFO(region);
    const std::string filter = absl::StrCat("filters { name: 'service-region' values: '", region, "' }");
    CHECK(world.Ask<ec2::v1::DescribeVpcEndpointsResponse>("DescribeVpcEndpoints", filter).vpc_endpoints_size() ==
          (found ? 1 : 0));
    const auto services =
        world.Ask<ec2::v1::DescribeVpcEndpointServicesResponse>("DescribeVpcEndpointServices", filter);
    CHECK(services.service_details().empty() == !found);
    for (const auto& service : services.service_details()) CHECK(service.service_region() == "us-east-1");
  }
}

TEST_CASE("an endpoint has the addresses that it is to have in its subnets, and changes them", "[api]") {
  EndpointWorld world;
  const auto made =
      world.Make(absl::StrCat("subnet_ids: '", world.first, "' subnet_configurations { subnet_id: '", world.first,
                              "' ipv4: '10.1.1.77' } subnet_configurations { subnet_id: '", world.second,
                              "' } dns_options { dns_record_ip_type: 'ipv4' } ", "service_region: 'us-east-1'"));
  CHECK(made.subnet_ids_size() == 2);
  CHECK(made.route_table_ids().empty());
  const auto address_in = [&](const std::string& subnet) {
    const auto shown = world.Shown(made.vpc_endpoint_id());
    for (const std::string& id : shown.network_interface_ids()) {
      const auto eni = world.Interface(id);
      if (eni.subnet_id() == subnet) return eni.private_ip_address();
    }
    return std::string();
  };
  CHECK(address_in(world.first) == "10.1.1.77");
  REQUIRE(world.Available(made.vpc_endpoint_id()));
  const std::string change = "vpc_endpoint_id: '" + made.vpc_endpoint_id() + "' subnet_configurations { subnet_id: '";
  const std::string second = address_in(world.second);
  Value(world.world.CallText("ModifyVpcEndpoint", change + world.first +
                                                      "' ipv4: '10.1.1.78' } subnet_configurations "
                                                      "{ subnet_id: '" +
                                                      world.second + "' }"));
  CHECK(address_in(world.first) == "10.1.1.78");
  CHECK(address_in(world.second) == second);
  CHECK(world.CodeOf("ModifyVpcEndpoint", change + world.first + "' ipv4: '10.9.9.9' }") == "InvalidParameterValue");
  CHECK(world.CodeOf("ModifyVpcEndpoint", change + world.beside + "' ipv4: '10.1.3.9' }") ==
        "DuplicateSubnetsInSameZone");
  CHECK(world.CodeOf("CreateVpcEndpoint", world.Wanted() + "service_region: 'eu-west-1'") == "InvalidServiceName");
}

TEST_CASE("services of another region are not shown", "[api]") {
  EndpointWorld world;
  const auto count = [&](const std::string& text) {
    return world.Ask<ec2::v1::DescribeVpcEndpointServicesResponse>("DescribeVpcEndpointServices", text)
        .service_names_size();
  };
  CHECK(count("service_regions: 'us-east-1' service_regions: 'eu-west-1'") == count(""));
  CHECK(count("service_regions: 'eu-west-1'") == 0);
}

}  // namespace brume
