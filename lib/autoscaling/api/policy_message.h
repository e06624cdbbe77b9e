// Scaling policies between the schema's messages and the domain.
#pragma once

#include "absl/status/statusor.h"
#include "brume/autoscaling/v1/policy.pb.h"
#include "brume/autoscaling/v1/policy_metric.pb.h"
#include "lib/autoscaling/api/scaling_services.h"
#include "lib/autoscaling/model/record.h"

namespace brume::autoscaling {

// Error: ValidationError for what the policy's type needs and is not there, or does not have.
absl::StatusOr<scaling::PolicyRecord> ParsePolicy(const ScalingServices& services,
                                                  const ::brume::autoscaling::v1::PutScalingPolicyRequest& request);

// All but its ARN and alarms.
::brume::autoscaling::v1::ScalingPolicy RenderPolicy(const scaling::PolicyRecord& policy);
// Of a predictive policy.
::brume::autoscaling::v1::PredictiveScalingMetricSpecification RenderPredictiveMetric(
    const scaling::PolicyRecord& policy);

}  // namespace brume::autoscaling
