// Launch templates: parameters of RunInstances that are kept under a name, in versions.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "lib/ec2/compute/model/launch_spec.h"
#include "lib/resource/ids.h"

namespace brume {

struct LaunchTemplate {
  int64_t seq = 0;  // gives lists their order
  LaunchTemplateId id;
  std::string name;
  absl::Time created;
  std::string created_by;  // ARN
  int64_t default_version = 1;
  int64_t latest_version = 1;  // the highest number of those that are there
};

struct LaunchTemplateVersion {
  int64_t number = 1;
  std::string description;
  absl::Time created;
  std::string created_by;  // ARN
  compute::LaunchSpec spec;
};

inline constexpr int64_t kMaxLaunchTemplates = 5000;
inline constexpr int64_t kMaxLaunchTemplateVersions = 10000;

}  // namespace brume
