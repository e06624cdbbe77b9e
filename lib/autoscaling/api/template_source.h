// The launch template that a group is launched from, in requests and answers.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "brume/autoscaling/v1/common.pb.h"
#include "lib/autoscaling/api/scaling_services.h"
#include "lib/autoscaling/model/record.h"
#include "lib/ec2/compute/model/instance_requirements.h"

namespace brume::autoscaling {

// What a group is to be launched from. Errors: ValidationError for a template that is not there, not named or named
// twice.
absl::StatusOr<scaling::SourceRequest> ParseTemplate(const ScalingServices& services,
                                                     const v1::LaunchTemplateSpecification& named);
// What the template's version asks of instance types, in the place of one. Error: ValidationError for one that is not
// there.
absl::StatusOr<std::optional<compute::InstanceRequirements>> RequirementsOf(const ScalingServices& services,
                                                                            const scaling::SourceRequest& source);
// Renders launch templates by their ids and names; the name of each is looked up once.
class TemplateRenderer {
 public:
  explicit TemplateRenderer(const ScalingServices& services) : services_(services) {}
  // As it is shown: by its id, its name while it is there, and `version` unless it is empty.
  v1::LaunchTemplateSpecification Render(const std::string& id, const std::string& version);

 private:
  const ScalingServices& services_;
  std::map<std::string, std::string> names_;  // by ids; empty of those that are gone
};

}  // namespace brume::autoscaling
