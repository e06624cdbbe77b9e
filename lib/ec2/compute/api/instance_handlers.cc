#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/instance_filters.h"
#include "lib/ec2/compute/api/instance_render.h"
#include "lib/ec2/compute/api/run_request.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/gateway/pages.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/iam/instance_profile_service.h"

namespace brume::ec2 {
namespace {

constexpr char kService[] = "brume.ec2.v1.Instances";
// Of a call that names neither ids nor MaxResults: an answer must fit one message. The rest is behind NextToken.
constexpr int kDefaultPage = 1000;
// EC2 shows that much of a console.
constexpr size_t kConsoleBytes = 64 * 1024;

// The part DescribeInstances and DescribeInstanceStatus share: ids or a page, and the token of the next one.
template <typename Request, typename Response>
absl::StatusOr<std::vector<compute::InstanceView>> DescribePage(
    compute::InstanceService& instances, const Request& request,
    const std::function<bool(const compute::InstanceView&)>& keep, Response& response) {
  const std::string list = Request::descriptor()->name();
  RETURN_IF_ERROR(gateway::CheckPaging(request, !request.instance_ids().empty(), "instanceId"));
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
  int64_t after = 0;
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(const std::string position, gateway::ParseToken(list, request.next_token()));
    if (!absl::SimpleAtoi(position, &after)) return gateway::InvalidToken();
  }
  const int limit = request.has_max_results() ? request.max_results() : ids.empty() ? kDefaultPage : 0;
  ASSIGN_OR_RETURN(compute::InstancePage page, instances.Describe(ids, keep, after, limit));
  if (page.next) response.set_next_token(gateway::MakeToken(list, absl::StrCat(*page.next)));
  return std::move(page.instances);
}

absl::StatusOr<v1::RunInstancesResponse> Run(const api::Services& services, const v1::RunInstancesRequest& request) {
  ASSIGN_OR_RETURN(compute::RunRequest run, ParseRunRequest(request));
  RETURN_IF_ERROR(ResolveProfile(request, services.instance_profiles, run));
  ASSIGN_OR_RETURN(const compute::ReservationView reservation, services.instances.Run(run));
  v1::RunInstancesResponse response;
  response.set_owner_id(services.settings.account_id);
  response.set_reservation_id(reservation.id.text());
  for (const compute::InstanceView& view : reservation.instances) {
    *response.add_instances() = RenderInstance(view, services.settings);
  }
  return response;
}

absl::StatusOr<v1::DescribeInstanceStatusResponse> DescribeStatus(const api::Services& services,
                                                                  const v1::DescribeInstanceStatusRequest& request) {
  ASSIGN_OR_RETURN(const auto matches, StatusFilters().Compile(request.filters()));
  const auto keep = [&](const compute::InstanceView& view) {
    if (!request.include_all_instances() && view.instance.state != InstanceState::kRunning) return false;
    return matches(StatusView{&view, services.status_of(view.instance)});
  };
  v1::DescribeInstanceStatusResponse response;
  ASSIGN_OR_RETURN(const auto views, DescribePage(services.instances, request, keep, response));
  for (const compute::InstanceView& view : views) {
    *response.add_instance_statuses() = RenderStatus(view, services.status_of(view.instance));
  }
  return response;
}

absl::StatusOr<v1::GetConsoleOutputResponse> GetConsoleOutput(const api::Services& services,
                                                              const v1::GetConsoleOutputRequest& request) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  RETURN_IF_ERROR(services.instances.Get(id).status());
  ASSIGN_OR_RETURN(std::string output, services.console_output(id));
  if (output.size() > kConsoleBytes) output.erase(0, output.size() - kConsoleBytes);
  v1::GetConsoleOutputResponse response;
  response.set_instance_id(id.text());
  response.set_output(absl::Base64Escape(output));
  response.set_timestamp(gateway::RenderTime(services.clock.Now()));
  return response;
}

// For Windows instances, of which there are none.
absl::StatusOr<v1::GetPasswordDataResponse> GetPasswordData(const api::Services& services,
                                                            const v1::GetPasswordDataRequest& request) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  RETURN_IF_ERROR(services.instances.Get(id).status());
  v1::GetPasswordDataResponse response;
  response.set_instance_id(id.text());
  response.set_password_data("");
  return response;
}

void RenderChanges(const std::vector<compute::StateChange>& changes,
                   google::protobuf::RepeatedPtrField<v1::InstanceStateChange>& rendered) {
  for (const compute::StateChange& change : changes) *rendered.Add() = RenderChange(change);
}

void AddStateHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  dispatcher.Handle<v1::StartInstancesRequest, v1::StartInstancesResponse>(
      kService, "StartInstances",
      [services](const v1::StartInstancesRequest& request,
                 const Caller&) -> absl::StatusOr<v1::StartInstancesResponse> {
        ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
        ASSIGN_OR_RETURN(const auto changes, services.instances.Start(ids));
        v1::StartInstancesResponse response;
        RenderChanges(changes, *response.mutable_starting_instances());
        return response;
      });
  dispatcher.Handle<v1::StopInstancesRequest, v1::StopInstancesResponse>(
      kService, "StopInstances",
      [services](const v1::StopInstancesRequest& request, const Caller&) -> absl::StatusOr<v1::StopInstancesResponse> {
        ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
        ASSIGN_OR_RETURN(const auto changes, services.instances.Stop(ids, request.force()));
        v1::StopInstancesResponse response;
        RenderChanges(changes, *response.mutable_stopping_instances());
        return response;
      });
  dispatcher.Handle<v1::TerminateInstancesRequest, v1::TerminateInstancesResponse>(
      kService, "TerminateInstances",
      [services](const v1::TerminateInstancesRequest& request,
                 const Caller&) -> absl::StatusOr<v1::TerminateInstancesResponse> {
        ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
        ASSIGN_OR_RETURN(const auto changes, services.instances.Terminate(ids));
        v1::TerminateInstancesResponse response;
        RenderChanges(changes, *response.mutable_terminating_instances());
        return response;
      });
  dispatcher.Handle<v1::RebootInstancesRequest, v1::RebootInstancesResponse>(
      kService, "RebootInstances",
      [services](const v1::RebootInstancesRequest& request,
                 const Caller&) -> absl::StatusOr<v1::RebootInstancesResponse> {
        ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
        RETURN_IF_ERROR(services.instances.Reboot(ids));
        return v1::RebootInstancesResponse();
      });
}

}  // namespace

void AddInstanceHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  dispatcher.Handle<v1::RunInstancesRequest, v1::RunInstancesResponse>(
      kService, "RunInstances",
      [services](const v1::RunInstancesRequest& request, const Caller&) { return Run(services, request); });
  dispatcher.Handle<v1::DescribeInstancesRequest, v1::DescribeInstancesResponse>(
      kService, "DescribeInstances",
      [services, filters = InstanceFilters(services.settings)](
          const v1::DescribeInstancesRequest& request, const Caller&) -> absl::StatusOr<v1::DescribeInstancesResponse> {
        gateway::FilterTable<compute::InstanceView>::Predicate keep;
        if (!request.filters().empty()) {
          ASSIGN_OR_RETURN(keep, filters.Compile(request.filters()));
        }
        v1::DescribeInstancesResponse response;
        ASSIGN_OR_RETURN(const auto views, DescribePage(services.instances, request, keep, response));
        *response.mutable_reservations() = RenderReservations(views, services.settings);
        return response;
      });
  dispatcher.Handle<v1::DescribeInstanceStatusRequest, v1::DescribeInstanceStatusResponse>(
      kService, "DescribeInstanceStatus", [services](const v1::DescribeInstanceStatusRequest& request, const Caller&) {
        return DescribeStatus(services, request);
      });
  dispatcher.Handle<v1::GetConsoleOutputRequest, v1::GetConsoleOutputResponse>(
      kService, "GetConsoleOutput", [services](const v1::GetConsoleOutputRequest& request, const Caller&) {
        return GetConsoleOutput(services, request);
      });
  dispatcher.Handle<v1::GetPasswordDataRequest, v1::GetPasswordDataResponse>(
      kService, "GetPasswordData", [services](const v1::GetPasswordDataRequest& request, const Caller&) {
        return GetPasswordData(services, request);
      });
  AddStateHandlers(dispatcher, services);
}

}  // namespace brume::ec2
