#include "lib/autoscaling/model/scaling_arns.h"

#include <catch2/catch.hpp>

namespace brume::scaling {
namespace {

const Account kAccount{.region = "eu-west-1", .id = "123456789012"};

}  // namespace

TEST_CASE("the ARN of a group, and of its policies, names the group whatever its name", "[autoscaling]") {
  for (const char* name : {"web", "a:b/c", "a:policyName/b", ""}) {
    INFO(name);
    Group group;
    group.uuid = "u";
    group.name = name;
    CHECK(GroupInArn(kAccount, ArnOf(kAccount, group)) == name);
    PolicyRecord policy;
    policy.id = "p";
    policy.group = name;
    policy.policy.name = "more";
    CHECK(GroupOfPolicyArn(ArnOf(kAccount, policy)) == name);
  }
}

TEST_CASE("what is not the ARN of a group of the account names none", "[autoscaling]") {
  Group group;
  group.uuid = "u";
  group.name = "web";
  CHECK(ArnOf(kAccount, group) ==
        "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:u:autoScalingGroupName/web");
  const std::string other = ArnOf({.region = "eu-west-2", .id = kAccount.id}, group);
  for (const std::string& text :
       {std::string("web"), other, std::string("arn:aws:ec2:eu-west-1:123456789012:instance/i"),
        std::string("arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:u")}) {
    INFO(text);
    CHECK_FALSE(GroupInArn(kAccount, text).has_value());
    CHECK(GroupOfPolicyArn(text).empty());
  }
}

}  // namespace brume::scaling
