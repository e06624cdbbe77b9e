#include "lib/ec2/compute/module.h"

#include <utility>

#include "lib/ec2/compute/api/compute_actions.h"
#include "lib/ec2/compute/compute_tagging.h"

namespace brume::compute {

ComputeModule::ComputeModule(ComputeParts parts)
    : parts_(std::move(parts)),
      reconciler_({.database = parts_.database,
                   .settings = parts_.settings,
                   .types = parts_.types,
                   .clock = parts_.clock,
                   .hypervisor = parts_.hypervisor,
                   .network = parts_.ports,
                   .disks = parts_.disks,
                   .host_boot_id = parts_.host_boot_id,
                   .on_disks_freed = parts_.hooks.on_disks_freed,
                   .wake_volume = parts_.hooks.wake_volume,
                   .guest_user_ids = parts_.guest_user_ids,
                   .strange_user_ids = parts_.strange_user_ids,
                   .on_reconciled = parts_.hooks.on_reconciled}),
      status_monitor_(parts_.database, parts_.hypervisor, parts_.port_meter, parts_.clock, parts_.status),
      status_of_([this](const Instance& instance) { return status_monitor_.StatusOf(instance); }),
      instances_(
          parts_.database, parts_.settings, parts_.types, parts_.clock, parts_.random,
          {.wake_instance = [this](const InstanceId& id) { reconciler_.Wake(id); }, .wake_vpc = parts_.hooks.wake_vpc}),
      consoles_(instances_, parts_.hypervisor, parts_.disks, parts_.clock),
      key_pairs_(parts_.database, parts_.clock, parts_.random),
      launch_templates_(parts_.database, parts_.clock, parts_.random),
      profile_associations_(parts_.database, parts_.clock, parts_.random, parts_.profiles),
      launches_(instances_, parts_.profiles, parts_.types, parts_.image_names),
      volume_attachments_(parts_.database, parts_.clock, [this](const InstanceId& id) { reconciler_.Wake(id); }),
      interface_attachments_(parts_.database, parts_.clock, parts_.random,
                             [this](const InstanceId& id) { reconciler_.Wake(id); }),
      root_replacements_(parts_.database, parts_.clock, parts_.random,
                         {.wake_instance = [this](const InstanceId& id) { reconciler_.Wake(id); },
                          .wake_volume = parts_.hooks.wake_volume}) {}

void ComputeModule::Register(gateway::Actions& actions) {
  ec2::AddComputeActions(actions, {.settings = parts_.settings,
                                   .types = parts_.types,
                                   .instances = instances_,
                                   .consoles = consoles_,
                                   .key_pairs = key_pairs_,
                                   .launch_templates = launch_templates_,
                                   .launches = launches_,
                                   .status_of = status_of_,
                                   .profiles = parts_.profiles,
                                   .profile_associations = profile_associations_,
                                   .networks = parts_.networks,
                                   .image_names = parts_.image_names,
                                   .volume_attachments = volume_attachments_,
                                   .interface_attachments = interface_attachments_,
                                   .root_replacements = root_replacements_});
  AddTaggableKinds(parts_.tags);
}

void ComputeModule::Start() {
  reconciler_.Start();
  status_monitor_.Start();
}

void ComputeModule::Stop() {
  status_monitor_.Stop();
  reconciler_.Stop();
}

}  // namespace brume::compute
