// What a backup says of itself: which files it has, by their content. One line of JSON, and below it the line's SHA-256
// and a seal that only who has the host's key can make.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::storage {

struct BackupDescription {
  std::string id;       // NewBackupId
  std::string created;  // "2026-01-31T10:00:00Z"
  std::string version;  // of the program that made it
  int schema = 0;       // of the database
};

struct BackupFile {
  std::string path;    // below the state directory, one of those that IsBackupPath knows
  std::string sha256;  // hexadecimal: the file's name among the objects, too
  int64_t size = 0;
  // What the original was at the backup: a later one need not read it again. 0 = it is to be read each time.
  uint64_t inode = 0;
  int64_t modified_ns = 0;
};

struct BackupManifest {
  BackupDescription about;
  std::vector<BackupFile> files;

  // Null when it has none.
  const BackupFile* Find(absl::string_view path) const;
};

inline constexpr char kBackupDatabase[] = "brume.db", kBackupKey[] = "secret.key";

// "20260131T100000Z-0123abcd": in the order of time.
std::string NewBackupId(absl::string_view compact_time, absl::string_view digits);
bool IsBackupId(absl::string_view text);
// brume.db, secret.key, layers/ID/NAME, instances/ID/NAME; NAME is of letters, digits, '.', '-' and '_' and does not
// begin with a dot.
bool IsBackupPath(absl::string_view path);

// `key`: the content of secret.key.
std::string RenderManifest(const BackupManifest& manifest, absl::string_view key);
// DataLoss when it is cut off, changed, or says what no backup of ours says. The seal is not looked at.
absl::StatusOr<BackupManifest> ParseManifest(absl::string_view text);
// PermissionDenied when the seal is not one of this key.
absl::Status CheckSeal(absl::string_view text, absl::string_view key);

// SHA-256 as hexadecimal digits.
std::string Sha256Hex(absl::string_view bytes);

}  // namespace brume::storage
