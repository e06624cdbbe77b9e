#include "lib/ec2/compute/root_replacement_service.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/compute/tables/root_replacement_table.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/model/volume_modification.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::compute {
namespace {

using State = RootReplacementState;

absl::StatusOr<RootReplacementView> ViewOf(store::Connection& c, RootReplacement task) {
  RootReplacementView view;
  ASSIGN_OR_RETURN(view.tags, tagging::GetTags(c, task.id.text()));
  view.task = std::move(task);
  return view;
}

absl::StatusOr<std::optional<Volume>> FindVolume(store::Connection& c, const VolumeId& id) {
  absl::StatusOr<Volume> volume = storage::GetVolume(c, id);
  if (absl::IsNotFound(volume.status())) return std::nullopt;
  RETURN_IF_ERROR(volume.status());
  return std::optional<Volume>(*std::move(volume));
}

absl::StatusOr<Volume> RootOf(store::Connection& c, const Instance& instance) {
  ASSIGN_OR_RETURN(const std::vector<Volume> volumes, storage::ListVolumesOf(c, {&instance.id, 1}));
  for (const Volume& volume : volumes) {
    if (volume.device_name == instance.root_device_name) return volume;
  }
  return ec2::Error("UnsupportedOperation",
                    absl::StrCat("The instance '", instance.id.text(), "' has no root volume to replace"));
}

// A snapshot must be of a volume that is, or was, the root of this instance.
absl::Status CheckLineage(store::Connection& c, const SnapshotId& id, const Instance& instance, const Volume& root) {
  RETURN_IF_ERROR(storage::CheckSnapshot(c, id));
  const absl::StatusOr<VolumeSnapshot> snapshot = storage::GetSnapshot(c, id);
  if (!snapshot.ok() && !absl::IsNotFound(snapshot.status())) return snapshot.status();
  if (snapshot.ok()) {
    if (snapshot->volume_id == root.id) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<RootReplacement> earlier, RootReplacementTable(c).ListOf(instance.id));
    for (const RootReplacement& task : earlier) {
      if (!snapshot->volume_id.empty() && snapshot->volume_id == task.replaced_id) return absl::OkStatus();
    }
  }
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("The snapshot '", id.text(), "' was not made from a root volume of the instance '",
                                 instance.id.text(), "'; without SnapshotId the root is as it was at its launch"));
}

absl::StatusOr<Image> FittingImage(store::Connection& c, const ImageId& id, const Instance& instance) {
  ASSIGN_OR_RETURN(Image image, storage::GetImage(c, id));
  if (image.state == ImageState::kDeregistered) return id.NotFound();
  if (image.state != ImageState::kAvailable) {
    return ec2::Error("InvalidAMIID.Unavailable", absl::StrCat("The image ID '", id.text(), "' is ",
                                                               StateName(image.state), "; it must be available"));
  }
  const auto misfit = [&](absl::string_view what) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("The image '", id.text(), "' does not fit the instance '",
                                                            instance.id.text(), "': ", what));
  };
  if (!HasDisk(image)) return misfit("it has no disk");
  if (image.architecture != "x86_64") return misfit(absl::StrCat("it is of the architecture ", image.architecture));
  if (image.boot_mode != instance.boot_mode) {
    return misfit(absl::StrCat("it boots by ", BootModeName(image.boot_mode), ", and the instance by ",
                               BootModeName(instance.boot_mode)));
  }
  return image;
}

absl::StatusOr<SnapshotId> SourceOf(store::Connection& c, const RootReplacementRequest& request,
                                    const Instance& instance, const Volume& root) {
  if (request.snapshot_id && request.image_id) {
    return ec2::Error("InvalidParameterCombination", "Give SnapshotId or ImageId, not both");
  }
  if (request.snapshot_id) {
    RETURN_IF_ERROR(CheckLineage(c, *request.snapshot_id, instance, root));
    return *request.snapshot_id;
  }
  if (request.image_id) {
    ASSIGN_OR_RETURN(const Image image, FittingImage(c, *request.image_id, instance));
    return RootSnapshot(image);
  }
  if (!root.snapshot_id.empty()) return root.snapshot_id;
  return ec2::Error("UnsupportedOperation",
                    absl::StrCat("The root volume '", root.id.text(), "' was made of no snapshot, so that there is no ",
                                 "state to restore; give SnapshotId or ImageId"));
}

// It is as large as the old one, of its type and rates, and encrypted if that is, whatever it is made of.
absl::StatusOr<Volume> NewRoot(store::Connection& c, const Volume& old, const SnapshotId& source, Random& random) {
  ASSIGN_OR_RETURN(const storage::SnapshotSource layer, storage::FindSource(c, source));
  Volume volume;
  volume.id = VolumeId::New(random);
  volume.snapshot_id = source;
  volume.layer_id = layer.layer_id;
  ASSIGN_OR_RETURN(const bool encrypted, storage::WillEncrypt(c, std::nullopt, layer));
  volume.encrypted = encrypted || old.encrypted;
  if (volume.encrypted) volume.data_key_id = storage::DataKeyOf(layer, random);
  SetShape(ShapeOf(old), volume);
  volume.size_gib = std::max(old.size_gib, layer.size_gib);
  volume.availability_zone = old.availability_zone;
  volume.delete_on_termination = old.delete_on_termination;
  return volume;
}

// It is nobody's any more.
absl::Status Discard(store::Connection& c, std::optional<Volume>& volume) {
  const bool known = volume.has_value() && volume->instance_id.empty() && volume->state != VolumeState::kDeleting;
  if (!known) return absl::OkStatus();
  volume->state = VolumeState::kDeleting;
  return storage::UpdateVolume(c, *volume);
}

// An instance that is on its way to a guest is launched anew, from now on.
void SetRelaunched(Instance& instance, absl::Time now) {
  instance.reboot_requested.reset();
  if (instance.state != InstanceState::kRunning && instance.state != InstanceState::kPending) return;
  instance.state = InstanceState::kPending;
  instance.state_since = now;
}

void Attach(Volume& volume, const Instance& instance, absl::Time now) {
  volume.state = VolumeState::kInUse;
  volume.instance_id = instance.id;
  volume.device_name = instance.root_device_name;
  volume.attachment_state = AttachmentState::kAttached;
  volume.attach_time = now;
}

bool IsRootOf(const std::optional<Volume>& volume, const Instance& instance) {
  return volume.has_value() && volume->instance_id == instance.id && !IsDetaching(*volume) &&
         volume->device_name == instance.root_device_name;
}

}  // namespace

absl::StatusOr<RootReplacementView> RootReplacementService::Insert(store::Connection& c,
                                                                   const RootReplacementRequest& request) {
  ASSIGN_OR_RETURN(const Instance instance, InstanceTable(c).Get(request.instance_id));
  if (instance.state != InstanceState::kRunning) {
    return ec2::ErrorAnd(
        absl::StrCat("It is ", StateName(instance.state), "; a root volume is replaced while the ", "instance runs."),
        ec2::kWrongState, instance.id.text(), "given another root volume");
  }
  RootReplacementTable tasks(c);
  ASSIGN_OR_RETURN(const std::optional<RootReplacement> before, tasks.FindInWork(instance.id));
  if (before.has_value()) {
    return ec2::Error("IncorrectState",
                      absl::StrCat("The root volume of '", instance.id.text(), "' is being replaced by the task '",
                                   before->id.text(), "'; wait until it has ended"));
  }
  ASSIGN_OR_RETURN(const Volume root, RootOf(c, instance));
  ASSIGN_OR_RETURN(const SnapshotId source, SourceOf(c, request, instance, root));
  ASSIGN_OR_RETURN(Volume fresh, NewRoot(c, root, source, random_));
  fresh.initialization_rate = request.initialization_rate;
  const absl::Time now = clock_.Now();
  fresh.created = now;
  RETURN_IF_ERROR(storage::AddVolume(c, fresh, {}));
  RootReplacement task{.id = ReplaceRootVolumeTaskId::New(random_),
                       .instance_id = instance.id,
                       .state_since = now,
                       .started = now,
                       .snapshot_id = request.snapshot_id.value_or(SnapshotId()),
                       .image_id = request.image_id.value_or(ImageId()),
                       .delete_replaced = request.delete_replaced,
                       .volume_id = fresh.id,
                       .replaced_id = root.id,
                       .replaced_image_id = instance.image_id,
                       .client_token = request.client_token,
                       .parameters_digest = request.parameters_digest};
  RETURN_IF_ERROR(tasks.Insert(task));
  RETURN_IF_ERROR(tagging::SetTags(c, task.id.text(), request.tags));
  return RootReplacementView{std::move(task), request.tags};
}

absl::StatusOr<RootReplacementView> RootReplacementService::Create(const RootReplacementRequest& request) {
  RETURN_IF_ERROR(CheckTags(request.tags));
  ASSIGN_OR_RETURN(const RootReplacementView view,
                   database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<RootReplacementView> {
                     ASSIGN_OR_RETURN(std::optional<RootReplacement> before,
                                      RootReplacementTable(c).FindByToken(request.client_token));
                     if (!before.has_value()) return Insert(c, request);
                     if (before->parameters_digest == request.parameters_digest) return ViewOf(c, *std::move(before));
                     return ec2::Error("IdempotentParameterMismatch",
                                       absl::StrCat("The client token '", request.client_token,
                                                    "' was used before with other parameters"));
                   }));
  hooks_.wake_volume(view.task.volume_id);
  hooks_.wake_instance(view.task.instance_id);
  return view;
}

absl::StatusOr<std::vector<RootReplacementView>> RootReplacementService::List(
    absl::Span<const ReplaceRootVolumeTaskId> ids, const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<RootReplacementView>> {
    RootReplacementTable tasks(c);
    ASSIGN_OR_RETURN(std::vector<RootReplacement> rows,
                     tagging::ChooseRows<ReplaceRootVolumeTaskId>(
                         c, ids, tags, [&](const ReplaceRootVolumeTaskId& id) { return tasks.Get(id); },
                         [&] { return tasks.List(); }));
    return tagging::WithTags(c, std::move(rows), &RootReplacementView::task);
  });
}

absl::StatusOr<std::optional<RootReplacementStage>> FindRootReplacement(store::Connection& c, const InstanceId& id) {
  ASSIGN_OR_RETURN(std::optional<RootReplacement> task, RootReplacementTable(c).FindInWork(id));
  if (!task.has_value()) return std::nullopt;
  RootReplacementStage stage;
  stage.task = *std::move(task);
  ASSIGN_OR_RETURN(stage.fresh, FindVolume(c, stage.task.volume_id));
  ASSIGN_OR_RETURN(stage.old, FindVolume(c, stage.task.replaced_id));
  stage.switched = stage.fresh.has_value() && stage.fresh->instance_id == id;
  return std::optional<RootReplacementStage>(std::move(stage));
}

std::string WhyNotSwitched(const RootReplacementStage& stage, const Instance& instance) {
  const std::optional<Volume>& fresh = stage.fresh;
  if (!fresh.has_value()) return absl::StrCat("the new volume ", stage.task.volume_id.text(), " was deleted");
  if (!fresh->instance_id.empty()) return absl::StrCat("the new volume ", fresh->id.text(), " was attached elsewhere");
  if (fresh->state != VolumeState::kAvailable) {
    return absl::StrCat("the new volume ", fresh->id.text(), " is ", StateName(fresh->state));
  }
  if (IsRootOf(stage.old, instance)) return "";
  return absl::StrCat("the volume ", stage.task.replaced_id.text(), " is no longer the root");
}

absl::Status SwitchRoot(store::Connection& c, absl::Time now, RootReplacementStage stage, Instance instance) {
  Volume& fresh = *stage.fresh;
  Volume& old = *stage.old;
  for (const VolumeId& id : {fresh.id, old.id}) {
    ASSIGN_OR_RETURN(const bool is_frozen, storage::HasPendingSnapshot(c, id));
    if (is_frozen) return absl::AbortedError("a snapshot of a root volume is yet to be taken");
  }
  fresh.delete_on_termination = old.delete_on_termination;
  Attach(fresh, instance, now);
  Release(old);
  if (!stage.task.image_id.empty()) instance.image_id = stage.task.image_id;
  SetRelaunched(instance, now);
  RETURN_IF_ERROR(storage::UpdateVolume(c, old));
  RETURN_IF_ERROR(storage::UpdateVolume(c, fresh));
  return InstanceTable(c).Update(instance);
}

absl::StatusOr<bool> RestoreRoot(store::Connection& c, absl::Time now, RootReplacementStage stage, Instance instance) {
  if (!stage.old.has_value() || !stage.old->instance_id.empty()) return false;
  if (stage.old->state != VolumeState::kAvailable) return false;
  const absl::StatusOr<Image> image = storage::GetImage(c, stage.task.replaced_image_id);
  if (absl::IsNotFound(image.status())) return false;
  RETURN_IF_ERROR(image.status());
  for (const VolumeId& id : {stage.fresh->id, stage.old->id}) {
    ASSIGN_OR_RETURN(const bool is_frozen, storage::HasPendingSnapshot(c, id));
    if (is_frozen) return false;
  }
  stage.old->delete_on_termination = stage.fresh->delete_on_termination;
  Attach(*stage.old, instance, now);
  Release(*stage.fresh);
  stage.fresh->state = VolumeState::kDeleting;
  instance.image_id = stage.task.replaced_image_id;
  SetRelaunched(instance, now);
  stage.task.state = State::kFailing;
  stage.task.state_since = now;
  RETURN_IF_ERROR(storage::UpdateVolume(c, *stage.fresh));
  RETURN_IF_ERROR(storage::UpdateVolume(c, *stage.old));
  RETURN_IF_ERROR(InstanceTable(c).Update(instance));
  RETURN_IF_ERROR(RootReplacementTable(c).Update(stage.task));
  return true;
}

absl::Status Relaunch(store::Connection& c, absl::Time now, Instance instance) {
  SetRelaunched(instance, now);
  return InstanceTable(c).Update(instance);
}

absl::Status EndRootReplacement(store::Connection& c, absl::Time now, RootReplacementStage stage,
                                RootReplacementState state) {
  stage.task.state = state;
  stage.task.state_since = now;
  stage.task.completed = now;
  if (state != State::kSucceeded) {
    RETURN_IF_ERROR(Discard(c, stage.fresh));
  } else if (stage.task.delete_replaced) {
    RETURN_IF_ERROR(Discard(c, stage.old));
  }
  return RootReplacementTable(c).Update(stage.task);
}

}  // namespace brume::compute
