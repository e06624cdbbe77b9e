// Launch templates in the schema's messages: what a version keeps, and the calls that name a template.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "google/protobuf/message.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/compute/model/launch_spec.h"

namespace brume::ec2 {

// `request` as it stands with what it leaves to launch templates: one named by its name has its id in place of that,
// and RunInstances from a template has the parameters that only the template gives, the tags of both, and the number of
// the version. Null when `request` leaves nothing to them. Errors: InvalidLaunchTemplateName.NotFoundException,
// InvalidLaunchTemplateId.…, InvalidParameterCombination for a name and an id, MissingParameter for neither, and for
// RunInstances without an image.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> WithLaunchTemplate(
    const google::protobuf::Message& request, compute::LaunchTemplateService& templates);

compute::LaunchSpec SpecOf(const v1::RequestLaunchTemplateData& data);

// What a version keeps, as it is shown.
v1::ResponseLaunchTemplateData ShownData(const compute::LaunchSpec& kept);

}  // namespace brume::ec2
