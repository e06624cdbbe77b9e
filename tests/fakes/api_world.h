// The whole API over ComputeWorld: every service and every handler, called as a front end would.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>

#include "brume/v1/options.pb.h"
#include "google/protobuf/text_format.h"
#include "lib/api/access.h"
#include "lib/api/alarm_access.h"
#include "lib/api/call_event.h"
#include "lib/api/call_statistics.h"
#include "lib/api/dispatcher.h"
#include "lib/api/group_launch.h"
#include "lib/api/handlers.h"
#include "lib/api/launch_template.h"
#include "lib/api/passed_role.h"
#include "lib/api/schema.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/member_service.h"
#include "lib/autoscaling/policy_service.h"
#include "lib/autoscaling/refresh_service.h"
#include "lib/autoscaling/scaling_loop.h"
#include "lib/compute/key_pair_service.h"
#include "lib/compute/launch_template_service.h"
#include "lib/compute/tag_service.h"
#include "lib/domain/ec2_error.h"
#include "lib/identity/access_key_service.h"
#include "lib/identity/authorizer.h"
#include "lib/identity/event_log.h"
#include "lib/identity/identity_service.h"
#include "lib/identity/instance_profile_service.h"
#include "lib/identity/session_service.h"
#include "lib/monitoring/alarm_reader.h"
#include "lib/monitoring/alarm_service.h"
#include "lib/monitoring/metric_service.h"
#include "lib/network/interface_service.h"
#include "lib/network/security_group_service.h"
#include "lib/storage/volume_service.h"
#include "tests/fakes/compute_world.h"

namespace brume {

class ApiWorld : public ComputeWorld {
 public:
  explicit ApiWorld(Settings changed = DefaultSettings(), bool has_uplink = true)
      : ComputeWorld(std::move(changed)),
        key_pairs(*database, clock, random),
        launch_templates(*database, clock, random),
        tags(*database),
        networks(*database, settings, random),
        groups(*database, random,
               [this](const VpcId& vpc, const SecurityGroupId& group) { network->WakeGroup(vpc, group); }) {
    api::AddAllHandlers(dispatcher, {.settings = settings,
                                     .types = types,
                                     .clock = clock,
                                     .instances = *service,
                                     .key_pairs = key_pairs,
                                     .launch_templates = launch_templates,
                                     .tags = tags,
                                     .images = *image_service,
                                     .volumes = volumes,
                                     .networks = networks,
                                     .interfaces = interfaces,
                                     .security_groups = groups,
                                     .events = events,
                                     .identities = identities,
                                     .access_keys = *access_keys,
                                     .instance_profiles = instance_profiles,
                                     .sessions = sessions,
                                     .metrics = metrics,
                                     .alarms = alarms,
                                     .scaling_groups = scaling_groups,
                                     .scaling_members = scaling_members,
                                     .scaling_policies = scaling_policies,
                                     .scaling_refreshes = scaling_refreshes,
                                     .statistics = statistics,
                                     .has_uplink = has_uplink,
                                     .status_of = [this](const Instance& instance) { return StatusOf(instance); },
                                     .console_output = [this](const InstanceId&) { return console_output; },
                                     .describe_host = [this] { return host; }});
    REQUIRE(dispatcher.CheckComplete().ok());
    administrator = {
        .principal = "uid:0", .uid = 0, .administrator = true, .source = "unix", .request_id = "request-1"};
  }

  // Calls the rpc whose request this is.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const Request& request) {
    const std::string message = Request::descriptor()->name();
    const std::string name = message.substr(0, message.size() - std::string("Request").size());
    const api::ApiFamilyInfo& family = *api::FamilyOf(*Request::descriptor()->file());
    auto response = CallByName(family.aws_query ? family.service_name + ":" + name : name, request);
    if (!response.ok()) return response.status();
    return static_cast<const Response&>(**response);
  }

  // The same with the request as protobuf's text: R"(image_id: "ami-…" min_count: 1)".
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> CallText(const std::string& name,
                                                                      const std::string& text) {
    const auto* method = FindRpc(name);
    REQUIRE(method != nullptr);
    std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
    INFO(name << " " << text);
    REQUIRE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
    return dispatcher.Call(*method, *request, administrator);
  }

  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> CallByName(const std::string& name,
                                                                        const google::protobuf::Message& request) {
    const auto* method = FindRpc(name);
    REQUIRE(method != nullptr);
    return dispatcher.Call(*method, request, administrator);
  }

  // "RunInstances"; of a name that several APIs have, EC2's, unless the API is named: "autoscaling:DeleteTags".
  const google::protobuf::MethodDescriptor* FindRpc(const std::string& name) const {
    const google::protobuf::MethodDescriptor* found = nullptr;
    const auto family = [](const auto& method) { return method.service()->options().GetExtension(v1::api_family); };
    for (const auto* service : api::Services()) {
      for (int i = 0; i < service->method_count(); ++i) {
        const auto& method = *service->method(i);
        if (method.name() != name && api::ActionName(method) != name) continue;
        if (found == nullptr || family(method) < family(*found)) found = &method;
      }
    }
    return found;
  }

  compute::InstanceStatus StatusOf(const Instance& instance) const {
    if (instance.state != InstanceState::kRunning) {
      return {.system = compute::CheckStatus::kNotApplicable, .instance = compute::CheckStatus::kNotApplicable};
    }
    return status;
  }

  compute::KeyPairService key_pairs;
  compute::LaunchTemplateService launch_templates;
  compute::TagService tags;
  network::NetworkService networks;
  network::InterfaceService interfaces{*database, [this](const VpcId& vpc) { network->WakeVpc(vpc); }};
  network::SecurityGroupService groups;
  storage::VolumeService volumes{*database};
  identity::EventLog events{*database, clock, {}};
  api::CallStatistics statistics;
  identity::Authorizer authorizer{*database, settings.account_id};
  identity::IdentityService identities{*database, clock, random, settings.account_id, [this] { authorizer.Forget(); }};
  std::unique_ptr<identity::AccessKeyService> access_keys =
      identity::AccessKeyService::Open(*database, clock, directory.path()).value();
  identity::InstanceProfileService instance_profiles{*database, clock, random, settings.account_id};
  identity::SessionService sessions{*database, clock, access_keys->box(), settings.account_id};
  monitoring::MetricService metrics{*database, clock};
  monitoring::AlarmService alarms{*database,
                                  clock,
                                  random,
                                  {.place = {.region = settings.region, .account_id = settings.account_id},
                                   .rules = {.webhooks = {"http://hooks.example.org/"}},
                                   .read = [this](const alarm::Watch& watch, absl::Time from, absl::Time to) {
                                     return monitoring::ReadWatch(metrics, watch, from, to);
                                   }}};
  // Its threads do not run: a test looks at a group when it wants to.
  autoscaling::ScalingLoop scaling_loop{ScalingParts()};
  std::function<void(const std::string&)> wake_group = [this](const std::string& group) { scaling_loop.Wake(group); };
  autoscaling::GroupService scaling_groups{{.database = *database,
                                            .clock = clock,
                                            .random = random,
                                            .wake = wake_group,
                                            .check_target = [](const std::string&) { return absl::OkStatus(); }}};
  autoscaling::MemberService scaling_members{*database, clock, wake_group};
  autoscaling::PolicyService scaling_policies{
      {.database = *database,
       .clock = clock,
       .random = random,
       .region = settings.region,
       .account_id = settings.account_id,
       .wake = wake_group,
       .forecast = [this](const scaling::PolicyRecord& policy) { return scaling_loop.ForecastOf(policy); }}};
  autoscaling::RefreshService scaling_refreshes{*database, clock, random, wake_group};
  api::Dispatcher dispatcher{
      {.authorize = [this](const Caller& caller,
                           const AccessQuestion& question) { return authorizer.Authorize(caller, question); },
       .complete =
           [this](const google::protobuf::Message& request) {
             return api::WithLaunchTemplate(request, launch_templates);
           },
       .passed_role =
           [this](const google::protobuf::Message& request) {
             return api::PassedRole(
                 request,
                 {.identities = identities, .profiles = instance_profiles, .launch_templates = launch_templates});
           },
       .implied = [this](const google::protobuf::Message& request) { return api::WhatAlarmDoes(request, settings); },
       .record =
           [this](const api::CallRecord& record) {
             statistics.Count(record);
             events.Append(api::EventOf(record));
           }}};
  Caller administrator;
  // What the next questions are answered.
  compute::InstanceStatus status{.system = compute::CheckStatus::kPassed, .instance = compute::CheckStatus::kPassed};
  api::HostReport host;
  absl::StatusOr<std::string> console_output = std::string("hello from the guest\n");

 private:
  // Monitoring has nothing to tell.
  autoscaling::ScalingLoopParts ScalingParts() {
    const auto one = [](const InstanceId& id) { return absl::MakeConstSpan(&id, 1); };
    return {.database = *database,
            .clock = clock,
            .launcher = {.run =
                             [this](const autoscaling::LaunchOrder& order) {
                               return api::LaunchMember({.instances = *service,
                                                         .launch_templates = launch_templates,
                                                         .instance_profiles = instance_profiles},
                                                        order);
                             },
                         .start = [=, this](const InstanceId& id) { return service->Start(one(id)).status(); },
                         .stop = [=, this](const InstanceId& id) { return service->Stop(one(id), false).status(); },
                         .terminate =
                             [=, this](const InstanceId& id) {
                               return service->Terminate(one(id), /*even_protected=*/true).status();
                             },
                         .impaired_since = [](const Instance&) { return absl::InfiniteFuture(); }},
            .signals = {.latest = [](const InstanceId&, absl::string_view) { return std::nullopt; },
                        .read = [](const MetricId&, absl::Time, absl::Time,
                                   absl::Duration) { return std::vector<StatisticSet>(); },
                        .alarms = [](const std::string&) { return std::vector<autoscaling::PolicyAlarm>(); },
                        .note = [](const MetricId&, absl::Time, double) {}},
            .region = settings.region,
            .account_id = settings.account_id};
  }
};

}  // namespace brume
