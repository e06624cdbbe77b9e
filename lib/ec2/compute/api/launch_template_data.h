// Launch templates in the schema's messages: what a version keeps, and the calls that name a template.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "google/protobuf/message.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/compute/model/launch_spec.h"

namespace brume::ec2 {

// The launch with what it leaves to its template: the template's id in place of its name, the number of the version,
// the parameters that only the template gives, and the tags of both. Unset when it names no template. Errors: as of
// NameTemplateById; MissingParameter without an image.
absl::StatusOr<std::optional<v1::RunInstancesRequest>> WithLaunchTemplate(const v1::RunInstancesRequest& request,
                                                                          compute::LaunchTemplateService& templates);

// Puts the template's id where `message`, which has launch_template_id and launch_template_name, has its name. Errors:
// InvalidLaunchTemplateName.NotFoundException, InvalidParameterCombination for a name and an id, MissingParameter for
// neither where it must have one.
absl::Status NameTemplateById(google::protobuf::Message& message, bool must_name,
                              compute::LaunchTemplateService& templates);

compute::LaunchSpec SpecOf(const v1::RequestLaunchTemplateData& data);

// What a version keeps, as it is shown.
v1::ResponseLaunchTemplateData ShownData(const compute::LaunchSpec& kept);

}  // namespace brume::ec2
