#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "brume/autoscaling/v1/group.pb.h"
#include "brume/autoscaling/v1/tag.pb.h"
#include "brume/cloudwatch/v1/alarm.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "brume/host/v1/console.pb.h"
#include "lib/gateway/access.h"
#include "lib/gateway/actions.h"
#include "lib/gateway/dispatcher.h"
#include "lib/gateway/unsaid_needs.h"
#include "lib/gateway/validate.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {
namespace {

const Account kAccount{.region = "eu-west-1", .id = "123456789012"};

AccessQuestion Ask(const char* service, const char* action, const google::protobuf::Message& request,
                   const Caller& caller) {
  const auto* method = Dispatcher().FindMethod(service, action);
  REQUIRE(method != nullptr);
  return QuestionOf(*method, request, caller, kAccount, absl::UnixEpoch());
}

}  // namespace

TEST_CASE("a call asks for its action on each resource it names", "[api]") {
  ec2::v1::StopInstancesRequest stop;
  stop.add_instance_ids("i-0123456789abcdef0");
  stop.add_instance_ids("i-0123456789abcdef1");
  const AccessQuestion question = Ask("brume.ec2.v1.Instances", "StopInstances", stop, {});
  CHECK(question.action == "ec2:StopInstances");
  CHECK(question.resources ==
        std::vector<std::string>{"arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0",
                                 "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef1"});
}

TEST_CASE("a call that names no resource asks for all of them", "[api]") {
  CHECK(Ask("brume.ec2.v1.Instances", "DescribeInstances", ec2::v1::DescribeInstancesRequest(), {}).resources ==
        std::vector<std::string>{"*"});
}

TEST_CASE("the principal's ARN of a role's session is the role's, with its path", "[api]") {
  const Caller session{.arn = "arn:aws:sts::123456789012:assumed-role/builder/night",
                       .principal_id = "AROAR:night",
                       .role_id = "AROAR",
                       .role_arn = "arn:aws:iam::123456789012:role/ci/builder",
                       .issued = absl::UnixEpoch()};
  AccessContext context =
      Ask("brume.ec2.v1.Instances", "DescribeInstances", ec2::v1::DescribeInstancesRequest(), session).context;
  CHECK(context["aws:principalarn"] == std::vector<std::string>{session.role_arn});
  CHECK(context["aws:principaltype"] == std::vector<std::string>{"AssumedRole"});
  CHECK(context["aws:principalaccount"] == std::vector<std::string>{"123456789012"});
  CHECK(context["aws:userid"] == std::vector<std::string>{"AROAR:night"});
  CHECK(context["aws:tokenissuetime"] == std::vector<std::string>{"1970-01-01T00:00:00Z"});
  CHECK_FALSE(context.contains("aws:username"));
}

TEST_CASE("a group is named to policies by its name or its ARN, and a tag by its group", "[api]") {
  const std::string prefix = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:";
  autoscaling::v1::SetDesiredCapacityRequest set;
  set.set_auto_scaling_group_name("web");
  AccessQuestion question = Ask("brume.autoscaling.v1.Groups", "SetDesiredCapacity", set, {});
  CHECK(question.action == "autoscaling:SetDesiredCapacity");
  CHECK(question.resources == std::vector<std::string>{prefix + "*:autoScalingGroupName/web"});
  set.set_auto_scaling_group_name(prefix + "1-2-3:autoScalingGroupName/web");
  question = Ask("brume.autoscaling.v1.Groups", "SetDesiredCapacity", set, {});
  CHECK(question.resources == std::vector<std::string>{prefix + "1-2-3:autoScalingGroupName/web"});

  autoscaling::v1::CreateOrUpdateTagsRequest tags;
  tags.add_tags()->set_resource_id("web");
  tags.mutable_tags(0)->set_key("team");
  question = Ask("brume.autoscaling.v1.GroupTags", "CreateOrUpdateTags", tags, {});
  CHECK(question.resources == std::vector<std::string>{prefix + "*:autoScalingGroupName/web"});
  CHECK(question.context.at("aws:tagkeys") == std::vector<std::string>{"team"});
}

TEST_CASE("policies are told who asks, from where, and the tags that are set", "[api]") {
  ec2::v1::CreateTagsRequest create;
  create.add_resources("i-0123456789abcdef0");
  ec2::v1::Tag& tag = *create.add_tags();
  tag.set_key("Stage");
  tag.set_value("test");
  const Caller caller{.principal = "arn:aws:iam::123456789012:user/ada",
                      .source = "127.0.0.1",
                      .secure = true,
                      .arn = "arn:aws:iam::123456789012:user/ada",
                      .user_name = "ada"};
  AccessQuestion question = Ask("brume.ec2.v1.Tags", "CreateTags", create, caller);
  CHECK(question.resources ==
        std::vector<std::string>{"arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"});
  CHECK(question.context["aws:username"] == std::vector<std::string>{"ada"});
  CHECK(question.context["aws:sourceip"] == std::vector<std::string>{"127.0.0.1"});
  CHECK(question.context["aws:securetransport"] == std::vector<std::string>{"true"});
  CHECK(question.context["aws:requesttag/stage"] == std::vector<std::string>{"test"});
  CHECK(question.context["aws:tagkeys"] == std::vector<std::string>{"Stage"});
}

TEST_CASE("a caller no policy allows is refused, and the call is told of", "[api]") {
  std::vector<std::string> outcomes;
  Dispatcher dispatcher(
      {.authorize =
           [](const Caller&, const AccessQuestion& question) {
             if (question.action == "ec2:StopInstances") return absl::OkStatus();
             return absl::PermissionDeniedError("no identity-based policy allows it");
           },
       .record = [&](const CallRecord& record) { outcomes.push_back(ec2::ErrorCode(record.outcome)); }});
  Actions(dispatcher)
      .Add([](const ec2::v1::StopInstancesRequest&, const Caller&) -> absl::StatusOr<ec2::v1::StopInstancesResponse> {
        return ec2::v1::StopInstancesResponse();
      });
  const Caller ada{.principal = "arn:aws:iam::000000000000:user/ada", .request_id = "r"};
  ec2::v1::StopInstancesRequest stop;
  stop.add_instance_ids("i-0123456789abcdef0");
  ec2::v1::TerminateInstancesRequest terminate;
  terminate.add_instance_ids("i-0123456789abcdef0");
  CHECK(dispatcher.Call(*dispatcher.FindMethod("brume.ec2.v1.Instances", "StopInstances"), stop, ada).ok());
  const absl::Status refused =
      dispatcher.Call(*dispatcher.FindMethod("brume.ec2.v1.Instances", "TerminateInstances"), terminate, ada).status();
  CHECK(ec2::ErrorCode(refused) == "UnauthorizedOperation");
  CHECK(std::string(refused.message()).find("ec2:TerminateInstances") != std::string::npos);
  CHECK(outcomes == std::vector<std::string>{"", "UnauthorizedOperation"});
}

TEST_CASE("a console is attached to as a call is made: limited, asked of policies, checked, recorded", "[api]") {
  std::vector<AccessQuestion> asked;
  std::vector<std::string> recorded;
  bool admits = true;
  Dispatcher dispatcher({.account = {.region = "eu-west-1", .id = "123456789012"},
                         .admit = [&](const auto&, const auto&, const Caller&) -> absl::Status {
                           if (admits) return absl::OkStatus();
                           return ec2::Error("RequestLimitExceeded", "Request limit exceeded.");
                         },
                         .authorize = [&](const Caller& caller, const AccessQuestion& question) -> absl::Status {
                           asked.push_back(question);
                           if (caller.user_name == "ada") return absl::OkStatus();
                           return absl::PermissionDeniedError("no identity-based policy allows it");
                         },
                         .record =
                             [&](const CallRecord& record) {
                               recorded.push_back(
                                   absl::StrCat(record.method.name(), " ", ec2::ErrorCode(record.outcome)));
                             }});
  const auto* method = dispatcher.FindMethod("brume.host.v1.Console", "Attach");
  REQUIRE(method != nullptr);
  const auto attach = [&](const std::string& user, const std::string& instance) {
    host::v1::ConsoleInput first;
    first.set_instance_id(instance);
    bool opened = false;
    const absl::Status status =
        dispatcher.OpenStream(*method, first, {.request_id = "r", .user_name = user}, [&]() -> absl::Status {
          opened = true;
          return absl::OkStatus();
        });
    CHECK(opened == status.ok());
    return ec2::ErrorCode(status);
  };
  CHECK(attach("ada", "i-0123456789abcdef0") == "");
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].action == "brume:Attach");
  CHECK(asked[0].resources ==
        std::vector<std::string>{"arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"});
  CHECK(attach("bob", "i-0123456789abcdef0") == "UnauthorizedOperation");
  CHECK(attach("ada", "") == "MissingParameter");
  CHECK(attach("ada", "console") == "InvalidInstanceID.Malformed");
  admits = false;
  CHECK(attach("ada", "i-0123456789abcdef0") == "RequestLimitExceeded");
  CHECK(recorded == std::vector<std::string>{"Attach ", "Attach UnauthorizedOperation", "Attach MissingParameter",
                                             "Attach InvalidInstanceID.Malformed", "Attach RequestLimitExceeded"});
}

TEST_CASE("what is typed at a console is in no record", "[api]") {
  host::v1::ConsoleInput first;
  first.set_instance_id("i-0123456789abcdef0");
  first.set_data("hunter2");
  CHECK(ForLog(first).find("hunter2") == std::string::npos);
  CHECK(ForLog(first).find("i-0123456789abcdef0") != std::string::npos);
}

TEST_CASE("a call beyond its caller's share is refused before anything is looked at", "[api]") {
  Dispatcher dispatcher(
      {.admit = [](const google::protobuf::MethodDescriptor&, const google::protobuf::Message&, const Caller&) {
        return ec2::Error("RequestLimitExceeded", "Request limit exceeded.");
      }});
  const auto refused = dispatcher.Call(*dispatcher.FindMethod("brume.ec2.v1.Instances", "StopInstances"),
                                       ec2::v1::StopInstancesRequest(), {.request_id = "r"});
  CHECK(ec2::ErrorCode(refused.status()) == "RequestLimitExceeded");
}

TEST_CASE("an action that does not say what its request hands on is found before it is served", "[api]") {
  using Texts = std::vector<std::string>;
  const auto roles = [](const google::protobuf::Message&) { return std::vector<PassedRole>(); };
  Action action;
  const Texts launch = UnsaidNeeds(*ec2::v1::RunInstancesRequest::descriptor(), action);
  REQUIRE(launch.size() == 4);
  CHECK_THAT(launch[0], Catch::Contains("iam_instance_profile may pass a role"));
  CHECK_THAT(launch[1], Catch::Contains("launch_template may pass a role"));
  CHECK_THAT(launch[2], Catch::Contains("launch_template names what is launched"));
  CHECK_THAT(launch[3], Catch::Contains("launch_template_name names a resource otherwise than by its id"));
  const Texts alarm = UnsaidNeeds(*cloudwatch::v1::PutMetricAlarmRequest::descriptor(), action);
  REQUIRE(alarm.size() == 3);
  CHECK_THAT(alarm[0], Catch::Contains("has calls made"));
  // A template's parameters are kept: who launches from it passes the role.
  CHECK(UnsaidNeeds(*ec2::v1::CreateLaunchTemplateRequest::descriptor(), action).empty());

  // Who says what will be called has said that it is launched from, but not that it passes the role it names itself.
  action.calls = [](const google::protobuf::Message&) {
    return std::vector<std::unique_ptr<google::protobuf::Message>>();
  };
  const Texts calls = UnsaidNeeds(*ec2::v1::RunInstancesRequest::descriptor(), action);
  REQUIRE(calls.size() == 2);
  CHECK_THAT(calls[0], Catch::Contains("iam_instance_profile may pass a role"));
  action.calls = {};

  // Policies would not be asked of what the template says.
  action.passed_roles = roles;
  CHECK(UnsaidNeeds(*ec2::v1::RunInstancesRequest::descriptor(), action).size() == 2);
  action.complete = [](const google::protobuf::Message&) { return nullptr; };
  CHECK(UnsaidNeeds(*ec2::v1::RunInstancesRequest::descriptor(), action).empty());
  action.implied = [](const google::protobuf::Message&) { return std::vector<AccessQuestion>(); };
  CHECK(UnsaidNeeds(*cloudwatch::v1::PutMetricAlarmRequest::descriptor(), action).empty());
}

}  // namespace brume::gateway
