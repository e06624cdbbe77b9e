#include "brume/host/v1/host.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"

namespace brume::host {
namespace {

void RenderChecks(const std::vector<HostCheck>& checks, google::protobuf::RepeatedPtrField<v1::HostCheck>& rendered) {
  for (const HostCheck& check : checks) {
    v1::HostCheck& item = *rendered.Add();
    item.set_name(check.name);
    item.set_ok(check.ok);
    item.set_detail(check.detail);
    item.set_fix(check.fix);
  }
}

}  // namespace

void AddHostHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  dispatcher.Handle<v1::DescribeHostRequest, v1::DescribeHostResponse>(
      "brume.host.v1.Host", "DescribeHost",
      [services](const v1::DescribeHostRequest&, const Caller&) -> absl::StatusOr<v1::DescribeHostResponse> {
        ASSIGN_OR_RETURN(const HostReport report, services.describe_host());
        v1::DescribeHostResponse response;
        response.set_version(report.version);
        response.set_simulated(report.simulated);
        response.set_ec2_url(report.ec2_url);
        response.set_region(services.settings.region);
        response.set_account_id(services.settings.account_id);
        v1::HypervisorDescription& hypervisor = *response.mutable_hypervisor();
        hypervisor.set_uri(report.hypervisor.uri);
        hypervisor.set_version(report.hypervisor.version);
        hypervisor.set_acceleration(report.hypervisor.acceleration);
        hypervisor.set_acceleration_note(report.hypervisor.acceleration_note);
        RenderChecks(report.checks, *response.mutable_checks());
        RenderChecks(report.orphans, *response.mutable_orphans());
        return response;
      });
  dispatcher.Handle<v1::DescribeStatisticsRequest, v1::DescribeStatisticsResponse>(
      "brume.host.v1.Host", "DescribeStatistics",
      [services](const v1::DescribeStatisticsRequest&,
                 const Caller&) -> absl::StatusOr<v1::DescribeStatisticsResponse> {
        v1::DescribeStatisticsResponse response;
        for (const gateway::ActionStatistics& statistics : services.statistics.Read()) {
          v1::ActionStatistics& action = *response.add_actions();
          action.set_action(statistics.action);
          action.set_calls(statistics.calls);
          action.set_errors(statistics.errors);
          action.set_p50_microseconds(absl::ToInt64Microseconds(statistics.p50));
          action.set_p90_microseconds(absl::ToInt64Microseconds(statistics.p90));
          action.set_p99_microseconds(absl::ToInt64Microseconds(statistics.p99));
          action.set_max_microseconds(absl::ToInt64Microseconds(statistics.most));
        }
        return response;
      });
  dispatcher.Handle<v1::ResetStatisticsRequest, v1::ResetStatisticsResponse>(
      "brume.host.v1.Host", "ResetStatistics",
      [services](const v1::ResetStatisticsRequest&, const Caller&) -> absl::StatusOr<v1::ResetStatisticsResponse> {
        services.statistics.Reset();
        return v1::ResetStatisticsResponse();
      });
}

}  // namespace brume::host
