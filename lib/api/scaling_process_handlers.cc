#include <string>
#include <vector>

#include "brume/autoscaling/v1/group_metric.pb.h"
#include "brume/autoscaling/v1/process.pb.h"
#include "lib/api/scaling.h"
#include "lib/autoscaling/group_service.h"

namespace brume::api {
namespace {

constexpr char kProcesses[] = "ScalingProcesses";
constexpr char kMetrics[] = "GroupMetrics";

std::vector<std::string> Texts(const google::protobuf::RepeatedPtrField<std::string>& list) {
  return {list.begin(), list.end()};
}

asg::DescribeScalingProcessTypesResponse DescribeProcesses() {
  asg::DescribeScalingProcessTypesResponse response;
  for (const scaling::Process process : scaling::kAllProcesses) {
    response.add_processes()->set_process_name(std::string(scaling::ProcessName(process)));
  }
  return response;
}

asg::DescribeMetricCollectionTypesResponse DescribeMetrics() {
  asg::DescribeMetricCollectionTypesResponse response;
  for (const absl::string_view metric : autoscaling::kGroupMetrics)
    response.add_metrics()->set_metric(std::string(metric));
  response.add_granularities()->set_granularity("1Minute");
  return response;
}

}  // namespace

void AddScalingProcessHandlers(Dispatcher& dispatcher, const Services& services) {
  HandleScalingOk<asg::SuspendProcessesRequest, asg::SuspendProcessesResponse>(
      dispatcher, kProcesses, [services](const asg::SuspendProcessesRequest& request) {
        return services.scaling_groups.Suspend(GroupNameOf(services, request.auto_scaling_group_name()),
                                               Texts(request.scaling_processes()));
      });
  HandleScalingOk<asg::ResumeProcessesRequest, asg::ResumeProcessesResponse>(
      dispatcher, kProcesses, [services](const asg::ResumeProcessesRequest& request) {
        return services.scaling_groups.Resume(GroupNameOf(services, request.auto_scaling_group_name()),
                                              Texts(request.scaling_processes()));
      });
  HandleScaling<asg::DescribeScalingProcessTypesRequest, asg::DescribeScalingProcessTypesResponse>(
      dispatcher, kProcesses,
      [](const asg::DescribeScalingProcessTypesRequest&) -> absl::StatusOr<asg::DescribeScalingProcessTypesResponse> {
        return DescribeProcesses();
      });
  HandleScalingOk<asg::EnableMetricsCollectionRequest, asg::EnableMetricsCollectionResponse>(
      dispatcher, kMetrics, [services](const asg::EnableMetricsCollectionRequest& request) {
        return services.scaling_groups.EnableMetrics(GroupNameOf(services, request.auto_scaling_group_name()),
                                                     Texts(request.metrics()));
      });
  HandleScalingOk<asg::DisableMetricsCollectionRequest, asg::DisableMetricsCollectionResponse>(
      dispatcher, kMetrics, [services](const asg::DisableMetricsCollectionRequest& request) {
        return services.scaling_groups.DisableMetrics(GroupNameOf(services, request.auto_scaling_group_name()),
                                                      Texts(request.metrics()));
      });
  HandleScaling<asg::DescribeMetricCollectionTypesRequest, asg::DescribeMetricCollectionTypesResponse>(
      dispatcher, kMetrics,
      [](const asg::DescribeMetricCollectionTypesRequest&)
          -> absl::StatusOr<asg::DescribeMetricCollectionTypesResponse> { return DescribeMetrics(); });
}

}  // namespace brume::api
