#include "lib/host/api/host_handlers.h"

#include <utility>
#include <vector>

#include "brume/host/v1/host.pb.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"

namespace brume::host {
namespace {

// Names of files and words of other programs are in it, which may hold any byte.
void RenderChecks(const std::vector<HostCheck>& checks, google::protobuf::RepeatedPtrField<v1::HostCheck>& rendered) {
  for (const HostCheck& check : checks) {
    v1::HostCheck& item = *rendered.Add();
    item.set_name(ToUtf8(check.name));
    item.set_ok(check.ok);
    item.set_detail(ToUtf8(check.detail));
    item.set_fix(ToUtf8(check.fix));
  }
}

absl::StatusOr<v1::DescribeHostResponse> DescribeHost(const v1::DescribeHostRequest&, const DescribeFunction& describe,
                                                      const Settings& settings) {
  ASSIGN_OR_RETURN(const HostReport report, describe());
  v1::DescribeHostResponse response;
  response.set_version(report.version);
  response.set_simulated(report.simulated);
  response.set_ec2_url(report.ec2_url);
  response.set_region(settings.region);
  response.set_account_id(settings.account_id);
  v1::HypervisorDescription& hypervisor = *response.mutable_hypervisor();
  hypervisor.set_uri(ToUtf8(report.hypervisor.uri));
  hypervisor.set_version(ToUtf8(report.hypervisor.version));
  hypervisor.set_acceleration(ToUtf8(report.hypervisor.acceleration));
  hypervisor.set_acceleration_note(ToUtf8(report.hypervisor.acceleration_note));
  RenderChecks(report.checks, *response.mutable_checks());
  RenderChecks(report.orphans, *response.mutable_orphans());
  return response;
}

absl::StatusOr<v1::DescribeStatisticsResponse> DescribeStatistics(const v1::DescribeStatisticsRequest&,
                                                                  const gateway::CallStatistics& statistics) {
  v1::DescribeStatisticsResponse response;
  for (const gateway::ActionStatistics& of_action : statistics.Read()) {
    v1::ActionStatistics& action = *response.add_actions();
    action.set_action(of_action.action);
    action.set_calls(of_action.calls);
    action.set_errors(of_action.errors);
    action.set_p50_microseconds(absl::ToInt64Microseconds(of_action.p50));
    action.set_p90_microseconds(absl::ToInt64Microseconds(of_action.p90));
    action.set_p99_microseconds(absl::ToInt64Microseconds(of_action.p99));
    action.set_max_microseconds(absl::ToInt64Microseconds(of_action.max));
  }
  return response;
}

absl::StatusOr<v1::RebuildStorageResponse> RebuildStorage(const v1::RebuildStorageRequest&,
                                                          const RebuildFunction& rebuild) {
  ASSIGN_OR_RETURN(const std::vector<HostCheck> disks, rebuild());
  v1::RebuildStorageResponse response;
  RenderChecks(disks, *response.mutable_disks());
  return response;
}

absl::Status ResetStatistics(const v1::ResetStatisticsRequest&, gateway::CallStatistics& statistics) {
  statistics.Reset();
  return absl::OkStatus();
}

}  // namespace

void AddHostActions(gateway::Actions& actions, const HostFunctions& functions, const Settings& settings,
                    gateway::CallStatistics& statistics) {
  actions.Add(DescribeHost, functions.describe, settings);
  actions.Add(RebuildStorage, functions.rebuild);
  actions.Add(DescribeStatistics, statistics);
  actions.Add(ResetStatistics, statistics);
}

}  // namespace brume::host
