// The whole API over ComputeWorld: every service and every handler, called as a front end would.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/member_service.h"
#include "lib/autoscaling/refresh_service.h"
#include "lib/autoscaling/scaling_loop.h"
#include "lib/autoscaling/scaling_policy_service.h"
#include "lib/base/status_macros.h"
#include "lib/cloudwatch/alarm_reader.h"
#include "lib/cloudwatch/alarm_service.h"
#include "lib/cloudwatch/metric_service.h"
#include "lib/ec2/compute/attached_instances.h"
#include "lib/ec2/compute/console_service.h"
#include "lib/ec2/compute/interface_attachment_service.h"
#include "lib/ec2/compute/key_pair_service.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/compute/profile_association_service.h"
#include "lib/ec2/compute/root_replacement_service.h"
#include "lib/ec2/compute/status_service.h"
#include "lib/ec2/compute/volume_attachment_service.h"
#include "lib/ec2/network/address_service.h"
#include "lib/ec2/network/dhcp_options_service.h"
#include "lib/ec2/network/flow_log_collector.h"
#include "lib/ec2/network/flow_log_service.h"
#include "lib/ec2/network/insights_service.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/nat_gateway_service.h"
#include "lib/ec2/network/network_acl_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/peering_service.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/route_service.h"
#include "lib/ec2/network/security_group_service.h"
#include "lib/ec2/network/simulated_flow_log_files.h"
#include "lib/ec2/network/vpc_endpoint_service.h"
#include "lib/ec2/network/vpc_service.h"
#include "lib/ec2/storage/block_tokens.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/export_reconciler.h"
#include "lib/ec2/storage/export_service.h"
#include "lib/ec2/storage/fast_restore_service.h"
#include "lib/ec2/storage/image_name_service.h"
#include "lib/ec2/storage/import_reconciler.h"
#include "lib/ec2/storage/import_service.h"
#include "lib/ec2/storage/model/catalogue.h"
#include "lib/ec2/storage/public_access_service.h"
#include "lib/ec2/storage/recycle_bin_service.h"
#include "lib/ec2/storage/simulated_export_files.h"
#include "lib/ec2/storage/simulated_import_files.h"
#include "lib/ec2/storage/snapshot_lock_service.h"
#include "lib/ec2/storage/volume_modification_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/gateway/call_event.h"
#include "lib/gateway/call_statistics.h"
#include "lib/gateway/dispatcher.h"
#include "lib/gateway/event_log.h"
#include "lib/host/host_report.h"
#include "lib/iam/access_key_service.h"
#include "lib/iam/api/iam_services.h"
#include "lib/iam/authorizer.h"
#include "lib/iam/endpoint_policy.h"
#include "lib/iam/iam_tag_service.h"
#include "lib/iam/identity_service.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/iam/managed_policy_service.h"
#include "lib/iam/session_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/schema.h"
#include "tests/fakes/compute_world.h"

namespace brume {

class ApiWorld : public ComputeWorld {
 public:
  explicit ApiWorld(Settings changed = DefaultSettings(), std::shared_ptr<FakeHost> on = std::make_shared<FakeHost>());
  ~ApiWorld();

  // Every action of the schema, for a test's own dispatcher.
  void AddActions(gateway::Dispatcher& served);

  // Calls the rpc whose request this is.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const Request& request) {
    const std::string message = Request::descriptor()->name();
    const std::string name = message.substr(0, message.size() - std::string("Request").size());
    const schema::ApiFamilyInfo& family = *schema::FamilyOf(*Request::descriptor()->file());
    auto response = CallByName(family.aws_query ? family.service_name + ":" + name : name, request);
    if (!response.ok()) return response.status();
    return static_cast<const Response&>(**response);
  }

  // The same with the request as protobuf's text: R"(image_id: "ami-…" min_count: 1)".
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> CallText(const std::string& name, const std::string& text);

  // As somebody else than the administrator.
  template <typename Request>
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> CallAs(const Request& request, const Caller& caller) {
    const std::string message = Request::descriptor()->name();
    const auto* const method = FindRpc(message.substr(0, message.size() - std::string("Request").size()));
    REQUIRE(method != nullptr);
    return dispatcher.Call(*method, request, caller);
  }

  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> CallByName(const std::string& name,
                                                                        const google::protobuf::Message& request);

  // "RunInstances"; of a name that several APIs have, EC2's, unless the API is named: "autoscaling:DeleteTags".
  const google::protobuf::MethodDescriptor* FindRpc(const std::string& name) const;

  compute::ConsoleService consoles{*service, hypervisor, disks, clock};
  compute::KeyPairService key_pairs;
  compute::LaunchTemplateService launch_templates;
  tagging::TagService tags;
  network::NetworkService networks;
  network::InterfaceService interfaces{
      *database,
      random,
      compute::AnswersForNetwork(),
      {.vpc = [this](const VpcId& vpc) { network->WakeVpc(vpc); },
       .port = [this](const VpcId& vpc, const EniId& eni) { network->WakePort(vpc, eni); },
       .members = [this](const VpcId& vpc, const SecurityGroupId& group) { network->WakeMembers(vpc, group); }}};
  network::SecurityGroupService groups;
  network::VpcService vpcs{*database, settings, random, clock, [this](const VpcId& vpc) { network->WakeVpc(vpc); }};
  network::NatGatewayService nat_gateways{*database, random, clock,
                                          [this](const VpcId& vpc) { network->WakeVpc(vpc); }};
  network::VpcEndpointService vpc_endpoints{{.database = *database,
                                             .settings = settings,
                                             .random = random,
                                             .clock = clock,
                                             .check_policy = iam::CheckEndpointPolicy,
                                             .wake = [this](const VpcId& vpc) { network->WakeVpc(vpc); }}};
  network::InsightsService insights{*database, random, clock, [this] { return network->ReadSpecs(); }};
  network::PeeringService peerings{*database, random, clock, [this](const VpcId& vpc) { network->WakeVpc(vpc); }};
  network::RouteService routes{*database, random, clock, compute::AnswersForNetwork(),
                               [this](const VpcId& vpc) { network->WakeVpc(vpc); }};
  network::NetworkAclService acls{*database, random, [this](const VpcId& vpc) { network->WakeVpc(vpc); }};
  network::SimulatedFlowLogFiles flow_log_files;
  network::FlowLogCollector flow_log_collector{*database, clock, fabric, flow_log_files, settings};
  network::FlowLogService flow_logs{*database,      random,
                                    clock,          flow_log_collector,
                                    flow_log_files, [this](const VpcId& vpc) { network->WakeVpc(vpc); }};
  network::PrefixListService prefix_lists{*database, random,
                                          [this](const PrefixListId& list, const network::PrefixListUsers& users) {
                                            network->WakePrefixListUsers(list, users);
                                          }};
  network::DhcpOptionsService dhcp_options{*database, random, [this](const VpcId& vpc) { network->WakeVpc(vpc); }};
  network::AddressService addresses{
      *database,
      settings,
      random,
      compute::AnswersForNetwork(),
      {.wake_port = [this](const VpcId& vpc, const EniId& eni) { network->WakePort(vpc, eni); },
       .wake_vpcs = [this] { network->WakeVpcs(); }}};
  compute::RootReplacementService root_replacements{
      *database,
      clock,
      random,
      {.wake_instance = [this](const InstanceId& id) { reconciler->Wake(id); },
       .wake_volume = [this](const VolumeId& id) { volumes_made->Wake(id); }}};
  compute::InterfaceAttachmentService interface_attachments{*database, clock, random,
                                                            [this](const InstanceId& id) { reconciler->Wake(id); }};
  compute::VolumeAttachmentService volume_attachments{*database, clock,
                                                      [this](const InstanceId& id) { reconciler->Wake(id); }};
  storage::RecycleBinService recycle_bin{*database, clock};
  storage::SnapshotLockService snapshot_locks{*database, clock};
  storage::FastRestoreService fast_restores{*database, clock};
  storage::PublicAccessService public_access{*database};
  storage::BlockTokens block_tokens{random};
  storage::VolumeService volumes{{.database = *database,
                                  .settings = settings,
                                  .clock = clock,
                                  .random = random,
                                  .wake_volume = [this](const VolumeId& id) { volumes_made->Wake(id); }}};
  storage::EncryptionService encryption{*database};
  storage::VolumeModificationService volume_modifications{*database, settings, clock, [this](const Volume& volume) {
                                                            if (volume.instance_id.empty()) {
                                                              volumes_made->Wake(volume.id);
                                                            } else {
                                                              reconciler->Wake(volume.instance_id);
                                                            }
                                                          }};
  storage::FindMachine machine_of = [this](const InstanceId& id) { return compute::MachineOf(*service, id); };
  Catalogue catalogue{{{.name = "debian-12",
                        .description = "Debian 12",
                        .url = "https://images.example.org/debian-12.qcow2",
                        .owner_alias = "debian",
                        .boot_mode = BootMode::kUefi,
                        .ssm_parameters = {"/aws/service/debian/release/12/latest/amd64"}}}};
  storage::ImageNameService image_names{*database, catalogue};
  storage::SimulatedExportFiles export_files;
  // Its threads run only when a test starts them.
  storage::ExportReconciler export_reconciler{
      {.database = *database, .disks = disks, .files = export_files, .clock = clock}};
  storage::ExportService exports{*database, clock, random, export_files,
                                 [this](const std::string& id) { export_reconciler.Wake(id); }};
  storage::SimulatedImportFiles import_files;
  // Its threads run only when a test starts them.
  storage::ImportReconciler import_reconciler{
      {.database = *database, .disks = disks, .files = import_files, .clock = clock, .catalogue = catalogue}};
  storage::ImportService imports{*database, clock, random, catalogue,
                                 [this](const std::string& id) { import_reconciler.Wake(id); }};
  gateway::EventLog events{*database, clock, {}};
  gateway::CallStatistics statistics;
  iam::Authorizer authorizer{*database, settings.account_id};
  iam::IdentityService identities{*database, clock, random, settings.account_id, [this] { authorizer.Evict(); }};
  iam::IamTagService iam_tags{*database, settings.account_id, [this] { authorizer.Evict(); }};
  iam::ManagedPolicyService managed_policies{*database, clock, random, settings.account_id,
                                             [this] { authorizer.Evict(); }};
  std::unique_ptr<iam::AccessKeyService> access_keys =
      iam::AccessKeyService::Open(*database, clock, directory.path()).value();
  iam::InstanceProfileService instance_profiles{*database, clock, random, settings.account_id};
  compute::ProfileAssociationService profile_associations{*database, clock, random, instance_profiles};
  compute::LaunchService launches{*service, instance_profiles, types, image_names};
  iam::SessionService sessions{*database, clock, access_keys->box(), settings.account_id};
  cloudwatch::MetricService metrics{*database, clock};
  cloudwatch::AlarmService alarms{*database,
                                  clock,
                                  random,
                                  {.account = settings.account(),
                                   .rules = {.webhooks = {"http://hooks.example.org/"}},
                                   .read = [this](const alarm::Watch& watch, absl::Time from, absl::Time to) {
                                     return cloudwatch::ReadWatch(metrics, watch, from, to);
                                   }}};
  // Its threads do not run: a test reconciles a group when it wants to.
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
       .account = settings.account(),
       .wake = wake_group,
       .forecast = [this](const scaling::PolicyRecord& policy) { return scaling_loop.ForecastOf(policy); },
       .check_maths = [this](const auto& queries) { return CheckMaths(queries); }}};
  autoscaling::RefreshService scaling_refreshes{*database, clock, random, wake_group};
  const iam::IamServices iam_services{.settings = settings,
                                      .clock = clock,
                                      .identities = identities,
                                      .tags = iam_tags,
                                      .policies = managed_policies,
                                      .access_keys = *access_keys,
                                      .instance_profiles = instance_profiles,
                                      .sessions = sessions};
  const autoscaling::ScalingServices scaling_services{.settings = settings,
                                                      .clock = clock,
                                                      .types = types,
                                                      .groups = scaling_groups,
                                                      .members = scaling_members,
                                                      .policies = scaling_policies,
                                                      .refreshes = scaling_refreshes,
                                                      .instances = *service,
                                                      .launch_templates = launch_templates,
                                                      .launches = launches,
                                                      .alarms = alarms,
                                                      .profiles = instance_profiles};
  gateway::Dispatcher dispatcher{
      {.authorize = [this](const Caller& caller,
                           const AccessQuestion& question) { return authorizer.Authorize(caller, question); },
       .authorize_endpoint = [this](const Caller& caller, const AccessQuestion& question) -> absl::Status {
         ASSIGN_OR_RETURN(const std::string policy,
                          vpc_endpoints.PolicyOf(VpcEndpointId::FromTrusted(caller.vpc_endpoint_id)));
         return authorizer.AuthorizeByEndpoint(caller, policy, question);
       },
       .record =
           [this](const gateway::CallRecord& record) {
             statistics.Count(record);
             events.Append(gateway::EventOf(record));
           }}};
  Caller administrator;
  // What the next questions are answered; of the status, for instances that run.
  compute::InstanceStatus status{.system = compute::CheckStatus::kPassed, .instance = compute::CheckStatus::kPassed};
  compute::StatusOfInstance status_of = [this](const Instance& instance) {
    constexpr auto kNotApplicable = compute::CheckStatus::kNotApplicable;
    const bool runs = instance.state == InstanceState::kRunning;
    return runs ? status : compute::InstanceStatus{.system = kNotApplicable, .instance = kNotApplicable};
  };
  host::HostReport host;
  DiskSpace space = {.free_bytes = int64_t{1} << 40, .total_bytes = int64_t{1} << 41};
  storage::SpaceFunction space_of = [this] { return space; };
  host::HostFunctions host_functions = {.describe = [this] { return host; },
                                        .rebuild = [] { return std::vector<host::HostCheck>(); },
                                        .backups = {.start =
                                                        [this](const host::BackupOrder& order) {
                                                          backup.emplace().id = "20300102T030405Z-01234567";
                                                          backup->directory = order.directory;
                                                          backup->state = "in-progress";
                                                          return absl::StatusOr<std::string>(backup->id);
                                                        },
                                                    .describe = [this] { return backup; },
                                                    .cancel =
                                                        [this] {
                                                          if (backup.has_value()) backup->state = "cancelled";
                                                        }}};
  std::optional<host::BackupReport> backup;  // the one started last

 private:
  // Monitoring has nothing to tell.
  absl::Status CheckMaths(const std::vector<alarm::WatchQuery>& queries);

  autoscaling::ScalingLoopParts ScalingParts();
};

}  // namespace brume
