// What a manifest may say, and who can have written it.
#include "lib/ec2/storage/model/backup_manifest.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_replace.h"
#include "tests/support/temp_dir.h"

namespace brume::storage {
namespace {

const std::string kKey(32, 'k');

BackupManifest Sample() {
  const std::string hash = Sha256Hex("content");
  return {
      .about = {.id = "20260131T100000Z-0123abcd", .created = "2026-01-31T10:00:00Z", .version = "1.0", .schema = 56},
      .files = {{.path = "brume.db", .sha256 = hash, .size = 7},
                {.path = "layers/ami-0123456789abcdef0/disk.qcow2",
                 .sha256 = hash,
                 .size = 7,
                 .inode = ~uint64_t{0},
                 .modified_ns = 12}}};
}

// The same with another path in the place of the layer's, and the right checksum and seal.
absl::Status ParseWith(const std::string& path) {
  BackupManifest manifest = Sample();
  manifest.files.back().path = path;
  return ParseManifest(RenderManifest(manifest, kKey)).status();
}

TEST_CASE("a manifest says what it was made of", "[backup]") {
  const BackupManifest read = Value(ParseManifest(RenderManifest(Sample(), kKey)));
  CHECK(read.about.id == "20260131T100000Z-0123abcd");
  CHECK(read.about.schema == 56);
  REQUIRE(read.files.size() == 2);
  CHECK(read.files[1].inode == ~uint64_t{0});
  CHECK(read.files[1].modified_ns == 12);
  CHECK(read.Find("brume.db")->size == 7);
  CHECK(read.Find("secret.key") == nullptr);
}

TEST_CASE("a manifest that is cut off or changed is refused", "[backup]") {
  const std::string text = RenderManifest(Sample(), kKey);
  for (size_t size = 0; size < text.size(); ++size) {
    INFO(size);
    CHECK(absl::IsDataLoss(ParseManifest(text.substr(0, size)).status()));
  }
  CHECK(absl::IsDataLoss(ParseManifest(absl::StrReplaceAll(text, {{"\"size\":7", "\"size\":8"}})).status()));
  CHECK(absl::IsDataLoss(ParseManifest(text + "x").status()));
}

TEST_CASE("a manifest's seal is that of one key and one content", "[backup]") {
  const std::string text = RenderManifest(Sample(), kKey);
  CHECK(CheckSeal(text, kKey).ok());
  CHECK(absl::IsPermissionDenied(CheckSeal(text, std::string(32, 'x'))));
  BackupManifest other = Sample();
  other.files.front().size = 8;
  const std::string forged = RenderManifest(other, std::string(32, 'x'));
  CHECK(ParseManifest(forged).ok());
  CHECK(absl::IsPermissionDenied(CheckSeal(forged, kKey)));
}

TEST_CASE("a manifest names files of a backup and no others", "[backup]") {
  CHECK(ParseWith("layers/snap-0123456789abcdef0/layer.json").ok());
  CHECK(ParseWith("instances/i-0123456789abcdef0/nvram.fd").ok());
  for (const char* path : {"", "/etc/passwd", "../brume.db", "layers/../secret.key", "layers/ami-0123456789abcdef0/..",
                           "layers/ami-0123456789abcdef0/.partial", "layers/ami-0123456789abcdef0/a/b",
                           "layers/vol-0123456789abcdef0/disk.qcow2", "volumes/vol-0123456789abcdef0/disk.qcow2",
                           "layers/ami-0123456789abcdef0/", "layers//disk.qcow2", "credentials", "brume.db"}) {
    INFO(path);
    CHECK(absl::IsDataLoss(ParseWith(path)));
  }
}

TEST_CASE("ids of backups are in the order of time and no paths", "[backup]") {
  CHECK(IsBackupId(NewBackupId("20260131T100000Z", "0123abcd")));
  for (const char* id :
       {"", "..", "20260131T100000Z-0123ABCD", "20260131T100000Z-0123abc", "20260131T100000Z/0123abcd"}) {
    INFO(id);
    CHECK_FALSE(IsBackupId(id));
  }
}

}  // namespace
}  // namespace brume::storage
