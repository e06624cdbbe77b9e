#include "lib/ec2/compute/api/instance_handlers.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/compute_facts.h"
#include "lib/ec2/compute/api/instance_filters.h"
#include "lib/ec2/compute/api/instance_render.h"
#include "lib/ec2/compute/api/launch_template_data.h"
#include "lib/ec2/compute/api/run_request.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/gateway/pages.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/zones.h"

namespace brume::ec2 {
namespace {

// Of a call that names neither ids nor MaxResults: an answer must fit one message. The rest is behind NextToken.
constexpr int kDefaultPage = 1000;

// The part DescribeInstances and DescribeInstanceStatus share: ids or a page, and the token of the next one.
template <typename Request, typename Response>
absl::StatusOr<std::vector<compute::InstanceView>> DescribePage(
    compute::InstanceService& instances, const Request& request,
    const std::function<bool(const compute::InstanceView&)>& keep, Response& response) {
  const std::string list = Request::descriptor()->name();
  RETURN_IF_ERROR(gateway::CheckPaging(request, !request.instance_ids().empty(), "instanceId"));
  compute::InstanceQuery query;
  ASSIGN_OR_RETURN(query.ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
  query.tags = TagsAskedFor(request.filters(), InstanceId::kKind.prefix);
  query.keep = keep;
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(const std::string position, gateway::ParseToken(list, request.next_token()));
    if (!absl::SimpleAtoi(position, &query.after)) return gateway::InvalidToken();
  }
  query.limit = request.has_max_results() ? request.max_results() : query.ids.empty() ? kDefaultPage : 0;
  ASSIGN_OR_RETURN(compute::InstancePage page, instances.Describe(query));
  if (page.next) response.set_next_token(gateway::MakeToken(list, absl::StrCat(*page.next)));
  return std::move(page.instances);
}

absl::StatusOr<v1::RunInstancesResponse> RunInstances(const v1::RunInstancesRequest& request,
                                                      compute::LaunchService& launches, const Settings& settings) {
  ASSIGN_OR_RETURN(const compute::LaunchCall call, ParseLaunchCall(request));
  ASSIGN_OR_RETURN(const compute::ReservationView reservation, launches.Launch(SpecOf(request), call));
  v1::RunInstancesResponse response;
  response.set_owner_id(settings.account_id);
  response.set_reservation_id(reservation.id.text());
  for (const compute::InstanceView& view : reservation.instances) {
    RenderInstance(view, settings, *response.add_instances());
  }
  return response;
}

// The launch with what its template gives, and with the image by its id: policies are asked about the image that is
// launched, however it is named. Unset where the request says all of that itself.
absl::StatusOr<std::optional<v1::RunInstancesRequest>> WithNamesResolved(const v1::RunInstancesRequest& request,
                                                                         const ComputeServices& services) {
  ASSIGN_OR_RETURN(std::optional<v1::RunInstancesRequest> whole,
                   WithLaunchTemplate(request, services.launch_templates));
  const std::string named = whole.has_value() ? whole->image_id() : request.image_id();
  ASSIGN_OR_RETURN(const std::string id, services.image_names.IdOf(named));
  if (id == named) return whole;
  if (!whole.has_value()) whole = request;
  whole->set_image_id(id);
  return whole;
}

// The role that instances are launched with. A repeated call, which launches nothing, hands on none that is gone.
absl::StatusOr<std::string> RoleOf(const v1::RunInstancesRequest& request, const ComputeServices& services) {
  const v1::IamInstanceProfileSpecification& profile = request.iam_instance_profile();
  absl::StatusOr<std::string> role = services.profiles.RoleArn(profile.arn(), profile.name());
  if (role.ok()) return role;
  ASSIGN_OR_RETURN(const auto before,
                   services.instances.FindRun(request.client_token(), gateway::ParametersDigest(request)));
  return before.has_value() ? std::string() : role;
}

// An object, as its filters are made once and depend on the settings.
class DescribeInstances {
 public:
  explicit DescribeInstances(const Settings& settings) : filters_(InstanceFilters(settings)) {}

  absl::StatusOr<v1::DescribeInstancesResponse> operator()(const v1::DescribeInstancesRequest& request,
                                                           compute::InstanceService& instances,
                                                           const Settings& settings) const {
    gateway::FilterTable<compute::InstanceView>::Predicate keep;
    if (!request.filters().empty()) {
      ASSIGN_OR_RETURN(keep, filters_.Compile(request.filters()));
    }
    v1::DescribeInstancesResponse response;
    ASSIGN_OR_RETURN(const auto views, DescribePage(instances, request, keep, response));
    *response.mutable_reservations() = RenderReservations(views, settings);
    return response;
  }

 private:
  gateway::FilterTable<compute::InstanceView> filters_;
};

absl::StatusOr<v1::DescribeInstanceStatusResponse> DescribeInstanceStatus(
    const v1::DescribeInstanceStatusRequest& request, compute::InstanceService& instances,
    const compute::StatusOfInstance& status_of, const Settings& settings) {
  ASSIGN_OR_RETURN(const auto matches, StatusFilters().Compile(request.filters()));
  const auto keep = [&](const compute::InstanceView& view) {
    if (!request.include_all_instances() && view.instance.state != InstanceState::kRunning) return false;
    return matches(StatusView{&view, status_of(view.instance), ZoneId(settings, view.instance.availability_zone)});
  };
  v1::DescribeInstanceStatusResponse response;
  ASSIGN_OR_RETURN(const auto views, DescribePage(instances, request, keep, response));
  for (const compute::InstanceView& view : views) {
    *response.add_instance_statuses() = RenderStatus(view, status_of(view.instance), settings);
  }
  return response;
}

absl::StatusOr<v1::GetConsoleOutputResponse> GetConsoleOutput(const v1::GetConsoleOutputRequest& request,
                                                              compute::ConsoleService& consoles) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  ASSIGN_OR_RETURN(const compute::ConsoleOutput output, consoles.Output(id));
  v1::GetConsoleOutputResponse response;
  response.set_instance_id(id.text());
  response.set_output(absl::Base64Escape(output.text));
  response.set_timestamp(gateway::RenderTime(output.read));
  return response;
}

// For Windows instances, of which there are none.
absl::StatusOr<v1::GetPasswordDataResponse> GetPasswordData(const v1::GetPasswordDataRequest& request,
                                                            compute::InstanceService& instances) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(request.instance_id()));
  ASSIGN_OR_RETURN(const compute::InstanceView view, instances.Get(id));
  v1::GetPasswordDataResponse response;
  response.set_timestamp(gateway::RenderTime(view.instance.launch_time));
  response.set_instance_id(id.text());
  response.set_password_data("");
  return response;
}

google::protobuf::RepeatedPtrField<v1::InstanceStateChange> RenderChanges(
    const std::vector<compute::StateChange>& changes) {
  google::protobuf::RepeatedPtrField<v1::InstanceStateChange> rendered;
  for (const compute::StateChange& change : changes) *rendered.Add() = RenderChange(change);
  return rendered;
}

absl::StatusOr<v1::StartInstancesResponse> StartInstances(const v1::StartInstancesRequest& request,
                                                          compute::InstanceService& instances) {
  ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto changes, instances.Start(ids));
  v1::StartInstancesResponse response;
  *response.mutable_starting_instances() = RenderChanges(changes);
  return response;
}

absl::StatusOr<v1::StopInstancesResponse> StopInstances(const v1::StopInstancesRequest& request,
                                                        compute::InstanceService& instances) {
  ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
  const bool at_once = request.force() || request.skip_os_shutdown();
  if (request.hibernate() && at_once) {
    return ec2::Error("InvalidParameterCombination",
                      absl::StrCat("Give Hibernate or ", request.force() ? "Force" : "SkipOsShutdown", ", not both"));
  }
  ASSIGN_OR_RETURN(const auto changes, request.hibernate() ? instances.Hibernate(ids) : instances.Stop(ids, at_once));
  v1::StopInstancesResponse response;
  *response.mutable_stopping_instances() = RenderChanges(changes);
  return response;
}

absl::StatusOr<v1::TerminateInstancesResponse> TerminateInstances(const v1::TerminateInstancesRequest& request,
                                                                  compute::InstanceService& instances) {
  ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
  ASSIGN_OR_RETURN(const auto changes,
                   instances.Terminate(ids, {.at_once = request.force() || request.skip_os_shutdown()}));
  v1::TerminateInstancesResponse response;
  *response.mutable_terminating_instances() = RenderChanges(changes);
  return response;
}

absl::Status RebootInstances(const v1::RebootInstancesRequest& request, compute::InstanceService& instances) {
  ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<InstanceId>(request.instance_ids()));
  return instances.Reboot(ids);
}

}  // namespace

void AddInstanceActions(gateway::Actions& actions, const ComputeServices& services) {
  actions.Add(RunInstances, services.launches, services.settings)
      .CompletedBy([services](const v1::RunInstancesRequest& request) { return WithNamesResolved(request, services); })
      .DescribedBy([services](const v1::RunInstancesRequest& request, AccessQuestion& question) {
        return DescribeLaunch(request, services, question);
      })
      .PassesRole([services](const v1::RunInstancesRequest& request) { return RoleOf(request, services); })
      .CheckedBy([&launches = services.launches](const v1::RunInstancesRequest& request) -> absl::Status {
        ASSIGN_OR_RETURN(const compute::LaunchCall call, ParseLaunchCall(request));
        return launches.CheckNow(SpecOf(request), call);
      });
  actions.Add(DescribeInstances(services.settings), services.instances, services.settings);
  actions.Add(DescribeInstanceStatus, services.instances, services.status_of, services.settings);
  actions.Add(GetConsoleOutput, services.consoles);
  actions.Add(GetPasswordData, services.instances);
  actions.Add(StartInstances, services.instances);
  actions.Add(StopInstances, services.instances);
  actions.Add(TerminateInstances, services.instances);
  actions.Add(RebootInstances, services.instances);
}

}  // namespace brume::ec2
