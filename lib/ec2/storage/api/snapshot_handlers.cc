#include "lib/ec2/storage/api/snapshot_handlers.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/ec2/storage/api/account_permissions.h"
#include "lib/ec2/storage/api/snapshot_render.h"
#include "lib/ec2/storage/api/storage_facts.h"
#include "lib/ec2/storage/encryption_service.h"
#include "lib/gateway/listing.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/ids.h"

namespace brume::ec2 {
namespace {

constexpr char kStandardTier[] = "standard";

// Into a v1::Snapshot, or into an answer that has its fields.
template <typename Message>
void Fill(const VolumeSnapshot& snapshot, const TagMap& tags, const Settings& settings, Message& message) {
  FillSnapshot(snapshot, settings, message);
  *message.mutable_tags() = RenderTags(tags);
}

template <typename Message>
Message Render(const storage::SnapshotView& view, const Settings& settings) {
  Message message;
  Fill(view.snapshot, view.tags, settings, message);
  message.set_storage_tier(kStandardTier);
  if (!view.snapshot.state_message.empty()) message.set_state_message(view.snapshot.state_message);
  return message;
}

// The snapshot that an imported image is.
storage::SnapshotView ViewOf(const Image& image) {
  storage::SnapshotView view;
  view.snapshot.id = SnapshotOf(image.id);
  view.snapshot.description = absl::StrCat("Created by RegisterImage for ", image.id.text());
  view.snapshot.started = image.created;
  view.snapshot.state = SnapshotState::kCompleted;
  view.snapshot.size_gib = RootSizeGib(image);
  return view;
}

absl::StatusOr<std::vector<storage::SnapshotView>> SnapshotsOfImages(storage::ImageService& images) {
  ASSIGN_OR_RETURN(const std::vector<storage::ImageView> all, images.List());
  ASSIGN_OR_RETURN(const auto tags, images.SnapshotTags(all));
  std::vector<storage::SnapshotView> views;
  for (const storage::ImageView& each : all) {
    if (!IsWhole(each.image) || each.image.disk_file.empty()) continue;
    storage::SnapshotView& view = views.emplace_back(ViewOf(each.image));
    if (const auto own = tags.find(view.snapshot.id.text()); own != tags.end()) view.tags = own->second;
  }
  return views;
}

// The first of both that come behind query.after, in the order of ids.
std::vector<storage::SnapshotView> MergedPage(std::vector<storage::SnapshotView> own,
                                              const std::vector<storage::SnapshotView>& of_images,
                                              const storage::ListQuery& query) {
  for (const storage::SnapshotView& view : of_images) {
    if (view.snapshot.id.text() > query.after) own.push_back(view);
  }
  std::sort(own.begin(), own.end(), [](const storage::SnapshotView& a, const storage::SnapshotView& b) {
    return a.snapshot.id < b.snapshot.id;
  });
  if (own.size() > query.count) own.resize(query.count);
  return own;
}

// Whether `accounts` name the one account there is; all do where none is named.
bool Named(const gateway::Names& accounts, const Settings& settings) {
  return accounts.empty() || std::any_of(accounts.begin(), accounts.end(), [&](const std::string& account) {
           return account == "self" || account == settings.account_id;
         });
}

// Of those who may make volumes of it: its owner, and whom it is shared with by name. "all" are those that are
// everybody's.
bool IsRestorable(const VolumeSnapshot& snapshot, const gateway::Names& accounts, const Settings& settings) {
  const std::vector<std::string>& shared = snapshot.restorable_by;
  return Named(accounts, settings) || std::any_of(accounts.begin(), accounts.end(), [&](const std::string& account) {
           return std::find(shared.begin(), shared.end(), account) != shared.end();
         });
}

absl::StatusOr<v1::DescribeSnapshotsResponse> DescribeSnapshots(const v1::DescribeSnapshotsRequest& request,
                                                                storage::SnapshotService& snapshots,
                                                                storage::ImageService& images,
                                                                const Settings& settings) {
  static const gateway::Listing<v1::Snapshot, v1::DescribeSnapshotsResponse> listing = {
      "snapshots", &v1::Snapshot::snapshot_id, &v1::DescribeSnapshotsResponse::mutable_snapshots};
  ASSIGN_OR_RETURN(std::vector<SnapshotId> wanted,
                   gateway::NamedIds<SnapshotId>(request, request.snapshot_ids(), "snapshotId"));
  RETURN_IF_ERROR(CheckAccounts(request.owner_ids(), {"self", "amazon"}));
  RETURN_IF_ERROR(CheckAccounts(request.restorable_by_user_ids(), {"self", kEveryone}));
  const bool ours = Named(request.owner_ids(), settings);
  const auto render = [&](const std::vector<storage::SnapshotView>& views) {
    std::vector<v1::Snapshot> rendered;
    if (!ours) return rendered;
    for (const storage::SnapshotView& view : views) {
      if (!IsRestorable(view.snapshot, request.restorable_by_user_ids(), settings)) continue;
      rendered.push_back(Render<v1::Snapshot>(view, settings));
    }
    return rendered;
  };
  ASSIGN_OR_RETURN(std::vector<storage::SnapshotView> of_images, SnapshotsOfImages(images));
  if (!wanted.empty()) {
    // What is no image's is a snapshot of its own.
    std::set<SnapshotId> rest(wanted.begin(), wanted.end());
    std::erase_if(of_images, [&](const storage::SnapshotView& view) { return rest.erase(view.snapshot.id) == 0; });
    wanted.assign(rest.begin(), rest.end());
    if (!wanted.empty()) {
      ASSIGN_OR_RETURN(std::vector<storage::SnapshotView> own, snapshots.List(wanted));
      std::move(own.begin(), own.end(), std::back_inserter(of_images));
    }
    return gateway::Answer(listing, request, render(of_images));
  }
  if (!Named(request.restorable_by_user_ids(), settings)) {
    ASSIGN_OR_RETURN(std::vector<storage::SnapshotView> own, snapshots.List({}));
    std::move(own.begin(), own.end(), std::back_inserter(of_images));
    return gateway::Answer(listing, request, render(of_images));
  }
  storage::ListQuery query{.tags = TagsAskedFor(request.filters(), SnapshotId::kKind.prefix), .after = "", .count = 0};
  return gateway::AnswerPage(
      listing, request, [&](const std::string& after, size_t count) -> absl::StatusOr<std::vector<v1::Snapshot>> {
        query.after = after;
        query.count = ours ? count : 0;
        ASSIGN_OR_RETURN(const std::vector<storage::SnapshotView> own, snapshots.ListPage(query));
        return render(MergedPage(own, of_images, query));
      });
}

absl::StatusOr<v1::DescribeSnapshotTierStatusResponse> DescribeSnapshotTierStatus(
    const v1::DescribeSnapshotTierStatusRequest& request, storage::SnapshotService& snapshots,
    storage::ImageService& images, const Settings& settings) {
  static const gateway::Listing<v1::SnapshotTierStatus, v1::DescribeSnapshotTierStatusResponse> listing = {
      "snapshot-tiers", &v1::SnapshotTierStatus::snapshot_id,
      &v1::DescribeSnapshotTierStatusResponse::mutable_snapshot_tier_statuses};
  ASSIGN_OR_RETURN(const std::vector<storage::SnapshotView> of_images, SnapshotsOfImages(images));
  storage::ListQuery query{.tags = {}, .after = "", .count = 0};
  return gateway::AnswerPage(
      listing, request,
      [&](const std::string& after, size_t count) -> absl::StatusOr<std::vector<v1::SnapshotTierStatus>> {
        query.after = after;
        query.count = count;
        ASSIGN_OR_RETURN(const std::vector<storage::SnapshotView> own, snapshots.ListPage(query));
        std::vector<v1::SnapshotTierStatus> rendered;
        for (const storage::SnapshotView& view : MergedPage(own, of_images, query)) {
          v1::SnapshotTierStatus& status = rendered.emplace_back();
          status.set_snapshot_id(view.snapshot.id.text());
          status.set_volume_id(ShownVolume(view.snapshot));
          status.set_status(std::string(StateName(view.snapshot.state)));
          status.set_owner_id(settings.account_id);
          *status.mutable_tags() = RenderTags(view.tags);
          status.set_storage_tier(kStandardTier);
        }
        return rendered;
      });
}

// EC2's word for a region without the archive.
absl::StatusOr<v1::ModifySnapshotTierResponse> ModifySnapshotTier(const v1::ModifySnapshotTierRequest& request,
                                                                  storage::SnapshotService& snapshots,
                                                                  storage::ImageService& images) {
  ASSIGN_OR_RETURN(const SnapshotId id, SnapshotId::Parse(request.snapshot_id()));
  ASSIGN_OR_RETURN(const std::vector<storage::SnapshotView> of_images, SnapshotsOfImages(images));
  const bool of_image = std::any_of(of_images.begin(), of_images.end(),
                                    [&](const storage::SnapshotView& view) { return view.snapshot.id == id; });
  if (!of_image) RETURN_IF_ERROR(snapshots.List({&id, 1}).status());
  return ec2::Error("UnsupportedOperation",
                    absl::StrCat("The snapshot '", id.text(), "' cannot be archived: there is only the standard tier"));
}

absl::StatusOr<v1::CreateSnapshotResponse> CreateSnapshot(const v1::CreateSnapshotRequest& request,
                                                          storage::SnapshotService& snapshots,
                                                          const Settings& settings) {
  ASSIGN_OR_RETURN(const VolumeId volume, VolumeId::Parse(request.volume_id()));
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), SnapshotId::kKind));
  ASSIGN_OR_RETURN(const storage::SnapshotView made, snapshots.Create(volume, request.description(), tags));
  return Render<v1::CreateSnapshotResponse>(made, settings);
}

absl::StatusOr<v1::CreateSnapshotsResponse> CreateSnapshots(const v1::CreateSnapshotsRequest& request,
                                                            const storage::FindMachine& machine_of,
                                                            storage::SnapshotService& snapshots,
                                                            const Settings& settings) {
  const v1::InstanceSpecification& given = request.instance_specification();
  storage::InstanceSnapshotRequest wanted;
  ASSIGN_OR_RETURN(wanted.instance_id, InstanceId::Parse(given.instance_id()));
  ASSIGN_OR_RETURN(const storage::Machine machine, machine_of(wanted.instance_id));
  wanted.root_device = machine.root_device;
  wanted.description = request.description();
  wanted.exclude_root = given.exclude_boot_volume();
  ASSIGN_OR_RETURN(wanted.excluded, gateway::ParseIds<VolumeId>(given.exclude_data_volume_ids()));
  wanted.copy_tags = request.has_copy_tags_from_source();
  ASSIGN_OR_RETURN(wanted.tags, ParseTags(request.tag_specifications(), SnapshotId::kKind));
  ASSIGN_OR_RETURN(const std::vector<storage::SnapshotView> made, snapshots.CreateOf(wanted));
  v1::CreateSnapshotsResponse response;
  for (const storage::SnapshotView& each : made) {
    Fill(each.snapshot, each.tags, settings, *response.add_snapshots());
  }
  return response;
}

absl::StatusOr<v1::CopySnapshotResponse> CopySnapshot(const v1::CopySnapshotRequest& request,
                                                      storage::SnapshotService& snapshots, const Settings& settings) {
  RETURN_IF_ERROR(CheckRegion("sourceRegion", request.source_region(), settings));
  RETURN_IF_ERROR(CheckRegion("destinationRegion", request.destination_region(), settings));
  RETURN_IF_ERROR(storage::CheckKmsKey(request.kms_key_id(), request.encrypted(), settings.account()));
  ASSIGN_OR_RETURN(const SnapshotId source, SnapshotId::Parse(request.source_snapshot_id()));
  storage::CopyWish wish{.description = request.description()};
  ASSIGN_OR_RETURN(wish.tags, ParseTags(request.tag_specifications(), SnapshotId::kKind));
  if (request.has_encrypted()) wish.encrypted = request.encrypted();
  ASSIGN_OR_RETURN(const SnapshotId copy, snapshots.Copy(source, wish));
  v1::CopySnapshotResponse response;
  response.set_snapshot_id(copy.text());
  *response.mutable_tags() = RenderTags(wish.tags);
  return response;
}

absl::Status DeleteSnapshot(const v1::DeleteSnapshotRequest& request, storage::SnapshotService& snapshots) {
  ASSIGN_OR_RETURN(const SnapshotId id, SnapshotId::Parse(request.snapshot_id()));
  return snapshots.Delete(id);
}

absl::StatusOr<v1::DescribeSnapshotAttributeResponse> DescribeSnapshotAttribute(
    const v1::DescribeSnapshotAttributeRequest& request, storage::SnapshotService& snapshots) {
  ASSIGN_OR_RETURN(const SnapshotId id, SnapshotId::Parse(request.snapshot_id()));
  ASSIGN_OR_RETURN(const std::vector<storage::SnapshotView> found, snapshots.List({&id, 1}));
  v1::DescribeSnapshotAttributeResponse response;
  response.set_snapshot_id(id.text());
  if (request.attribute() != "createVolumePermission") return response;
  RenderPermissions(found.front().snapshot.restorable_by, *response.mutable_create_volume_permissions());
  return response;
}

absl::Status ModifySnapshotAttribute(const v1::ModifySnapshotAttributeRequest& request,
                                     storage::SnapshotService& snapshots) {
  ASSIGN_OR_RETURN(const SnapshotId id, SnapshotId::Parse(request.snapshot_id()));
  ASSIGN_OR_RETURN(const PermissionChange change,
                   ParsePermissions(request, request.create_volume_permission(), request.group_names()));
  if (change.add.empty() && change.remove.empty()) {
    return ec2::Error("InvalidParameterCombination", "No attributes specified.");
  }
  return snapshots.ChangeRestorable(id, change.add, change.remove);
}

absl::Status ResetSnapshotAttribute(const v1::ResetSnapshotAttributeRequest& request,
                                    storage::SnapshotService& snapshots) {
  ASSIGN_OR_RETURN(const SnapshotId id, SnapshotId::Parse(request.snapshot_id()));
  ASSIGN_OR_RETURN(const std::vector<storage::SnapshotView> found, snapshots.List({&id, 1}));
  return snapshots.ChangeRestorable(id, {}, found.front().snapshot.restorable_by);
}

// What is read of an instance, also of volumes that the call leaves out: they may be attached anew before it is made.
absl::Status AddVolumesOf(const v1::CreateSnapshotsRequest& request, const StorageServices& services,
                          AccessQuestion& question) {
  ASSIGN_OR_RETURN(const InstanceId instance, InstanceId::Parse(request.instance_specification().instance_id()));
  ASSIGN_OR_RETURN(const std::vector<Volume> volumes, services.volumes.ListOf(instance));
  const Account account = services.settings.account();
  for (const Volume& volume : volumes) question.AddResource(ArnOf(account, volume.id));
  const std::vector<std::string> made =
      question.AddMade(ArnOf(account, SnapshotId::kKind, "*"), FactsOfSnapshotsOf(volumes, account));
  if (!request.has_copy_tags_from_source()) return absl::OkStatus();
  for (size_t i = 0; i < volumes.size(); ++i) {
    ASSIGN_OR_RETURN(const std::vector<storage::VolumeView> found, services.volumes.List({&volumes[i].id, 1}));
    for (const storage::VolumeView& view : found) question.GiveTags(made[i], view.tags);
  }
  return absl::OkStatus();
}

}  // namespace

void AddSnapshotActions(gateway::Actions& actions, const StorageServices& services) {
  storage::SnapshotService& snapshots = services.snapshots;
  const Settings& settings = services.settings;
  actions.Add(CreateSnapshot, snapshots, settings)
      .DescribedBy([services](const v1::CreateSnapshotRequest& request, AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const VolumeId id, VolumeId::Parse(request.volume_id()));
        ASSIGN_OR_RETURN(const std::vector<storage::VolumeView> found, services.volumes.List({&id, 1}));
        const Account account = services.settings.account();
        AccessContext& facts = question.resource_context[ArnOf(account, SnapshotId::kKind, "*")];
        for (const storage::VolumeView& view : found) facts.merge(FactsOfSnapshotOf(view.volume, account));
        return absl::OkStatus();
      });
  actions.Add(CreateSnapshots, services.machine_of, snapshots, settings)
      .DescribedBy([services](const v1::CreateSnapshotsRequest& request, AccessQuestion& question) -> absl::Status {
        return AddVolumesOf(request, services, question);
      });
  actions.Add(CopySnapshot, snapshots, settings);
  actions.Add(DeleteSnapshot, snapshots);
  actions.Add(DescribeSnapshotAttribute, snapshots);
  actions.Add(DescribeSnapshots, snapshots, services.images, settings);
  actions.Add(DescribeSnapshotTierStatus, snapshots, services.images, settings);
  actions.Add(ModifySnapshotTier, snapshots, services.images);
  actions.Add(ModifySnapshotAttribute, snapshots)
      .DescribedBy([](const v1::ModifySnapshotAttributeRequest& request, AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const PermissionChange change,
                         ParsePermissions(request, request.create_volume_permission(), request.group_names()));
        AddPermissionFacts(change, question);
        return absl::OkStatus();
      });
  actions.Add(ResetSnapshotAttribute, snapshots);
}

}  // namespace brume::ec2
