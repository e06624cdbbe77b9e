#include "lib/ec2/compute/api/run_request.h"

#include "lib/base/status_macros.h"
#include "lib/gateway/parameters.h"
#include "lib/schema/message_fields.h"

namespace brume::ec2 {

compute::LaunchSpec SpecOf(const v1::RunInstancesRequest& request) {
  compute::LaunchSpec spec;
  schema::ReadFields(request, spec);
  return spec;
}

absl::StatusOr<compute::LaunchCall> ParseLaunchCall(const v1::RunInstancesRequest& request) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  compute::LaunchCall call{.min_count = request.min_count(),
                           .max_count = request.max_count(),
                           .client_token = request.client_token(),
                           .parameters_digest = gateway::ParametersDigest(request)};
  if (request.has_launch_template()) {
    call.system_tags =
        compute::TemplateTags(request.launch_template().launch_template_id(), request.launch_template().version());
  }
  return call;
}

}  // namespace brume::ec2
