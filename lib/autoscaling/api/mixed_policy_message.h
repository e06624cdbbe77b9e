// MixedInstancesPolicy in requests and answers.
#pragma once

#include "absl/status/status.h"
#include "brume/autoscaling/v1/common.pb.h"
#include "lib/autoscaling/api/scaling_services.h"
#include "lib/autoscaling/api/template_source.h"
#include "lib/autoscaling/group_service.h"

namespace brume::autoscaling {

// Puts source, types and the policy itself into `change`. Errors: ValidationError for templates and types that are not
// there, for weights of some types alone, and for requirements that no type meets.
absl::Status ParseMixed(const ScalingServices& services, const v1::MixedInstancesPolicy& policy, GroupChange& change);

// As EC2 shows it: with the defaults of what was not given.
v1::MixedInstancesPolicy RenderMixed(TemplateRenderer& templates, const scaling::MixedPolicy& kept,
                                     const scaling::SourceRequest& source);

}  // namespace brume::autoscaling
