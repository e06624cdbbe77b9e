// What policies are asked about a launch: everything that it makes and uses, however the call names it.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "brume/iam/v1/access_key.pb.h"
#include "tests/fakes/policy_world.h"

namespace brume {
namespace {

struct LaunchWorld : PolicyWorld {
  LaunchWorld() {
    const auto all = networks.ListSubnets({}).value();
    for (const auto& subnet : all) {
      subnets[subnet.subnet.availability_zone] = subnet.subnet.id.text();
    }
  }

  // All is allowed but RunInstances of `type`, as in "volume", where `condition` holds.
  void Deny(const std::string& type, const std::string& condition) {
    SetPolicy(absl::Substitute(R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":)"
                               R"("ec2:RunInstances","Resource":"$0","Condition":{$1}})",
                               Ec2Arn(type + "/*"), condition));
  }
  std::string Run(const std::string& rest) {
    return Try("RunInstances",
               absl::StrCat("dry_run: true min_count: 1 max_count: 1 image_id: '", image.text(), "' ", rest));
  }

  std::map<std::string, std::string> subnets;  // the default ones, by zone
};

}  // namespace

TEST_CASE("a denial of a subnet holds for a launch that names its zone by name or by id", "[api]") {
  LaunchWorld w;
  w.Protect(w.Ec2Arn("subnet/" + w.subnets.at("us-east-1b")));
  CHECK(w.Run("placement { availability_zone: 'us-east-1b' }") == kDenied);
  CHECK(w.Run("placement { availability_zone_id: 'use1-az2' }") == kDenied);
  CHECK(w.Run("placement { availability_zone_id: 'use1-az1' }") == kWouldPass);
  w.Deny("instance", R"("StringEquals":{"ec2:AvailabilityZone":"us-east-1b"})");
  CHECK(w.Run("placement { availability_zone_id: 'use1-az2' }") == kDenied);
  CHECK(w.Run("") == kWouldPass);
}

TEST_CASE("each interface of a launch is asked about by its own subnet", "[api]") {
  LaunchWorld w;
  const std::string allowed = w.subnets.at("us-east-1a");
  const auto vpc = w.networks.ListSubnets({}).value().front().subnet.vpc_id.text();
  const auto made = w.CallText("CreateSubnet", absl::Substitute("vpc_id: '$0' cidr_block: '172.31.250.0/24' "
                                                                "availability_zone: 'us-east-1a'",
                                                                vpc));
  REQUIRE(made.ok());
  const std::string other = static_cast<const ec2::v1::CreateSubnetResponse&>(**made).subnet().subnet_id();
  w.Deny("network-interface", absl::Substitute(R"("ArnNotEquals":{"ec2:Subnet":"$0"})", w.Ec2Arn("subnet/" + allowed)));
  const auto interfaces = [](const std::string& first, const std::string& second) {
    return absl::Substitute(
        "instance_type: 't3.small' network_interfaces { device_index: 0 subnet_id: '$0' } "
        "network_interfaces { device_index: 1 subnet_id: '$1' }",
        first, second);
  };
  CHECK(w.Run(interfaces(allowed, allowed)) == kWouldPass);
  CHECK(w.Run(interfaces(allowed, other)) == kDenied);
  CHECK(w.Run(interfaces(other, allowed)) == kDenied);
}

TEST_CASE("each volume of a launch is asked about, the image's beside those that the call names", "[api]") {
  LaunchWorld w;
  const std::string data =
      "block_device_mappings { device_name: '/dev/sdf' ebs { volume_size: 1 encrypted: true "
      "volume_type: 'gp2' } } ";
  w.Deny("volume", R"("Bool":{"ec2:Encrypted":"false"})");
  CHECK(w.Run("") == kDenied);
  CHECK(w.Run(data) == kDenied);
  w.Deny("volume", R"("StringEquals":{"ec2:VolumeType":"gp3"})");
  CHECK(w.Run(data) == kDenied);
  w.Deny("volume", R"("NumericGreaterThanEquals":{"ec2:VolumeSize":"1"})");
  CHECK(w.Run("") == kDenied);
  w.Deny("volume", R"("NumericGreaterThanEquals":{"ec2:VolumeSize":"4000"})");
  CHECK(w.Run("") == kWouldPass);
  w.Deny("volume", R"("ArnLike":{"ec2:ParentSnapshot":"arn:aws:ec2:*::snapshot/*"})");
  CHECK(w.Run("") == kDenied);
  w.Deny("volume", R"("StringEquals":{"ec2:AvailabilityZone":"us-east-1b"})");
  CHECK(w.Run("") == kWouldPass);
  CHECK(w.Run("placement { availability_zone: 'us-east-1b' }") == kDenied);
}

TEST_CASE("an instance profile is asked about by its ARN, also when it is named by its name", "[api]") {
  LaunchWorld w;
  REQUIRE(w.CallText("iam:CreateInstanceProfile", "instance_profile_name: 'strong'").ok());
  REQUIRE(w.CallText("iam:CreateInstanceProfile", "instance_profile_name: 'weak'").ok());
  w.Deny("instance", R"("ArnLike":{"ec2:InstanceProfile":"arn:aws:iam::*:instance-profile/strong"})");
  const std::string arn = absl::StrCat("arn:aws:iam::", w.settings.account_id, ":instance-profile/strong");
  CHECK(w.Run("iam_instance_profile { name: 'strong' }") == kDenied);
  CHECK(w.Run("iam_instance_profile { arn: '" + arn + "' }") == kDenied);
  CHECK(w.Run("iam_instance_profile { name: 'weak' }") == kWouldPass);
  w.Deny("instance", R"("Null":{"ec2:InstanceProfile":"false"})");
  CHECK(w.Run("iam_instance_profile { name: 'weak' }") == kDenied);
  CHECK(w.Run("") == kWouldPass);
}

TEST_CASE("a launch is asked about by the metadata options that its image gives", "[api]") {
  LaunchWorld w;
  w.Deny("instance", R"("NumericGreaterThan":{"ec2:MetadataHttpPutResponseHopLimit":"1"})");
  CHECK(w.Run("") == kWouldPass);
  REQUIRE(w.CallText("ModifyImageAttribute",
                     absl::Substitute("image_id: '$0' imds_support { value: 'v2.0' }", w.image.text()))
              .ok());
  CHECK(w.Run("") == kDenied);
  CHECK(w.Run("metadata_options { http_put_response_hop_limit: 1 }") == kWouldPass);
}

TEST_CASE("a launch configuration made of an instance is asked about by what it takes over", "[api]") {
  LaunchWorld w;
  const std::string instance = w.Launch().text();
  const std::string type = w.service->Get(InstanceId::FromTrusted(instance)).value().instance.instance_type;
  const std::string call = absl::Substitute("launch_configuration_name: 'c' instance_id: '$0'", instance);
  w.SetPolicy(absl::Substitute(R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":)"
                               R"("autoscaling:CreateLaunchConfiguration","Resource":"*","Condition":)"
                               R"({"StringEquals":{"autoscaling:InstanceType":"$0"}}})",
                               type));
  CHECK(w.Try("autoscaling:CreateLaunchConfiguration", call) == "AccessDenied");
  w.SetPolicy(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  CHECK(w.Try("autoscaling:CreateLaunchConfiguration", call) == "");
}

TEST_CASE("tags of a new user, role, policy, profile or alarm need the permission to tag it", "[api]") {
  LaunchWorld w;
  const std::string trust =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},)"
      R"("Action":"sts:AssumeRole"}]})";
  const std::string document =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";
  const struct {
    std::string action, tagging, request;
  } cases[] = {
      {"iam:CreateUser", "iam:TagUser", "user_name: 'new'"},
      {"iam:CreateRole", "iam:TagRole", absl::Substitute("role_name: 'new' assume_role_policy_document: '$0'", trust)},
      {"iam:CreatePolicy", "iam:TagPolicy", absl::Substitute("policy_name: 'new' policy_document: '$0'", document)},
      {"iam:CreateInstanceProfile", "iam:TagInstanceProfile", "instance_profile_name: 'new'"},
      {"cloudwatch:PutMetricAlarm", "cloudwatch:TagResource",
       "alarm_name: 'new' namespace: 'N' metric_name: 'M' statistic: 'Average' period: 60 evaluation_periods: 1 "
       "threshold: 1 comparison_operator: 'GreaterThanThreshold'"},
      {"cloudwatch:PutCompositeAlarm", "cloudwatch:TagResource", "alarm_name: 'newer' alarm_rule: 'FALSE'"},
  };
  for (const auto& [action, tagging, request] : cases) {
    INFO(action);
    const std::string tagged = request + " tags { key: 'env' value: 'prod' }";
    w.SetPolicy(absl::Substitute(R"({"Effect":"Allow","Action":"$0","Resource":"*"})", action));
    CHECK(w.Try(action, tagged) == "AccessDenied");
    w.SetPolicy(absl::Substitute(
        R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"$0","Resource":"*"})", tagging));
    CHECK(w.Try(action, tagged) == "AccessDenied");
    w.SetPolicy(absl::Substitute(R"({"Effect":"Allow","Action":["$0","$1"],"Resource":"*"})", action, tagging));
    CHECK(w.Try(action, tagged) == "");
  }
}

TEST_CASE("policies know the tags of an alarm", "[api]") {
  LaunchWorld w;
  const std::string alarm =
      "namespace: 'N' metric_name: 'M' statistic: 'Average' period: 60 evaluation_periods: 1 threshold: 1 "
      "comparison_operator: 'GreaterThanThreshold' ";
  REQUIRE(
      w.CallText("cloudwatch:PutMetricAlarm", alarm + "alarm_name: 'a:b/c' tags { key: 'env' value: 'prod' }").ok());
  REQUIRE(w.CallText("cloudwatch:PutMetricAlarm", alarm + "alarm_name: 'other'").ok());
  w.SetPolicy(R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"cloudwatch:*",)"
              R"("Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/env":"prod"}}})");
  const auto set = [&](const std::string& name) {
    return w.Try("cloudwatch:SetAlarmState",
                 absl::Substitute("alarm_name: '$0' state_value: 'OK' state_reason: 'r'", name));
  };
  CHECK(set("a:b/c") == "AccessDenied");
  CHECK(set("other") == "");
  CHECK(w.Try("cloudwatch:DeleteAlarms", "alarm_names: ['other', 'a:b/c']") == "AccessDenied");
}

TEST_CASE("a user that is moved or renamed is asked about as it was and as it will be", "[api]") {
  LaunchWorld w;
  REQUIRE(w.CallText("iam:CreateUser", "user_name: 'plain'").ok());
  REQUIRE(w.CallText("iam:CreateUser", "user_name: 'bob' path: '/staff/'").ok());
  const auto user = [&](const std::string& path) {
    return absl::StrCat("arn:aws:iam::", w.settings.account_id, ":user/", path);
  };
  w.Protect(user("prod/*"));
  CHECK(w.Try("iam:UpdateUser", "user_name: 'plain' new_path: '/prod/'") == "AccessDenied");
  w.Protect(user("staff/zed"));
  CHECK(w.Try("iam:UpdateUser", "user_name: 'bob' new_user_name: 'zed'") == "AccessDenied");
  w.Protect(user("staff/bob"));
  CHECK(w.Try("iam:UpdateUser", "user_name: 'bob' new_path: '/'") == "AccessDenied");
  CHECK(w.Try("iam:UpdateUser", "user_name: 'plain' new_user_name: 'zed' new_path: '/prod/'") == "");
}

TEST_CASE("when an access key was used last is asked of its user", "[api]") {
  LaunchWorld w;
  REQUIRE(w.CallText("iam:CreateUser", "user_name: 'bob' path: '/staff/'").ok());
  const auto made = w.CallText("iam:CreateAccessKey", "user_name: 'bob'");
  REQUIRE(made.ok());
  const std::string key = static_cast<const iam::v1::CreateAccessKeyResponse&>(**made).access_key().access_key_id();
  const std::string request = absl::Substitute("access_key_id: '$0'", key);
  w.Protect(absl::StrCat("arn:aws:iam::", w.settings.account_id, ":user/staff/bob"));
  CHECK(w.Try("iam:GetAccessKeyLastUsed", request) == "AccessDenied");
  w.Protect(absl::StrCat("arn:aws:iam::", w.settings.account_id, ":user/staff/zed"));
  CHECK(w.Try("iam:GetAccessKeyLastUsed", request) == "");
}

TEST_CASE("a launch that is repeated is answered as before when its image is gone, where policies still allow it",
          "[api]") {
  LaunchWorld w;
  const std::string everything = R"({"Effect":"Allow","Action":"*","Resource":"*"})";
  w.SetPolicy(everything);
  const std::string run = absl::StrCat("min_count: 1 max_count: 1 image_id: '", w.image.text(), "' client_token: ");
  const auto reservation = [&] {
    ec2::v1::RunInstancesRequest request;
    REQUIRE(google::protobuf::TextFormat::ParseFromString(run + "'t'", &request));
    return w.AsUser<ec2::v1::RunInstancesResponse>(request).reservation_id();
  };
  const std::string first = reservation();
  REQUIRE_OK(w.CallText("DeregisterImage", "image_id: '" + w.image.text() + "'").status());
  CHECK(reservation() == first);
  CHECK(w.Try("RunInstances", run + "'t' instance_type: 't3.small'") == "IdempotentParameterMismatch");
  CHECK(w.Try("RunInstances", run + "'another'") != "");
  w.Deny("instance", R"("StringLike":{"ec2:InstanceType":"*"})");
  CHECK(w.Try("RunInstances", run + "'t'") == kDenied);
  w.Deny("volume", R"("Bool":{"ec2:Encrypted":"false"})");
  CHECK(w.Try("RunInstances", run + "'t'") == kDenied);
  w.SetPolicy(everything);
  CHECK(reservation() == first);
}

TEST_CASE("an instance is asked about by what is done for it after a fault, at its launch and later", "[api]") {
  LaunchWorld w;
  const std::string id = w.Launch().text();
  w.SetPolicy(R"({"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ec2:*","Resource":")" +
              w.Ec2Arn("instance/*") + R"(","Condition":{"StringEquals":{"ec2:InstanceAutoRecovery":"default"}}})");
  CHECK(w.Run("") == kDenied);
  CHECK(w.Run("maintenance_options { auto_recovery: 'disabled' }") == kWouldPass);
  CHECK(w.Try("StopInstances", "dry_run: true instance_ids: '" + id + "'") == kDenied);
  REQUIRE_OK(
      w.CallText("ModifyInstanceMaintenanceOptions", "instance_id: '" + id + "' auto_recovery: 'disabled'").status());
  CHECK(w.Try("StopInstances", "dry_run: true instance_ids: '" + id + "'") == kWouldPass);
}

TEST_CASE("a launch is asked about by the rate at which its volumes are to be complete", "[api]") {
  LaunchWorld w;
  const std::string root = "block_device_mappings { device_name: '/dev/vda' ebs { volume_initialization_rate: ";
  w.Deny("volume", R"("NumericGreaterThan":{"ec2:VolumeInitializationRate":"200"})");
  CHECK(w.Run(root + "200 } }") == kWouldPass);
  CHECK(w.Run(root + "201 } }") == kDenied);
}

}  // namespace brume
