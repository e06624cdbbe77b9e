#include <string>
#include <vector>

#include "brume/autoscaling/v1/group_metric.pb.h"
#include "brume/autoscaling/v1/process.pb.h"
#include "lib/autoscaling/api/scaling.h"
#include "lib/autoscaling/group_service.h"

namespace brume::autoscaling {
namespace {

constexpr char kProcesses[] = "ScalingProcesses";
constexpr char kMetrics[] = "GroupMetrics";

std::vector<std::string> Texts(const google::protobuf::RepeatedPtrField<std::string>& list) {
  return {list.begin(), list.end()};
}

v1::DescribeScalingProcessTypesResponse DescribeProcesses() {
  v1::DescribeScalingProcessTypesResponse response;
  for (const scaling::Process process : scaling::kAllProcesses) {
    response.add_processes()->set_process_name(std::string(scaling::ProcessName(process)));
  }
  return response;
}

v1::DescribeMetricCollectionTypesResponse DescribeMetrics() {
  v1::DescribeMetricCollectionTypesResponse response;
  for (const absl::string_view metric : autoscaling::kGroupMetrics)
    response.add_metrics()->set_metric(std::string(metric));
  response.add_granularities()->set_granularity("1Minute");
  return response;
}

}  // namespace

void AddScalingProcessHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  HandleScalingOk<v1::SuspendProcessesRequest, v1::SuspendProcessesResponse>(
      dispatcher, kProcesses, [services](const v1::SuspendProcessesRequest& request) {
        return services.scaling_groups.Suspend(GroupNameOf(services, request.auto_scaling_group_name()),
                                               Texts(request.scaling_processes()));
      });
  HandleScalingOk<v1::ResumeProcessesRequest, v1::ResumeProcessesResponse>(
      dispatcher, kProcesses, [services](const v1::ResumeProcessesRequest& request) {
        return services.scaling_groups.Resume(GroupNameOf(services, request.auto_scaling_group_name()),
                                              Texts(request.scaling_processes()));
      });
  HandleScaling<v1::DescribeScalingProcessTypesRequest, v1::DescribeScalingProcessTypesResponse>(
      dispatcher, kProcesses,
      [](const v1::DescribeScalingProcessTypesRequest&) -> absl::StatusOr<v1::DescribeScalingProcessTypesResponse> {
        return DescribeProcesses();
      });
  HandleScalingOk<v1::EnableMetricsCollectionRequest, v1::EnableMetricsCollectionResponse>(
      dispatcher, kMetrics, [services](const v1::EnableMetricsCollectionRequest& request) {
        return services.scaling_groups.EnableMetrics(GroupNameOf(services, request.auto_scaling_group_name()),
                                                     Texts(request.metrics()));
      });
  HandleScalingOk<v1::DisableMetricsCollectionRequest, v1::DisableMetricsCollectionResponse>(
      dispatcher, kMetrics, [services](const v1::DisableMetricsCollectionRequest& request) {
        return services.scaling_groups.DisableMetrics(GroupNameOf(services, request.auto_scaling_group_name()),
                                                      Texts(request.metrics()));
      });
  HandleScaling<v1::DescribeMetricCollectionTypesRequest, v1::DescribeMetricCollectionTypesResponse>(
      dispatcher, kMetrics,
      [](const v1::DescribeMetricCollectionTypesRequest&) -> absl::StatusOr<v1::DescribeMetricCollectionTypesResponse> {
        return DescribeMetrics();
      });
}

}  // namespace brume::autoscaling
