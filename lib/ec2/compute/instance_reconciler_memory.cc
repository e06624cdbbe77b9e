// The memory of an instance that hibernates. Part of InstanceReconciler, in a file of its own.
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/compute/instance_reconciler.h"
#include "lib/ec2/compute/tables/instance_table.h"

namespace brume::compute {

absl::StatusOr<std::string> InstanceReconciler::MemoryKeyOf(const Guest& guest) {
  for (const Volume& volume : guest.volumes) {
    if (volume.device_name != guest.instance.root_device_name) continue;
    ASSIGN_OR_RETURN(std::optional<DiskEncryption> encryption, parts_.disks.EncryptionOf(volume));
    if (encryption.has_value()) return std::move(encryption->key);
  }
  // CreatePaused refuses it, and the guest boots.
  return std::string();
}

absl::Status InstanceReconciler::SaveMemory(Guest& guest) {
  Instance& instance = guest.instance;
  const auto save = [&]() -> absl::Status {
    if (instance.force_stop) return absl::CancelledError("the stop is forced");
    const InstanceType* const type = parts_.types.Find(instance.instance_type);
    if (type == nullptr) return absl::FailedPreconditionError("its type is no longer in the configuration");
    ASSIGN_OR_RETURN(const std::string key, MemoryKeyOf(guest));
    if (key.empty()) return absl::FailedPreconditionError("its root volume is not encrypted");
    ASSIGN_OR_RETURN(const std::string directory, parts_.disks.EnsureInstanceDirectory(instance.id, guest.user_id));
    return parts_.hypervisor.SaveMemory(
        instance.id, {.directory = directory, .key = key, .memory_mib = type->memory_mib, .user_id = guest.user_id});
  };
  const absl::Status saved = save();
  const bool late = parts_.clock.Now() >= instance.state_since + parts_.settings.shutdown_timeout;
  if (absl::IsUnavailable(saved) && !late) return saved;
  RETURN_IF_ERROR(Failpoint("instance.memory_saved"));
  instance.hibernation = saved.ok() ? Hibernation::kSaved : Hibernation::kConfigured;
  if (!saved.ok()) {
    log::Warn("instance {} is stopped and not hibernated: {}", instance.id.text(), saved.message());
    instance.state_since = parts_.clock.Now();
    instance.state_reason = {
        "Client.UserInitiatedShutdown",
        ToUtf8(absl::StrCat("Client.UserInitiatedShutdown: The instance could not hibernate: ", saved.message()))};
  }
  return parts_.database.Write([&](store::Connection& c) { return InstanceTable(c).Update(instance); });
}

absl::Status InstanceReconciler::UseMemory(Instance& instance) {
  instance.hibernation = Hibernation::kConfigured;
  RETURN_IF_ERROR(parts_.database.Write([&](store::Connection& c) { return InstanceTable(c).Update(instance); }));
  return Failpoint("instance.memory_used");
}

absl::Status InstanceReconciler::GiveUpMemory(Instance& instance, const absl::Status& why) {
  log::Warn("instance {} boots, as it cannot go on from its memory: {}", instance.id.text(), why.message());
  RETURN_IF_ERROR(parts_.hypervisor.CutPower(instance.id));
  RETURN_IF_ERROR(UseMemory(instance));
  RETURN_IF_ERROR(parts_.hypervisor.DiscardMemory(parts_.disks.InstanceDirectory(instance.id)));
  return absl::AbortedError("the guest is made anew, without its memory");
}

}  // namespace brume::compute
