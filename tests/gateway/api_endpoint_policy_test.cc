// Calls that come through a VPC endpoint: its policy beside the caller's, the keys of conditions, and their record.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "brume/ec2/v1/vpc_endpoint.pb.h"
#include "brume/host/v1/event.pb.h"
#include "google/protobuf/text_format.h"
#include "tests/fakes/policy_world.h"

namespace brume {
namespace {

constexpr char kAllowAll[] = R"({"Effect":"Allow","Action":"*","Resource":"*"})";

class EndpointPolicyWorld : public PolicyWorld {
 public:
  EndpointPolicyWorld() {
    const auto vpcs = CallText("DescribeVpcs", "");
    REQUIRE(vpcs.ok());
    vpc = static_cast<const ec2::v1::DescribeVpcsResponse&>(**vpcs).vpcs(0).vpc_id();
    const auto made = CallText("CreateVpcEndpoint", Wanted("ec2"));
    REQUIRE(made.ok());
    id = static_cast<const ec2::v1::CreateVpcEndpointResponse&>(**made).vpc_endpoint().vpc_endpoint_id();
  }
  std::string Wanted(const std::string& service) const {
    return absl::StrCat("vpc_endpoint_type: 'Interface' vpc_id: '", vpc, "' service_name: 'com.amazonaws.us-east-1.",
                        service, "'");
  }
  Caller Through(Caller caller) const {
    caller.vpc_endpoint_id = id;
    caller.vpc_id = vpc;
    caller.source = "172.31.0.9";
    return caller;
  }
  // `statements` are the endpoint's policy.
  void SetEndpointPolicy(const std::string& statements) {
    const auto changed =
        CallText("ModifyVpcEndpoint",
                 absl::StrCat("vpc_endpoint_id: '", id, R"(' policy_document: '{"Statement":[)", statements, "]}'"));
    INFO(changed.status());
    REQUIRE(changed.ok());
  }
  absl::Status TryAs(const Caller& caller, const std::string& action, const std::string& text = "") {
    const auto* method = FindRpc(action);
    REQUIRE(method != nullptr);
    std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    REQUIRE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
    return dispatcher.Call(*method, *request, caller).status();
  }
  std::string CodeOf(const Caller& caller, const std::string& action, const std::string& text = "") {
    const absl::Status status = TryAs(caller, action, text);
    return status.ok() ? "" : ec2::ErrorCode(status);
  }

  std::string vpc, id;
};

}  // namespace

TEST_CASE("a VPC endpoint's policy is asked beside the caller's, and of an administrator too", "[api]") {
  EndpointPolicyWorld world;
  const Caller ada = world.Through(world.ada()), root = world.Through(world.administrator);
  CHECK(world.CodeOf(root, "DescribeVpcs") == "");
  // Neither policy is enough alone.
  CHECK(world.CodeOf(ada, "DescribeVpcs") == "UnauthorizedOperation");
  world.SetPolicy(kAllowAll);
  CHECK(world.CodeOf(ada, "DescribeVpcs") == "");
  world.SetEndpointPolicy(R"({"Effect":"Allow","Principal":"*","Action":"ec2:DescribeVpcs","Resource":"*"})");
  CHECK(world.CodeOf(ada, "DescribeVpcs") == "");
  for (const Caller& caller : {ada, root}) {
    const absl::Status refused = world.TryAs(caller, "DescribeSubnets");
    CHECK(ec2::ErrorCode(refused) == "UnauthorizedOperation");
    CHECK(absl::StrContains(refused.message(), "because no VPC endpoint policy allows the ec2:DescribeSubnets action"));
  }
  // By another way than through the endpoint it is not asked.
  CHECK(world.CodeOf(world.ada(), "DescribeSubnets") == "");
  world.SetEndpointPolicy(R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},)"
                          R"({"Effect":"Deny","Principal":"*","Action":"ec2:DescribeSubnets","Resource":"*"})");
  CHECK(absl::StrContains(world.TryAs(root, "DescribeSubnets").message(),
                          "with an explicit deny in a VPC endpoint policy"));
}

TEST_CASE("a VPC endpoint's policy knows callers, resources and conditions, and actions that need no permission",
          "[api]") {
  EndpointPolicyWorld world;
  world.SetPolicy(kAllowAll);
  const Caller ada = world.Through(world.ada()), root = world.Through(world.administrator);
  world.SetEndpointPolicy(
      absl::StrCat(R"({"Effect":"Allow","Principal":{"AWS":")", ada.arn, R"("},"Action":"*","Resource":"*"})"));
  CHECK(world.CodeOf(ada, "DescribeVpcs") == "");
  CHECK(world.CodeOf(root, "DescribeVpcs") == "UnauthorizedOperation");
  CHECK(world.CodeOf(root, "sts:GetCallerIdentity") == "AccessDenied");
  CHECK(world.CodeOf(ada, "sts:GetCallerIdentity") == "");
  world.SetEndpointPolicy(absl::StrCat(R"({"Effect":"Allow","Principal":{"AWS":")", world.settings.account_id,
                                       R"("},"Action":"ec2:DeleteVpc","Resource":")", world.Ec2Arn("vpc/vpc-1"),
                                       R"("})"));
  CHECK(world.CodeOf(root, "DeleteVpc", "vpc_id: '" + world.vpc + "'") == "UnauthorizedOperation");
  world.SetEndpointPolicy(R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",)"
                          R"("Condition":{"IpAddress":{"aws:VpcSourceIp":"172.31.0.9/32"}}})");
  CHECK(world.CodeOf(root, "DescribeVpcs") == "");
  Caller elsewhere = root;
  elsewhere.source = "172.31.0.10";
  CHECK(world.CodeOf(elsewhere, "DescribeVpcs") == "UnauthorizedOperation");
  // By a tag of what the call is about.
  REQUIRE(world.CallText("CreateTags", "resources: '" + world.vpc + "' tags { key: 'team' value: 'blue' }").ok());
  const std::string text = "vpc_id: '" + world.vpc + "' enable_dns_support { value: true }";
  const auto by_tag = [&](const std::string& value) {
    world.SetEndpointPolicy(R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",)"
                            R"("Condition":{"StringEquals":{"aws:ResourceTag/team":")" +
                            value + R"("}}})");
    return world.CodeOf(root, "ModifyVpcAttribute", text);
  };
  CHECK(by_tag("blue") == "");
  CHECK(by_tag("red") == "UnauthorizedOperation");
}

TEST_CASE("a VPC endpoint's policy names a session by its role's ARN and by its own", "[api]") {
  EndpointPolicyWorld world;
  Caller session = world.Through(world.administrator);
  session.arn = "arn:aws:sts::000000000000:assumed-role/builder/night";
  session.role_arn = "arn:aws:iam::000000000000:role/ci/builder";
  Caller other = session;
  other.arn = "arn:aws:sts::000000000000:assumed-role/builder/day";
  const auto names = [&](const std::string& arn) {
    world.SetEndpointPolicy(
        absl::StrCat(R"({"Effect":"Allow","Principal":{"AWS":")", arn, R"("},"Action":"*","Resource":"*"})"));
  };
  names(session.role_arn);
  CHECK(world.CodeOf(session, "DescribeVpcs") == "");
  CHECK(world.CodeOf(other, "DescribeVpcs") == "");
  names(session.arn);
  CHECK(world.CodeOf(session, "DescribeVpcs") == "");
  CHECK(world.CodeOf(other, "DescribeVpcs") == "UnauthorizedOperation");
  world.SetEndpointPolicy(absl::StrCat(R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",)",
                                       R"("Condition":{"ArnEquals":{"aws:PrincipalArn":")", session.role_arn,
                                       R"("}}})"));
  CHECK(world.CodeOf(session, "DescribeVpcs") == "");
}

TEST_CASE("a VPC endpoint's policy is asked about all that a call does, as the caller's is", "[api]") {
  EndpointPolicyWorld world;
  const Caller root = world.Through(world.administrator);
  world.SetEndpointPolicy(R"({"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"},)"
                          R"({"Effect":"Deny","Principal":"*","Action":"ec2:CreateTags","Resource":"*"})");
  CHECK(world.CodeOf(root, "CreateInternetGateway") == "");
  CHECK(world.CodeOf(root, "CreateInternetGateway",
                     "tag_specifications { resource_type: 'internet-gateway' tags { key: 'k' value: 'v' } }") ==
        "UnauthorizedOperation");
  // What cannot be resolved is not let through unjudged.
  CHECK(world.CodeOf(root, "AuthorizeSecurityGroupIngress", "group_name: 'nobody'") == "InvalidGroup.NotFound");
}

TEST_CASE("policies can ask for a VPC endpoint, its VPC or its service", "[api]") {
  EndpointPolicyWorld world;
  const Caller ada = world.Through(world.ada());
  const auto allow_if = [&](const std::string& condition) {
    world.SetPolicy(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{)" + condition + "}}");
  };
  const std::string keys[] = {
      absl::StrCat(R"("StringEquals":{"aws:SourceVpce":")", world.id, R"("})"),
      absl::StrCat(R"("StringEquals":{"aws:SourceVpc":")", world.vpc, R"("})"),
      absl::StrCat(R"("ArnEquals":{"aws:SourceVpcArn":")", world.Ec2Arn("vpc/" + world.vpc), R"("})"),
      R"("IpAddress":{"aws:VpcSourceIp":"172.31.0.0/16"})"};
  for (const std::string& key : keys) {
    INFO(key);
    allow_if(key);
    CHECK(world.CodeOf(ada, "DescribeVpcs") == "");
    CHECK(world.CodeOf(world.ada(), "DescribeVpcs") == "UnauthorizedOperation");
  }
  // The guest's address is no address of the world's.
  allow_if(R"("IpAddress":{"aws:SourceIp":"172.31.0.0/16"})");
  CHECK(world.CodeOf(ada, "DescribeVpcs") == "UnauthorizedOperation");
  allow_if(R"("StringEquals":{"ec2:VpceServiceName":"com.amazonaws.us-east-1.sts"})");
  CHECK(world.CodeOf(world.ada(), "CreateVpcEndpoint", world.Wanted("monitoring")) == "UnauthorizedOperation");
  world.SetPolicy(absl::StrCat(kAllowAll, R"(,{"Effect":"Deny","Action":"ec2:*VpcEndpoint*","Resource":"*",)",
                               R"("Condition":{"StringEquals":{"ec2:VpceServiceName":)",
                               R"("com.amazonaws.us-east-1.sts"}}})"));
  CHECK(world.CodeOf(world.ada(), "CreateVpcEndpoint", world.Wanted("sts")) == "UnauthorizedOperation");
  CHECK(world.CodeOf(world.ada(), "CreateVpcEndpoint", world.Wanted("monitoring")) == "");
  CHECK(world.CodeOf(world.ada(), "ModifyVpcEndpoint", "vpc_endpoint_id: '" + world.id + "'") == "");
}

TEST_CASE("a call through a VPC endpoint is recorded with the endpoint, and none is let through one that is gone",
          "[api]") {
  EndpointPolicyWorld world;
  Caller root = world.Through(world.administrator);
  root.request_id = "through";
  CHECK(world.CodeOf(root, "CreateVpc", "cidr_block: '10.9.0.0/16'") == "");
  const auto found =
      world.CallText("LookupEvents", "lookup_attributes { attribute_key: 'RequestId' attribute_value: 'through' }");
  REQUIRE(found.ok());
  const auto& events = static_cast<const host::v1::LookupEventsResponse&>(**found);
  REQUIRE(events.events_size() == 1);
  CHECK(events.events(0).vpc_endpoint_id() == world.id);
  CHECK(events.events(0).source_ip_address() == "172.31.0.9");
  REQUIRE(world.CallText("DeleteVpcEndpoints", "vpc_endpoint_ids: '" + world.id + "'").ok());
  REQUIRE(ComputeWorld::Eventually([&] {
    return world.CodeOf(world.administrator, "DescribeVpcEndpoints", "vpc_endpoint_ids: '" + world.id + "'") != "";
  }));
  CHECK(world.CodeOf(root, "DescribeVpcs") == "UnauthorizedOperation");
}

}  // namespace brume
