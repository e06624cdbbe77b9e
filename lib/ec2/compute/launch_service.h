// Launches as they were asked for: from a LaunchSpec to instances. RunInstances and Auto Scaling come this way.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/compute/model/launch_spec.h"
#include "lib/ec2/storage/image_name_service.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/resource/tags.h"

namespace brume::compute {

// What a launch has beside its spec.
struct LaunchCall {
  int min_count = 1;
  int max_count = 1;
  std::string client_token = {};  // empty = unset
  // Of all that makes two launches under one token the same.
  std::string parameters_digest = {};
  TagMap system_tags = {};  // of the instances; keys begin with "aws:"
  // The subnet stands for a zone that was chosen: groups may be named beside it.
  bool subnet_of_zone = false;
};

// The tags that tell which launch template, by its id, and which version of it an instance was launched from.
TagMap TemplateTags(const std::string& id, const std::string& version);

// `spec` as the service takes it, without its instance profile. Reads nothing but its arguments. Errors:
// MissingParameter, InvalidParameterValue, InvalidParameterCombination, InvalidUserData.Malformed,
// UnsupportedOperation, InvalidPlacementGroup.Unknown, InvalidCapacityReservationId.NotFound, the malformed codes of
// ids.
absl::StatusOr<RunRequest> ParseLaunch(const LaunchSpec& spec, const LaunchCall& call);

// Error: InvalidParameterCombination for requirements of types, where one type is needed.
absl::Status CheckNoRequirements(const LaunchSpec& spec);

PrivateDnsNameOptionsChange ParseDnsNameOptions(const LaunchSpec::PrivateDnsNameOptions& given);

// What an instance's metadata options become by `given`. Error: UnsupportedOperation.
absl::StatusOr<MetadataOptionsChange> ParseMetadataOptions(const LaunchSpec::MetadataOptions& given);

// Thread-safe.
class LaunchService {
 public:
  LaunchService(InstanceService& instances, iam::InstanceProfileService& profiles, const InstanceTypeTable& types,
                storage::ImageNameService& image_names)
      : instances_(instances), profiles_(profiles), types_(types), image_names_(image_names) {}

  // The instances that were launched under the call's token, launched if there are none. Errors: those of ParseLaunch,
  // InstanceProfileService::Resolve and InstanceService::Run.
  absl::StatusOr<ReservationView> Launch(const LaunchSpec& spec, const LaunchCall& call);
  // Whether Launch would launch them now. Errors: as of Launch, but for those of the token.
  absl::Status CheckNow(const LaunchSpec& spec, const LaunchCall& call);
  // What one instance launched by it would use and make, and how the service would be asked for it. Errors: those of
  // ParseLaunch, InstanceProfileService::Resolve and InstanceService::Plan.
  struct Planned {
    RunRequest run;
    LaunchPlan plan;
  };
  absl::StatusOr<Planned> Plan(const LaunchSpec& spec);
  // Whether one instance could be launched by it, so far as that does not depend on what there is when it is launched:
  // its instance type must exist, and its instance profile. Errors: as of Launch.
  absl::Status Check(const LaunchSpec& spec);

 private:
  // With the instance profile and the image that `spec` names: an image's name is looked up at each launch.
  absl::StatusOr<RunRequest> Parse(const LaunchSpec& spec, const LaunchCall& call);

  InstanceService& instances_;
  iam::InstanceProfileService& profiles_;
  const InstanceTypeTable& types_;
  storage::ImageNameService& image_names_;
};

}  // namespace brume::compute
