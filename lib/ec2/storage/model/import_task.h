// An import of a disk that was made elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/resource/ids.h"

namespace brume {

// A task that failed or was cancelled is kDeleting until its files are gone, and then kDeleted.
enum class ImportState { kActive = 0, kCompleted = 1, kDeleting = 2, kDeleted = 3 };
std::true_type IsPersisted(ImportState);  // the database keeps its values
// EC2's words: "active", "completed", "deleting", "deleted".
absl::string_view StateName(ImportState state);

// What a task makes. Its id says it: import-ami-…, import-snap-….
enum class ImportKind { kImage, kSnapshot };

struct ImportTask {
  std::string id;  // well formed
  ImportState state = ImportState::kActive;
  std::string status_message;
  int progress = 0;  // percent
  // When it last got further; an import that gets no further is given up.
  absl::Time progressed;
  // The image or the snapshot that it makes, whose row is there once it is completed; the other one is empty.
  ImageId image_id;
  SnapshotId snapshot_id;
  ImportKind kind() const { return snapshot_id.empty() ? ImportKind::kImage : ImportKind::kSnapshot; }
  std::string image_name;
  std::string catalogue_name;  // of the catalogue's entry; empty = none
  std::string url;             // as given
  std::string format;          // as given, then what it is
  int64_t size_bytes = 0;      // of the file that was read; 0 = not known yet
  std::string description, disk_description, device_name, license_type, platform;
  std::optional<BootMode> boot_mode;
  std::string data_key_id;  // whose line of disks what it makes is of; empty = not encrypted
  std::string client_token, parameters_digest;
  absl::Time created;
  absl::Time ended;  // of one that is completed or deleted
  int64_t version = 0;
};

// Formats by EC2's names in lower case, and two of ours: what may be asked for and what may be found.
inline constexpr absl::string_view kImportFormats[] = {"qcow2", "raw", "vmdk", "vhd", "vhdx", "vdi", "ova"};

// Whether it is an import's id in form. Error: InvalidConversionTaskId.Malformed.
absl::Status CheckImportTaskId(absl::string_view id);

}  // namespace brume
