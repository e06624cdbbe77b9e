#include "daemon/modules.h"

#include <fstream>
#include <string>

#include "lib/base/status_macros.h"
#include "lib/ec2/compute/attached_instances.h"
#include "lib/ec2/compute/instance_lookup_service.h"
#include "lib/iam/endpoint_policy.h"

namespace brume::daemon {
namespace {

std::string HostBootId(bool simulate) {
  // Simulated guests end with the daemon: each of its lives is another boot of their host, after which they run again.
  if (simulate) return SystemRandom().Hex(32);
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

}  // namespace

Modules::Modules(const ModulesParts& parts)
    : parts_(parts),
      iam_(parts.database, parts.clock, parts.random, parts.config.settings),
      imds_(ForImds()),
      tagging_(parts.database),
      network_(ForNetwork()),
      storage_(ForStorage()),
      compute_(ForCompute()),
      cloudwatch_(ForCloudwatch()),
      autoscaling_(ForAutoscaling()) {}

absl::Status Modules::Load() {
  RETURN_IF_ERROR(network_.EnsureDefaults());
  RETURN_IF_ERROR(cloudwatch_.Load());
  return iam_.Load(parts_.config.state_dir);
}

void Modules::Register(gateway::Actions& actions) {
  tagging_.Register(actions);
  network_.Register(actions);
  storage_.Register(actions);
  compute_.Register(actions);
  iam_.Register(actions);
  cloudwatch_.Register(actions);
  autoscaling_.Register(actions);
}

absl::Status Modules::Start() {
  RETURN_IF_ERROR(imds_.Start());
  network_.Start();
  storage_.Start();
  compute_.Start();
  RETURN_IF_ERROR(cloudwatch_.Start());
  autoscaling_.Start();
  return absl::OkStatus();
}

void Modules::Stop() {
  autoscaling_.Stop();
  cloudwatch_.Stop();
  compute_.Stop();
  storage_.Stop();
  network_.Stop();
  imds_.Stop();
}

imds::ImdsParts Modules::ForImds() {
  return {.database = parts_.database,
          .settings = parts_.config.settings,
          .types = parts_.types,
          .clock = parts_.clock,
          .listen = ListenByIpv4(parts_.config, *parts_.adapters.fabric),
          .listen_ipv6 = ListenByIpv6(parts_.config, *parts_.adapters.fabric),
          .session_of = [this](const SessionInstance& instance, const Identity& role) {
            return iam_.instance_sessions().Of(instance, role);
          }};
}

network::NetworkParts Modules::ForNetwork() {
  return {.database = parts_.database,
          .random = parts_.random,
          .clock = parts_.clock,
          .settings = parts_.config.settings,
          .fabric = *parts_.adapters.fabric,
          .flow_log_files = *parts_.adapters.flow_log_files,
          .tags = tagging_.tags(),
          .hooks = {.instances = compute::AnswersForNetwork(&parts_.types, &parts_.config.settings),
                    .on_vpc_ready = [this](const Vpc& vpc) { return imds_.Serve(vpc.id); },
                    .serve_endpoints = parts_.serve_endpoints,
                    .on_vpc_gone = [this](const VpcId& id) { imds_.StopServing(id); },
                    .is_vpc_ready = [this](const VpcId& id) { return imds_.StillServes(id); },
                    .are_endpoints_served = parts_.are_endpoints_served},
          .check_endpoint_policy = iam::CheckEndpointPolicy};
}

storage::StorageParts Modules::ForStorage() {
  return {.database = parts_.database,
          .clock = parts_.clock,
          .random = parts_.random,
          .settings = parts_.config.settings,
          .disks = *parts_.adapters.disks,
          .import_files = *parts_.adapters.import_files,
          .export_files = *parts_.adapters.export_files,
          .block_files = *parts_.adapters.block_files,
          .backup_files = *parts_.adapters.backup_files,
          .database_path = parts_.config.state_dir + "/brume.db",
          .version = BRUME_VERSION,
          .tags = tagging_.tags(),
          .wake_instance = [this](const InstanceId& id) { compute_.WakeInstance(id); },
          .machine_of = [this](const InstanceId& id) { return compute_.MachineOf(id); },
          .has_instances = compute::HasInstancesOf,
          .catalogue = parts_.config.catalogue};
}

compute::ComputeParts Modules::ForCompute() {
  return {.database = parts_.database,
          .settings = parts_.config.settings,
          .types = parts_.types,
          .clock = parts_.clock,
          .random = parts_.random,
          .hypervisor = *parts_.adapters.hypervisor,
          .ports = network_.ports(),
          .port_meter = *parts_.adapters.fabric,
          .disks = *parts_.adapters.disks,
          .networks = network_.networks(),
          .image_names = storage_.image_names(),
          .tags = tagging_.tags(),
          .profiles = iam_.instance_profiles(),
          .status = parts_.adapters.status,
          .host_boot_id = HostBootId(parts_.config.simulate),
          .guest_user_ids = parts_.config.simulate ? UserIdRange() : parts_.config.guest_user_ids,
          .strange_user_ids = parts_.adapters.strange_user_ids,
          .hooks = {.wake_vpc = [this](const VpcId& id) { network_.WakeVpc(id); },
                    .on_disks_freed = [this] { storage_.OnDisksFreed(); },
                    .wake_volume = [this](const VolumeId& id) { storage_.WakeVolume(id); },
                    .on_reconciled = [this](const InstanceId& id) { autoscaling_.OnInstance(id); }}};
}

cloudwatch::CloudwatchParts Modules::ForCloudwatch() {
  return {.database = parts_.database,
          .settings = parts_.config.settings,
          .clock = parts_.clock,
          .random = parts_.random,
          .guests = *parts_.adapters.hypervisor,
          .ports = *parts_.adapters.fabric,
          .status_of = compute_.status_of(),
          .instances = compute_.instances(),
          .metrics = parts_.config.metrics,
          .sampler = parts_.config.sampler,
          .measure_guests = !parts_.config.simulate,
          .webhooks = parts_.config.webhooks,
          .on_scaling = [this](const std::string& policy_arn) { autoscaling_.OnAlarmAction(policy_arn); }};
}

autoscaling::AutoscalingParts Modules::ForAutoscaling() {
  return {.database = parts_.database,
          .settings = parts_.config.settings,
          .types = parts_.types,
          .clock = parts_.clock,
          .random = parts_.random,
          .instances = compute_.instances(),
          .status_of = compute_.status_of(),
          .launch_templates = compute_.launch_templates(),
          .launches = compute_.launches(),
          .metrics = cloudwatch_.metrics(),
          .alarms = cloudwatch_.alarms(),
          .profiles = iam_.instance_profiles(),
          .sample_period = parts_.config.sampler.period,
          .webhooks = parts_.config.webhooks};
}

}  // namespace brume::daemon
