#include "lib/autoscaling/api/process_handlers.h"

#include <string>
#include <vector>

#include "brume/autoscaling/v1/group_metric.pb.h"
#include "brume/autoscaling/v1/process.pb.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/group_service.h"

namespace brume::autoscaling {
namespace {

constexpr char kProcesses[] = "ScalingProcesses";
constexpr char kMetrics[] = "GroupMetrics";

std::vector<std::string> Texts(const google::protobuf::RepeatedPtrField<std::string>& list) {
  return {list.begin(), list.end()};
}

absl::StatusOr<v1::DescribeScalingProcessTypesResponse> DescribeScalingProcessTypes(
    const v1::DescribeScalingProcessTypesRequest&) {
  v1::DescribeScalingProcessTypesResponse response;
  for (const scaling::Process process : scaling::kAllProcesses) {
    response.add_processes()->set_process_name(std::string(scaling::ProcessName(process)));
  }
  return response;
}

absl::StatusOr<v1::DescribeMetricCollectionTypesResponse> DescribeMetricCollectionTypes(
    const v1::DescribeMetricCollectionTypesRequest&) {
  v1::DescribeMetricCollectionTypesResponse response;
  for (const absl::string_view metric : kGroupMetrics) response.add_metrics()->set_metric(std::string(metric));
  response.add_granularities()->set_granularity("1Minute");
  return response;
}

absl::Status SuspendProcesses(const v1::SuspendProcessesRequest& request, const ScalingServices& services) {
  return services.groups.Suspend(GroupNameOf(services, request.auto_scaling_group_name()),
                                 Texts(request.scaling_processes()));
}

absl::Status ResumeProcesses(const v1::ResumeProcessesRequest& request, const ScalingServices& services) {
  return services.groups.Resume(GroupNameOf(services, request.auto_scaling_group_name()),
                                Texts(request.scaling_processes()));
}

absl::Status EnableMetricsCollection(const v1::EnableMetricsCollectionRequest& request,
                                     const ScalingServices& services) {
  return services.groups.EnableMetrics(GroupNameOf(services, request.auto_scaling_group_name()),
                                       Texts(request.metrics()));
}

absl::Status DisableMetricsCollection(const v1::DisableMetricsCollectionRequest& request,
                                      const ScalingServices& services) {
  return services.groups.DisableMetrics(GroupNameOf(services, request.auto_scaling_group_name()),
                                        Texts(request.metrics()));
}

}  // namespace

void AddProcessActions(gateway::Actions& actions, const ScalingServices& services) {
  actions.Add(SuspendProcesses, services);
  actions.Add(ResumeProcesses, services);
  actions.Add(DescribeScalingProcessTypes);
  actions.Add(EnableMetricsCollection, services);
  actions.Add(DisableMetricsCollection, services);
  actions.Add(DescribeMetricCollectionTypes);
}

}  // namespace brume::autoscaling
