// Auto Scaling's API over ApiWorld: calls as protobuf's text, and looks of the loop when a test wants them.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "google/protobuf/text_format.h"
#include "tests/fakes/api_world.h"

namespace brume {

template <typename Message>
Message Parsed(const std::string& text) {
  Message message;
  INFO(text);
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

class ScalingApiWorld : public ApiWorld {
 public:
  ScalingApiWorld() {
    const auto made = Ask<ec2::v1::CreateLaunchTemplateResponse, ec2::v1::CreateLaunchTemplateRequest>(
        absl::StrCat("launch_template_name: 'web' launch_template_data { image_id: '", image.text(),
                     "' instance_type: 'b1.tiny' tag_specifications { resource_type: 'instance' ",
                     "tags { key: 'Name' value: 'template' } tags { key: 'Team' value: 'mist' } } }"));
    template_id = made.launch_template().launch_template_id();
    zone = settings.region + "a";
  }

  template <typename Response, typename Request>
  Response Ask(const std::string& text) {
    INFO(text);
    return Value(Call<Response>(Parsed<Request>(text)));
  }
  // An action of Auto Scaling's.
  absl::Status Do(const std::string& action, const std::string& text) {
    return CallText("autoscaling:" + action, text).status();
  }

  // A group of the template, of one zone.
  void CreateGroup(const std::string& name, const std::string& more = "min_size: 0 max_size: 5") {
    const std::string text =
        absl::StrCat("auto_scaling_group_name: '", name, "' availability_zones: '", zone, "' ", more,
                     absl::StrContains(more, "launch_configuration_name") || absl::StrContains(more, "mixed_instances")
                         ? ""
                         : " launch_template { launch_template_name: 'web' version: '1' }");
    INFO(text);
    REQUIRE_OK(Do("CreateAutoScalingGroup", text));
  }

  autoscaling::v1::AutoScalingGroup Group(const std::string& name) {
    const auto shown =
        Ask<autoscaling::v1::DescribeAutoScalingGroupsResponse, autoscaling::v1::DescribeAutoScalingGroupsRequest>(
            absl::StrCat("auto_scaling_group_names: '", name, "'"));
    REQUIRE(shown.auto_scaling_groups_size() == 1);
    return shown.auto_scaling_groups(0);
  }

  // Reconciles the group until `done` holds of it.
  template <typename Done>
  autoscaling::v1::AutoScalingGroup ReconcileUntil(const std::string& name, const Done& done) {
    autoscaling::v1::AutoScalingGroup group;
    const bool reached = Eventually([&] {
      REQUIRE_OK(scaling_loop.Reconcile(name).status());
      group = Group(name);
      return done(group);
    });
    INFO(group.DebugString());
    REQUIRE(reached);
    return group;
  }

  autoscaling::v1::AutoScalingGroup WaitInService(const std::string& name, int members) {
    return ReconcileUntil(name, [&](const autoscaling::v1::AutoScalingGroup& group) {
      int in_service = 0;
      for (const autoscaling::v1::Instance& member : group.instances())
        in_service += member.lifecycle_state() == "InService";
      return in_service == members && group.instances_size() == members;
    });
  }

  std::string template_id;
  std::string zone;
};

}  // namespace brume
