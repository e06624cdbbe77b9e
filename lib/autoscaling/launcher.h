// Port: what Auto Scaling has done about its members' instances. Every call may be repeated.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/autoscaling/model/member.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/model/launch_spec.h"

namespace brume::autoscaling {

// A launch of one instance.
struct LaunchOrder {
  // The client token of RunInstances.
  std::string token;
  scaling::LaunchSource source;
  compute::LaunchSpec configuration;  // where the source is a launch configuration
  std::string instance_type;          // empty = the source's own
  SubnetId subnet;
  TagMap tags;         // over those of the source
  TagMap system_tags;  // "aws:autoscaling:groupName" …
};

struct Launcher {
  // The instance under the order's token, launched if there is none. Errors: RunInstances's.
  std::function<absl::StatusOr<InstanceId>(const LaunchOrder& order)> run;
  // StartInstances, StopInstances, TerminateInstances of one; termination protection is no hindrance to a group.
  std::function<absl::Status(const InstanceId&id)> start, stop, terminate;
  // Since when a running instance fails its status checks; InfiniteFuture when it does not.
  std::function<absl::Time(const Instance& instance)> impaired_since;
};

}  // namespace brume::autoscaling
