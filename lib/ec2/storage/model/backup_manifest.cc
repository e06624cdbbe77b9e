#include "lib/ec2/storage/model/backup_manifest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ids.h"

namespace brume::storage {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr size_t kHashDigits = 64;
constexpr int64_t kMaxFileBytes = int64_t{1} << 50;
constexpr char kHashLine[] = "sha256 ", kSealLine[] = "seal ";

std::string Bytes(const unsigned char* bytes, size_t size) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(bytes), size});
}

std::string SealOf(absl::string_view line, absl::string_view key) {
  const std::string what = absl::StrCat("brume backup\n", line);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(what.data()),
       what.size(), digest, &size);
  return Bytes(digest, size);
}

bool IsLowerHex(absl::string_view text, size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
         });
}

bool IsFileName(absl::string_view name) {
  constexpr size_t kMaxName = 64;
  if (name.empty() || name.size() > kMaxName || name.front() == '.') return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_'; });
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("the backup's manifest is damaged: ", what));
}

// The three lines without their names; the first is JSON.
struct Lines {
  absl::string_view line, hash, seal;
};
absl::StatusOr<Lines> Split(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  if (lines.size() != 4 || !lines[3].empty()) return Damaged("it is cut off");
  if (!absl::StartsWith(lines[1], kHashLine) || !absl::StartsWith(lines[2], kSealLine)) return Damaged("no seal");
  return Lines{lines[0], lines[1].substr(sizeof(kHashLine) - 1), lines[2].substr(sizeof(kSealLine) - 1)};
}

absl::StatusOr<std::string> TextOf(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return Damaged(absl::StrCat("no ", name));
  return found->get<std::string>();
}

absl::StatusOr<int64_t> NumberOf(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return Damaged(absl::StrCat("no ", name));
  return found->get<int64_t>();
}

absl::StatusOr<BackupFile> FileOf(const json& object) {
  if (!object.is_object()) return Damaged("a file is no object");
  BackupFile file;
  ASSIGN_OR_RETURN(file.path, TextOf(object, "path"));
  ASSIGN_OR_RETURN(file.sha256, TextOf(object, "sha256"));
  ASSIGN_OR_RETURN(file.size, NumberOf(object, "size"));
  ASSIGN_OR_RETURN(const int64_t inode, NumberOf(object, "inode"));
  ASSIGN_OR_RETURN(file.modified_ns, NumberOf(object, "modified_ns"));
  file.inode = static_cast<uint64_t>(inode);
  if (!IsBackupPath(file.path)) return Damaged("a file is where none of a backup is");
  if (!IsLowerHex(file.sha256, kHashDigits) || file.size < 0 || file.size > kMaxFileBytes) {
    return Damaged(absl::StrCat("of ", file.path));
  }
  return file;
}

}  // namespace

const BackupFile* BackupManifest::Find(absl::string_view path) const {
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const BackupFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

std::string NewBackupId(absl::string_view compact_time, absl::string_view digits) {
  return absl::StrCat(compact_time, "-", digits);
}

bool IsBackupId(absl::string_view text) {
  constexpr char kForm[] =
      "dddddddd"
      "T"
      "dddddd"
      "Z"
      "-"
      "xxxxxxxx";
  if (text.size() != sizeof(kForm) - 1) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool fits = kForm[i] == 'd'   ? absl::ascii_isdigit(c)
                      : kForm[i] == 'x' ? absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f')
                                        : text[i] == kForm[i];
    if (!fits) return false;
  }
  return true;
}

bool IsBackupPath(absl::string_view path) {
  if (path == kBackupDatabase || path == kBackupKey) return true;
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() != 3 || !IsFileName(parts[2])) return false;
  if (parts[0] == "layers") {
    return IsWellFormedId(ImageId::kKind, parts[1]) || IsWellFormedId(SnapshotId::kKind, parts[1]);
  }
  return parts[0] == "instances" && IsWellFormedId(InstanceId::kKind, parts[1]);
}

std::string Sha256Hex(absl::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  return Bytes(digest, sizeof(digest));
}

std::string RenderManifest(const BackupManifest& manifest, absl::string_view key) {
  json files = json::array();
  for (const BackupFile& file : manifest.files) {
    files.push_back({{"path", file.path},
                     {"sha256", file.sha256},
                     {"size", file.size},
                     {"inode", static_cast<int64_t>(file.inode)},
                     {"modified_ns", file.modified_ns}});
  }
  const json object = {{"format", kFormat},
                       {"id", manifest.about.id},
                       {"created", manifest.about.created},
                       {"version", manifest.about.version},
                       {"schema", manifest.about.schema},
                       {"files", std::move(files)}};
  const std::string line = object.dump(-1, ' ', true, json::error_handler_t::replace);
  return absl::StrCat(line, "\n", kHashLine, Sha256Hex(line), "\n", kSealLine, SealOf(line, key), "\n");
}

absl::StatusOr<BackupManifest> ParseManifest(absl::string_view text) {
  ASSIGN_OR_RETURN(const Lines lines, Split(text));
  if (Sha256Hex(lines.line) != lines.hash) return Damaged("its content does not fit its checksum");
  const json object = json::parse(lines.line.begin(), lines.line.end(), nullptr, false);
  if (!object.is_object()) return Damaged("it is no JSON object");
  ASSIGN_OR_RETURN(const int64_t format, NumberOf(object, "format"));
  if (format != kFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat("the backup has format ", format, ", and this program knows ", kFormat, ": use a newer one"));
  }
  BackupManifest manifest;
  ASSIGN_OR_RETURN(manifest.about.id, TextOf(object, "id"));
  ASSIGN_OR_RETURN(manifest.about.created, TextOf(object, "created"));
  ASSIGN_OR_RETURN(manifest.about.version, TextOf(object, "version"));
  ASSIGN_OR_RETURN(const int64_t schema, NumberOf(object, "schema"));
  manifest.about.schema = static_cast<int>(schema);
  const auto files = object.find("files");
  if (!IsBackupId(manifest.about.id) || files == object.end() || !files->is_array()) return Damaged("no files");
  std::set<std::string> paths;
  for (const json& each : *files) {
    ASSIGN_OR_RETURN(BackupFile file, FileOf(each));
    if (!paths.insert(file.path).second) return Damaged(absl::StrCat(file.path, " is there twice"));
    manifest.files.push_back(std::move(file));
  }
  if (!paths.contains(kBackupDatabase)) return Damaged("it has no database");
  return manifest;
}

absl::Status CheckSeal(absl::string_view text, absl::string_view key) {
  ASSIGN_OR_RETURN(const Lines lines, Split(text));
  const std::string seal = SealOf(lines.line, key);
  if (seal.size() == lines.seal.size() && CRYPTO_memcmp(seal.data(), lines.seal.data(), seal.size()) == 0) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      "the backup was not made with this key: the key is another host's, or somebody changed the backup");
}

}  // namespace brume::storage
