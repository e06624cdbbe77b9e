#include "tests/fakes/api_world.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brume/rpc/v1/options.pb.h"
#include "google/protobuf/text_format.h"
#include "lib/autoscaling/api/launch_configuration_handlers.h"
#include "lib/autoscaling/api/scaling_actions.h"
#include "lib/autoscaling/member_launch.h"
#include "lib/cloudwatch/alarm_reader.h"
#include "lib/cloudwatch/api/cloudwatch_actions.h"
#include "lib/ec2/compute/api/compute_actions.h"
#include "lib/ec2/compute/compute_tagging.h"
#include "lib/ec2/network/api/network_actions.h"
#include "lib/ec2/network/network_tagging.h"
#include "lib/ec2/storage/api/catalogue_handlers.h"
#include "lib/ec2/storage/api/export_handlers.h"
#include "lib/ec2/storage/api/fast_restore_handlers.h"
#include "lib/ec2/storage/api/import_handlers.h"
#include "lib/ec2/storage/api/public_access_handlers.h"
#include "lib/ec2/storage/api/snapshot_lock_handlers.h"
#include "lib/ec2/storage/api/storage_actions.h"
#include "lib/ec2/storage/storage_tagging.h"
#include "lib/ec2/tagging/api/tag_facts.h"
#include "lib/ec2/tagging/api/tag_handlers.h"
#include "lib/gateway/actions.h"
#include "lib/host/api/backup_handlers.h"
#include "lib/host/api/event_handlers.h"
#include "lib/host/api/host_handlers.h"
#include "lib/iam/api/iam_actions.h"
#include "lib/schema/schema.h"

namespace brume {

ApiWorld::ApiWorld(Settings changed, std::shared_ptr<FakeHost> on)
    : ComputeWorld(std::move(changed), std::move(on)),
      key_pairs(*database, clock, random),
      launch_templates(*database, clock, random),
      tags(*database),
      networks(*database, settings, random),
      groups(*database, random,
             [this](const VpcId& vpc, const SecurityGroupId& group) { network->WakeGroup(vpc, group); }) {
  AddActions(dispatcher);
  network::AddTaggableKinds(tags);
  storage::AddTaggableKinds(tags);
  compute::AddTaggableKinds(tags);
  tags.OnChange([this](const std::vector<std::string>& ids) { network->WakeTagged(ids); });
  REQUIRE(dispatcher.CheckComplete().ok());
  administrator = {.principal = "uid:0", .uid = 0, .administrator = true, .source = "unix", .request_id = "request-1"};
}

ApiWorld::~ApiWorld() = default;

void ApiWorld::AddActions(gateway::Dispatcher& served) {
  gateway::Actions actions(served);
  ec2::AddComputeActions(actions, {.settings = settings,
                                   .types = types,
                                   .instances = *service,
                                   .consoles = consoles,
                                   .key_pairs = key_pairs,
                                   .launch_templates = launch_templates,
                                   .launches = launches,
                                   .status_of = status_of,
                                   .profiles = instance_profiles,
                                   .profile_associations = profile_associations,
                                   .networks = networks,
                                   .image_names = image_names,
                                   .volume_attachments = volume_attachments,
                                   .interface_attachments = interface_attachments,
                                   .root_replacements = root_replacements});
  ec2::AddTagActions(actions, tags);
  ec2::AddTagFacts(actions.facts(), tags);
  ec2::AddNetworkActions(actions,
                         {.networks = networks,
                          .interfaces = interfaces,
                          .security_groups = groups,
                          .vpcs = vpcs,
                          .routes = routes,
                          .addresses = addresses,
                          .acls = acls,
                          .nat_gateways = nat_gateways,
                          .vpc_endpoints = vpc_endpoints,
                          .peerings = peerings,
                          .insights = insights,
                          .prefix_lists = prefix_lists,
                          .flow_logs = flow_logs,
                          .dhcp_options = dhcp_options},
                         settings);
  ec2::AddStorageActions(actions, {.settings = settings,
                                   .images = *image_service,
                                   .image_names = image_names,
                                   .snapshots = *snapshot_service,
                                   .recycle_bin = recycle_bin,
                                   .blocks = *blocks,
                                   .block_tokens = block_tokens,
                                   .clock = clock,
                                   .volumes = volumes,
                                   .encryption = encryption,
                                   .volume_modifications = volume_modifications,
                                   .machine_of = machine_of,
                                   .space = space_of});
  ec2::AddImportActions(actions, imports, settings);
  ec2::AddCatalogueActions(actions, image_names);
  ec2::AddExportActions(actions, exports, settings.account());
  ec2::AddSnapshotLockActions(actions, snapshot_locks, settings);
  ec2::AddFastRestoreActions(actions, fast_restores, settings);
  ec2::AddPublicAccessActions(actions, public_access);
  host::AddHostActions(actions, host_functions, settings, statistics);
  host::AddBackupActions(actions, host_functions.backups);
  host::AddEventActions(actions, events);
  iam::AddIamActions(actions, iam_services);
  cloudwatch::AddCloudwatchActions(actions,
                                   {.settings = settings, .clock = clock, .metrics = metrics, .alarms = alarms});
  autoscaling::AddScalingActions(actions, scaling_services);
}

absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ApiWorld::CallText(const std::string& name,
                                                                              const std::string& text) {
  const auto* method = FindRpc(name);
  REQUIRE(method != nullptr);
  std::unique_ptr<google::protobuf::Message> request(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
  INFO(name << " " << text);
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
  return dispatcher.Call(*method, *request, administrator);
}

absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ApiWorld::CallByName(
    const std::string& name, const google::protobuf::Message& request) {
  const auto* method = FindRpc(name);
  REQUIRE(method != nullptr);
  return dispatcher.Call(*method, request, administrator);
}

const google::protobuf::MethodDescriptor* ApiWorld::FindRpc(const std::string& name) const {
  const google::protobuf::MethodDescriptor* found = nullptr;
  const auto family = [](const auto& method) { return method.service()->options().GetExtension(rpc::v1::api_family); };
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      if (method.name() != name && gateway::ActionName(method) != name) continue;
      if (found == nullptr || family(method) < family(*found)) found = &method;
    }
  }
  return found;
}

absl::Status ApiWorld::CheckMaths(const std::vector<alarm::WatchQuery>& queries) {
  alarm::Watch watch;
  watch.period = absl::Minutes(1);
  watch.queries = queries;
  return cloudwatch::ReadWatch(metrics, watch, clock.Now() - absl::Minutes(1), clock.Now()).status();
}

autoscaling::ScalingLoopParts ApiWorld::ScalingParts() {
  const auto one = [](const InstanceId& id) { return absl::MakeConstSpan(&id, 1); };
  return {.database = *database,
          .clock = clock,
          .launcher = {.run =
                           [this](const autoscaling::LaunchOrder& order) {
                             return autoscaling::LaunchMember(launches, launch_templates, order);
                           },
                       .start = [=, this](const InstanceId& id) { return service->Start(one(id)).status(); },
                       .stop = [=, this](const InstanceId& id) { return service->Stop(one(id), false).status(); },
                       .terminate =
                           [=, this](const InstanceId& id) {
                             return service->Terminate(one(id), {.even_protected = true}).status();
                           },
                       .impaired_since = [](const Instance&) { return absl::InfiniteFuture(); }},
          .signals = {.latest = [](const InstanceId&, absl::string_view) { return std::nullopt; },
                      .read = [](const MetricId&, absl::Time, absl::Time,
                                 absl::Duration) { return std::vector<StatisticSet>(); },
                      .read_maths = [](const auto&, absl::Time, absl::Time,
                                       absl::Duration) { return std::vector<std::pair<absl::Time, double>>(); },
                      .alarms = [](const std::string&) { return std::vector<autoscaling::PolicyAlarm>(); },
                      .in_alarm = [](const std::vector<std::string>&) { return std::vector<std::string>(); },
                      .note = [](const MetricId&, absl::Time, double) {}},
          .account = settings.account()};
}

}  // namespace brume
