// The directories that disks lie in, and what every part of the adapter does in them.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "lib/base/mutex.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/storage/disks.h"
#include "lib/ec2/storage/qcow2/directory_files.h"
#include "lib/ec2/storage/qcow2/disk_keys.h"

namespace brume::storage {

inline constexpr char kLayers[] = "layers", kVolumes[] = "volumes", kInstances[] = "instances";
inline constexpr char kDiskSuffix[] = ".qcow2", kLayerManifest[] = "layer.json", kVolumeManifest[] = "volume.json";
inline constexpr size_t kMaxManifestBytes = 64 * 1024, kHeaderBytes = 4096;

// One thread at a time for each key.
class KeyedLocks {
 public:
  class Holder {
   public:
    Holder(KeyedLocks& locks, std::string key) : locks_(locks), key_(std::move(key)) {
      MutexLock lock(locks_.mutex_);
      while (!locks_.held_.insert(key_).second) locks_.freed_.Wait(locks_.mutex_);
    }
    ~Holder() {
      MutexLock lock(locks_.mutex_);
      locks_.held_.erase(key_);
      locks_.freed_.NotifyAll();
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

   private:
    KeyedLocks& locks_;
    const std::string key_;
  };

 private:
  Mutex mutex_;
  CondVar freed_;
  std::set<std::string> held_ ABSL_GUARDED_BY(mutex_);
};

// Constant but for its locks; so for any thread.
struct DiskDirectories {
  std::string state_dir;  // absolute
  // As whom qemu-img runs, and no guest but those of earlier versions; owns the disks of volumes that no guest has.
  Owner guests;
  UniqueFd state, layers, volumes, instances;
  DiskKeys keys = DiskKeys("");
  // By the id of what is worked on.
  KeyedLocks locks = {};

  // Of what belongs to a guest that runs as this user; 0 = to none. Guests have groups of their users' numbers.
  Owner OwnerFor(int64_t user_id) const {
    return user_id == 0 ? guests : Owner{static_cast<uid_t>(user_id), static_cast<gid_t>(user_id)};
  }
  std::string PathOf(const char* kind, const std::string& id) const {
    return absl::StrCat(state_dir, "/", kind, "/", id);
  }
};

std::string LayersPath(const DiskDirectories& directories);

// Names of a directory that is being made or removed.
std::string Partial(const std::string& id);
std::string Deleting(const std::string& id);

// Ids become file names of a privileged process: look once more.
template <IdPrefix prefix>
absl::Status CheckId(const Id<prefix>& id) {
  return Id<prefix>::Parse(id.text()).status();
}

// An image's or a snapshot's.
absl::Status CheckLayerId(const std::string& id);

// As the disks of volumes and of layers name what they lie over, so that the state directory can be moved.
std::string NameOfLayer(const std::string& layer, const std::string& disk);

absl::StatusOr<UniqueFd> OpenForReading(int directory, const std::string& name);
absl::Status WriteManifest(int directory, const char* name, const std::string& content, mode_t mode);
// What cannot be removed is only in the way of the next try, which removes it itself: no error, but a line in the log.
void RemoveRemains(int directory, const std::string& name);
// Renames first, so that what has its proper name is whole. OK when there is none.
absl::Status RemoveEntry(int directory, const std::string& id);
// What the layer's manifest says.
absl::StatusOr<ImportedImage> ReadLayer(const DiskDirectories& directories, const std::string& id);
// The same of a layer whose disk is there; NotFound otherwise.
absl::StatusOr<ImportedImage> FindLayerDisk(const DiskDirectories& directories, const std::string& id);
// Whose the disk of a volume is: as whom qemu-img may write to it. Never root.
absl::StatusOr<Owner> OwnerOfDisk(const DiskDirectories& directories, int directory, const std::string& name);
// Gives a volume's disk to `owner`; one that is root's is a layer, and stays.
absl::Status GiveDisk(int directory, const std::string& name, Owner owner);
// A new disk without data.
struct NewDisk {
  int directory = -1;
  std::string path;  // of the same, for qemu-img
  std::string name;
  int64_t size_bytes = 0;
  std::string below;                // as NameOfLayer; empty = nothing
  std::string data_key_id;          // empty = not encrypted
  std::optional<Owner> owner = {};  // unset = the user of the tools
};
absl::Status WriteDisk(const DiskDirectories& directories, const NewDisk& wanted);

}  // namespace brume::storage
