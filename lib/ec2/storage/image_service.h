// Images. Source of behaviour: EC2 API reference, RegisterImage, CreateImage, CopyImage, DescribeImages,
// ModifyImageAttribute, EnableImageDeprecation, DeregisterImage.
// Differs from EC2 where it must: ImageLocation names files on this host, and their import is asynchronous, so a new
// image is `pending` until its bytes are copied and checked.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/idempotency/client_tokens.h"
#include "lib/ec2/storage/image_mappings.h"
#include "lib/ec2/storage/model/recycle_bin.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/tags.h"
#include "lib/store/database.h"

namespace brume::storage {

struct RegisterRequest {
  std::string name;  // 3..128 characters
  std::string description;
  std::string location;  // files on this host; empty where the root volume is a snapshot's
  std::optional<SnapshotId> root_snapshot_id;
  std::optional<int64_t> root_size_gib;  // of a snapshot's, not less than it has
  ImageDisk root;                        // the root volume's type, iops and throughput alone
  std::vector<ImageMapping> disks;       // beside the root
  std::string architecture;              // empty or "x86_64"
  std::string root_device_name;          // empty = as the bundle says, else /dev/vda
  std::optional<BootMode> boot_mode;
  std::optional<bool> root_delete_on_termination;
  bool imds_v2 = false;
  std::optional<bool> encrypted = {};  // the root volume's snapshot, of files; unset = as the default says
  TagMap tags;
};

// CreateImage.
struct ImageOfInstanceRequest {
  InstanceId instance_id;  // which is there, and runs or is stopped
  ImageId image_id;        // of the instance
  std::string root_device;
  std::string name, description;
  // The guest is powered off while its disks' snapshots are taken, and started again.
  bool at_rest = false;
  TagMap tags, snapshot_tags;
  std::vector<ImageMapping> mappings = {};  // how the image's volumes differ from the instance's
};

struct CopyImageRequest {
  ImageId source;
  std::string name, description;
  bool copy_tags = false;
  TagMap tags, snapshot_tags;
  std::optional<bool> encrypted = {};  // unset = as the snapshots or the default
  idempotency::CallToken token = {};
};

// ModifyImageAttribute.
struct ImageChange {
  std::optional<std::string> description;
  std::vector<std::string> allow, forbid;  // accounts that may launch it, and "all"
  bool imds_v2 = false;                    // true: from now on; it is never taken back
};

// What became of a deregistered image's snapshots: EC2's return codes "success", "skipped" (another image names it)
// and "client-error" (it was deleted before, or is still to be taken).
struct SnapshotDeletion {
  SnapshotId id;
  absl::string_view code;
};

struct ImageView {
  Image image;
  TagMap tags;
  std::set<std::string> encrypted = {};  // of its snapshots
};

// Thread-safe.
class ImageService {
 public:
  // `wake_snapshot`: a snapshot is to be taken, or its layer to be removed; must not block.
  ImageService(store::Database& database, const Clock& clock, Random& random, std::function<void(const ImageId&)> wake,
               std::function<void(const SnapshotId&)> wake_snapshot, Retention retention = {});

  // Errors: InvalidAMIName.Duplicate, InvalidAMIName.Malformed, InvalidParameterValue, InvalidSnapshot.NotFound, those
  // of NewImageDisk and ChangedImageDisk.
  absl::StatusOr<ImageId> Register(const RegisterRequest& request);
  // Of the instance's volumes as they are at one instant. Pending until their snapshots are completed.
  // Errors: those of Register.
  absl::StatusOr<ImageId> CreateOf(const ImageOfInstanceRequest& request);
  // Of the same bytes; none is copied. Errors: those of Register, InvalidAMIID.NotFound, InvalidAMIID.Unavailable.
  absl::StatusOr<ImageId> Copy(const CopyImageRequest& request);
  // Errors of these: InvalidAMIID.NotFound, InvalidAMIID.Unavailable when it is deregistered, InvalidParameterValue.
  // Permissions of one that is disabled are not changed either: InvalidAMIID.Unavailable. One with an encrypted
  // snapshot is not shared: InvalidParameter. Nor with everybody where public access is blocked: OperationNotPermitted.
  absl::Status Change(const ImageId& id, const ImageChange& change);
  // Within ten years, to the minute.
  absl::Status Deprecate(const ImageId& id, std::optional<absl::Time> at);
  // A disabled image is not launched, copied or shared, and its permissions are gone. Both are idempotent; one that is
  // neither available nor disabled is InvalidAMIID.Unavailable.
  absl::Status SetEnabled(const ImageId& id, bool enabled);
  // Returns what the image has afterwards. One that had a cooldown cannot be deregistered for a day after.
  absl::StatusOr<DeregistrationProtection> Protect(const ImageId& id, DeregistrationProtection protection);
  // Running instances keep their disks: the layer's files go when no volume lies over them. Its snapshots stay unless
  // they are to be deleted, too; one that another image names stays in any case. One that was available goes to the
  // recycle bin where those are retained. Returns what became of the snapshots that were to be deleted.
  // Errors: InvalidAMIID.NotFound, InvalidAMIID.Unavailable when it is deregistered already, OperationNotPermitted
  // while it is protected.
  absl::StatusOr<std::vector<SnapshotDeletion>> Deregister(const ImageId& id, bool delete_snapshots = false);
  // Those of `ids`, or else those that have a tag of `tags`, or all; without deregistered ones. Error:
  // InvalidAMIID.NotFound.
  absl::StatusOr<std::vector<ImageView>> List(absl::Span<const ImageId> ids = {},
                                              const std::optional<tagging::TagQuery>& tags = {});
  absl::StatusOr<ImageView> Get(const ImageId& id);
  // Of the images' snapshots, by id; one without tags has no entry.
  absl::StatusOr<std::map<std::string, TagMap>> SnapshotTags(absl::Span<const ImageView> images);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  const std::function<void(const ImageId&)> wake_;
  const std::function<void(const SnapshotId&)> wake_snapshot_;
  const Retention retention_;
};

// Errors: InvalidAMIName.Malformed, InvalidParameterValue.
absl::Status CheckImageName(absl::string_view name);
absl::Status CheckImageDescription(const std::string& description);

// Inside a transaction of the caller's.

// Also a deregistered one, whose row stays until its files are gone. Error: InvalidAMIID.NotFound.
absl::StatusOr<Image> GetImage(store::Connection& connection, const ImageId& id);
// With those that are deregistered.
absl::StatusOr<std::vector<Image>> ListImages(store::Connection& connection);
// Instances were launched from it.
absl::Status NoteLaunch(store::Connection& connection, const ImageId& id, absl::Time now);

}  // namespace brume::storage
