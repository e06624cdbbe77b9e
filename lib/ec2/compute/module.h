// Compute as the daemon sees it: instances, their guests, and what they are launched with.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/compute/console_service.h"
#include "lib/ec2/compute/hypervisor.h"
#include "lib/ec2/compute/instance_reconciler.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/interface_attachment_service.h"
#include "lib/ec2/compute/key_pair_service.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/compute/profile_association_service.h"
#include "lib/ec2/compute/root_replacement_service.h"
#include "lib/ec2/compute/status_monitor.h"
#include "lib/ec2/compute/volume_attachment_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/network/port_service.h"
#include "lib/ec2/storage/disk_service.h"
#include "lib/ec2/storage/image_name_service.h"
#include "lib/ec2/storage/model/machine.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/gateway/actions.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::compute {

// What others do when something of compute's changed. They are called on many threads and must not block.
struct ComputeHooks {
  // An interface's row changed that the fabric must follow.
  std::function<void(const VpcId& id)> wake_vpc;
  // A deregistered image may have lost its last user.
  std::function<void()> on_disks_freed;
  // A volume without an instance has work.
  std::function<void(const VolumeId& id)> wake_volume;
  // The instance was reconciled, and may have changed; may be empty.
  std::function<void(const InstanceId& id)> on_reconciled = {};
};

// All that it refers to must outlive the module.
struct ComputeParts {
  store::Database& database;
  const Settings& settings;
  const InstanceTypeTable& types;
  const Clock& clock;
  Random& random;
  Hypervisor& hypervisor;
  network::PortService& ports;
  network::PortMeter& port_meter;
  storage::DiskService& disks;
  network::NetworkService& networks;
  storage::ImageNameService& image_names;
  tagging::TagService& tags;
  iam::InstanceProfileService& profiles;
  StatusMonitorOptions status = {};
  std::string host_boot_id;         // of this boot of the host
  UserIdRange guest_user_ids = {};  // both as InstanceReconcilerParts has them
  std::set<int64_t> strange_user_ids = {};
  ComputeHooks hooks;
};

// Thread-safe between Start and Stop.
class ComputeModule {
 public:
  explicit ComputeModule(ComputeParts parts);

  // Its actions, and the kinds of resources that can be tagged.
  void Register(gateway::Actions& actions);
  // Begins to reconcile and to check guests. The network must have been started.
  void Start();
  // Guests go on. Idempotent.
  void Stop();

  InstanceService& instances() { return instances_; }
  LaunchTemplateService& launch_templates() { return launch_templates_; }
  // There is something to be done to its guest or its disks.
  void WakeInstance(const InstanceId& id) { reconciler_.Wake(id); }
  absl::StatusOr<storage::Machine> MachineOf(const InstanceId& id) { return compute::MachineOf(instances_, id); }
  LaunchService& launches() { return launches_; }
  ConsoleService& consoles() { return consoles_; }
  // As long as the module lives.
  const StatusOfInstance& status_of() const { return status_of_; }
  // Guests on this host that no row knows.
  std::vector<InstanceId> Orphans() const { return reconciler_.Orphans(); }

 private:
  const ComputeParts parts_;
  InstanceReconciler reconciler_;
  StatusMonitor status_monitor_;
  const StatusOfInstance status_of_;
  InstanceService instances_;
  ConsoleService consoles_;
  KeyPairService key_pairs_;
  LaunchTemplateService launch_templates_;
  ProfileAssociationService profile_associations_;
  LaunchService launches_;
  VolumeAttachmentService volume_attachments_;
  InterfaceAttachmentService interface_attachments_;
  RootReplacementService root_replacements_;
};

}  // namespace brume::compute
