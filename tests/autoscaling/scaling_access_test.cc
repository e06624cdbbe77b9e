// What policies are asked about Auto Scaling's calls.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/iam/v1/user.pb.h"
#include "tests/autoscaling/scaling_api_fixture.h"

namespace brume {
namespace {

class AccessWorld : public ScalingApiWorld {
 public:
  AccessWorld() { REQUIRE_OK(CallText("CreateUser", "user_name: 'ada'").status()); }

  // Statements as JSON: the only ones that ada has.
  void Let(const std::string& statements) {
    const std::string document = absl::StrCat(R"({"Version":"2012-10-17","Statement":[)", statements, "]}");
    REQUIRE_OK(
        CallText("PutUserPolicy", absl::StrCat("user_name: 'ada' policy_name: 'p' policy_document: '", document, "'"))
            .status());
  }
  // "" when ada may.
  std::string As(const std::string& action, const std::string& text) {
    const auto shown = Value(CallText("GetUser", "user_name: 'ada'"));
    const auto& user = static_cast<const iam::v1::GetUserResponse&>(*shown).user();
    const Caller ada{.principal = user.arn(),
                     .source = "127.0.0.1",
                     .request_id = "request-2",
                     .arn = user.arn(),
                     .principal_id = user.user_id(),
                     .user_name = "ada"};
    const auto* method = FindRpc("autoscaling:" + action);
    std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    REQUIRE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
    const absl::Status status = dispatcher.Call(*method, *request, ada).status();
    INFO(status.ToString());
    return ec2::ErrorCode(status);
  }
  std::string Create(const std::string& name, const std::string& source) {
    return As("CreateAutoScalingGroup", absl::StrCat("auto_scaling_group_name: '", name, "' min_size: 0 max_size: 1 ",
                                                     "availability_zones: '", zone, "' ", source));
  }
};

constexpr char kScaling[] = R"({"Effect":"Allow","Action":"autoscaling:*","Resource":"*"})";
constexpr char kRun[] = R"({"Effect":"Allow","Action":["ec2:RunInstances","ec2:CreateTags"],"Resource":"*"})";
constexpr char kWeb[] = "launch_template { launch_template_name: 'web' version: '1' }";

}  // namespace

TEST_CASE("who gives a group a launch template is asked as if launching from it", "[scaling_api]") {
  AccessWorld world;
  world.Let(kScaling);
  CHECK(world.Create("a", kWeb) == "AccessDenied");
  CHECK(world.Create("a",
                     "mixed_instances_policy { launch_template { launch_template_specification { "
                     "launch_template_name: 'web' } } }") == "AccessDenied");
  world.Let(absl::StrCat(kScaling, ",", kRun));
  CHECK(world.Create("a", kWeb).empty());
  // Neither a denial of the launch nor one of a part of it is passed by.
  for (
      const char* denial :
      {R"({"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*"})",
       R"({"Effect":"Deny","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:subnet/*"})",
       R"({"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*","Condition":{"StringEquals":{"ec2:InstanceType":"b1.tiny"}}})",
       R"({"Effect":"Deny","Action":"ec2:CreateTags","Resource":"*"})"}) {
    INFO(denial);
    world.Let(absl::StrCat(kScaling, ",", kRun, ",", denial));
    CHECK(world.Create("b", kWeb) == "AccessDenied");
    CHECK(world.As("UpdateAutoScalingGroup", absl::StrCat("auto_scaling_group_name: 'a' ", kWeb)) == "AccessDenied");
    CHECK(world.As("StartInstanceRefresh", absl::StrCat("auto_scaling_group_name: 'a' desired_configuration { ", kWeb,
                                                        " }")) == "AccessDenied");
    // What names no template launches from what was allowed already.
    CHECK(world.As("UpdateAutoScalingGroup", "auto_scaling_group_name: 'a' max_size: 2").empty());
  }
}

TEST_CASE("a group may launch into its subnets by a template that names security groups by name", "[scaling_api]") {
  AccessWorld world;
  REQUIRE_OK(world
                 .CallText("CreateLaunchTemplate",
                           absl::StrCat("launch_template_name: 'named' launch_template_data { image_id: '",
                                        world.image.text(), "' instance_type: 'b1.tiny' security_groups: 'default' }"))
                 .status());
  const std::string subnet = Value(world.networks.ListSubnets({})).front().subnet.id.text();
  world.Let(absl::StrCat(kScaling, ",", kRun));
  const auto create = [&](const std::string& name) {
    return world.As("CreateAutoScalingGroup",
                    absl::StrCat("auto_scaling_group_name: '", name, "' min_size: 0 max_size: 1 vpc_zone_identifier: '",
                                 subnet, "' launch_template { launch_template_name: 'named' }"));
  };
  CHECK(create("a").empty());
  world.Let(absl::StrCat(kScaling, ",", kRun, R"(,{"Effect":"Deny","Action":"ec2:RunInstances","Resource":)",
                         R"("arn:aws:ec2:*:*:security-group/*"})"));
  CHECK(create("b") == "AccessDenied");
}

TEST_CASE("each type and each template of a mixed group is asked about", "[scaling_api]") {
  AccessWorld world;
  REQUIRE_OK(world
                 .CallText("CreateLaunchTemplate",
                           absl::StrCat("launch_template_name: 'other' launch_template_data { image_id: '",
                                        world.image.text(), "' instance_type: 'b1.tiny' }"))
                 .status());
  const std::string mixed =
      "mixed_instances_policy { launch_template { launch_template_specification { launch_template_name: 'web' } "
      "overrides { instance_type: 'b1.tiny' } overrides { instance_type: 'b1.small' launch_template_specification { "
      "launch_template_name: 'other' } } } }";
  world.Let(absl::StrCat(kScaling, ",", kRun));
  CHECK(world.Create("all", mixed).empty());
  world.Let(absl::StrCat(
      kScaling, ",", kRun,
      R"(,{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*","Condition":{"StringEquals":{"ec2:InstanceType":"b1.small"}}})"));
  CHECK(world.Create("type", mixed) == "AccessDenied");
  // The second type is asked about in the second zone, too.
  world.Let(absl::StrCat(
      kScaling, ",", kRun,
      R"(,{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*","Condition":{"StringEquals":{"ec2:InstanceType":"b1.small","ec2:AvailabilityZone":"us-east-1b"}}})"));
  CHECK(world.Create("zones", mixed + " availability_zones: 'us-east-1b'") == "AccessDenied");
  CHECK(world.Create("zone", mixed).empty());
}

TEST_CASE("who may not read an instance's user data has no launch configuration show it", "[scaling_api]") {
  AccessWorld world;
  compute::RunRequest request = world.Request();
  request.user_data = "secret";
  const InstanceId id = world.Launch(request);
  const auto copy = [&](const std::string& name, const std::string& more = "") {
    return world.As("CreateLaunchConfiguration",
                    absl::StrCat("launch_configuration_name: '", name, "' instance_id: '", id.text(), "' ", more));
  };
  world.Let(kScaling);
  CHECK(copy("no") == "AccessDenied");
  world.Let(absl::StrCat(kScaling, R"(,{"Effect":"Allow","Action":"ec2:DescribeInstanceAttribute","Resource":")",
                         "arn:aws:ec2:*:*:instance/i-00000000000000000", R"("})"));
  CHECK(copy("other") == "AccessDenied");
  world.Let(absl::StrCat(kScaling, R"(,{"Effect":"Allow","Action":"ec2:DescribeInstanceAttribute","Resource":"*"})"));
  CHECK(copy("yes").empty());
  // User data of one's own takes nothing over.
  world.Let(kScaling);
  CHECK(copy("own", "user_data: 'aGVsbG8='").empty());
}

TEST_CASE("who makes a group of an instance is asked as for a launch configuration of it", "[scaling_api]") {
  AccessWorld world;
  compute::RunRequest request = world.Request();
  request.user_data = "secret";
  const std::string instance = absl::StrCat("instance_id: '", world.Launch(request).text(), "'");
  world.Let(kScaling);
  CHECK(world.Create("no", instance) == "AccessDenied");
  constexpr char kRead[] = R"({"Effect":"Allow","Action":"ec2:DescribeInstanceAttribute","Resource":"*"})";
  world.Let(absl::StrCat(kScaling, ",", kRead,
                         R"(,{"Effect":"Deny","Action":"autoscaling:CreateLaunchConfiguration","Resource":"*"})"));
  CHECK(world.Create("no", instance) == "AccessDenied");
  REQUIRE(Value(world.scaling_policies.ListConfigurations({})).empty());
  world.Let(absl::StrCat(kScaling, ",", kRead));
  CHECK(world.Create("yes", instance).empty());
}

TEST_CASE("policies know a group by the UUID in its ARN, and by its tags", "[scaling_api]") {
  AccessWorld world;
  world.CreateGroup("web", "min_size: 0 max_size: 5 tags { key: 'env' value: 'prod' }");
  world.CreateGroup("dev", "min_size: 0 max_size: 5 tags { key: 'env' value: 'dev' }");
  const std::string arn = world.Group("web").auto_scaling_group_arn();
  const auto set = [&](const std::string& group) {
    return world.As("SetDesiredCapacity", absl::StrCat("auto_scaling_group_name: '", group, "' desired_capacity: 1"));
  };
  world.Let(absl::StrCat(R"({"Effect":"Allow","Action":"autoscaling:*","Resource":")", arn, R"("})"));
  CHECK(set("web").empty());
  CHECK(set("dev") == "AccessDenied");
  world.Let(absl::StrCat(kScaling, R"(,{"Effect":"Deny","Action":"autoscaling:*","Resource":")", arn, R"("})"));
  CHECK(set("web") == "AccessDenied");
  CHECK(set("dev").empty());
  for (const char* key : {"autoscaling:ResourceTag/env", "aws:ResourceTag/env"}) {
    world.Let(absl::StrCat(kScaling, R"(,{"Effect":"Deny","Action":"autoscaling:*","Resource":"*","Condition":)",
                           R"({"StringEquals":{")", key, R"(":"prod"}}})"));
    CHECK(set("web") == "AccessDenied");
    CHECK(set("dev").empty());
  }
}

TEST_CASE("policies may ask what a call says of a group and of a launch configuration", "[scaling_api]") {
  AccessWorld world;
  REQUIRE_OK(world.Do("CreateLaunchConfiguration", absl::StrCat("launch_configuration_name: 'lc' instance_type: "
                                                                "'b1.tiny' image_id: '",
                                                                world.image.text(), "'")));
  const auto deny = [&](const std::string& condition) {
    world.Let(absl::StrCat(kScaling, ",", kRun, R"(,{"Effect":"Deny","Action":"autoscaling:*","Resource":"*",)",
                           R"("Condition":)", condition, "}"));
  };
  deny(R"({"NumericGreaterThan":{"autoscaling:MaxSize":"0"}})");
  CHECK(world.Create("max", kWeb) == "AccessDenied");
  deny(R"({"NumericGreaterThan":{"autoscaling:MaxSize":"10"}})");
  CHECK(world.Create("max", kWeb).empty());
  deny(R"({"Bool":{"autoscaling:LaunchTemplateVersionSpecified":"false"}})");
  CHECK(world.Create("latest", "launch_template { launch_template_name: 'web' version: '$Latest' }") == "AccessDenied");
  CHECK(world.Create("fixed", kWeb).empty());
  deny(R"({"StringEquals":{"autoscaling:LaunchConfigurationName":"lc"}})");
  CHECK(world.Create("lc", "launch_configuration_name: 'lc'") == "AccessDenied");
  deny(R"({"ForAnyValue:StringEquals":{"autoscaling:InstanceTypes":"b1.small"}})");
  CHECK(world.Create("types",
                     "mixed_instances_policy { launch_template { launch_template_specification { "
                     "launch_template_name: 'web' } overrides { instance_type: 'b1.small' } } }") == "AccessDenied");
  deny(R"({"StringEquals":{"autoscaling:InstanceType":"b1.tiny"}})");
  CHECK(world.As("CreateLaunchConfiguration", absl::StrCat("launch_configuration_name: 'new' instance_type: 'b1.tiny' "
                                                           "image_id: '",
                                                           world.image.text(), "'")) == "AccessDenied");
  deny(R"({"StringEquals":{"aws:RequestTag/env":"prod"}})");
  CHECK(world.Create("tagged", absl::StrCat(kWeb, " tags { key: 'env' value: 'prod' }")) == "AccessDenied");
}

}  // namespace brume
