#include "brume/v1/host.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"

namespace brume::api {
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

void AddHostHandlers(Dispatcher& dispatcher, const Services& services) {
  dispatcher.Handle<v1::DescribeHostRequest, v1::DescribeHostResponse>(
      "brume.v1.Host", "DescribeHost",
      [services](const v1::DescribeHostRequest&, const Caller&) -> absl::StatusOr<v1::DescribeHostResponse> {
        ASSIGN_OR_RETURN(const HostReport report, services.describe_host());
        v1::DescribeHostResponse response;
        response.set_version(report.version);
        response.set_simulated(report.simulated);
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
}

}  // namespace brume::api
