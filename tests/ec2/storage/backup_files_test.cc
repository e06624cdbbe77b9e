// Directories of backups on a real file system: what is written, what is refused, what comes back.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "lib/base/private_file.h"
#include "lib/ec2/storage/qcow2/backup_directory.h"
#include "lib/ec2/storage/qcow2/backup_restore.h"
#include "lib/ec2/storage/qcow2/host_backup_files.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "tests/ec2/storage/snapshots_fixture.h"

namespace brume::storage {
namespace {

const std::string kHostKey(32, 'k');
constexpr int kSchema = 56;

void PutFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

// A host with an image and a volume that was snapshotted, and a directory for its backups.
struct BackedUp : Imported {
  TempDir target;
  std::string directory = target / "backups";
  Volume volume = MakeVolume(1);
  std::unique_ptr<BackupFiles> files = Value(OpenHostBackupFiles(dir.path()));
  BackupProgress progress;
  int number = 0;

  BackedUp() {
    REQUIRE_OK(WritePrivateFile(*this / "secret.key", kHostKey));
    Write(*disks, volume, "0x11", "0 64k");
    volume = Take(*disks, volume, 1);
  }

  std::unique_ptr<BackupWriter> Begin(int keep = 0, bool with_key = false) {
    std::unique_ptr<BackupWriter> writer =
        Value(files->Begin({.directory = directory, .keep = keep, .with_key = with_key}));
    PutFile(Value(writer->NewDatabase()), "the database");
    return writer;
  }
  BackupDescription About() {
    return {.id = absl::StrFormat("20260131T1000%02dZ-0123abcd", ++number),
            .created = "2026-01-31T10:00:00Z",
            .version = "1.0",
            .schema = kSchema};
  }
  absl::Status Copy(
      BackupWriter& writer, const std::function<bool()>& goes_on = [] { return true; }) {
    return writer.Copy(About(), goes_on, [&](const BackupProgress& each) { progress = each; });
  }
  std::vector<std::string> Layers() const { return {kImage.text(), Nth(1).text(), Nth(2).text()}; }
  void BackUp(int keep = 0, bool with_key = false) {
    const std::unique_ptr<BackupWriter> writer = Begin(keep, with_key);
    REQUIRE_OK(writer->Hold(Layers(), {kImage.text(), Nth(1).text()}));
    REQUIRE_OK(Copy(*writer));
  }
  std::vector<std::string> Backups() const { return Names(directory + "/backups"); }
  std::string ObjectOf(const std::string& path) {
    const BackupDirectory opened = Value(BackupDirectory::OpenToRead(directory));
    const BackupManifest manifest = Value(opened.Read(Backups().back()));
    const std::string hash = manifest.Find(path)->sha256;
    return directory + "/objects/" + hash.substr(0, 2) + "/" + hash;
  }
  std::string KeyFile() {
    REQUIRE_OK(WritePrivateFile(target / "key", kHostKey));
    return target / "key";
  }
  absl::Status Verify() {
    return VerifyBackups({.directory = directory, .id = "", .key_file = KeyFile()}, [](const BackupProgress&) {})
        .status();
  }
  absl::Status Restore(const std::string& to, const std::string& key_file, int newest_schema = kSchema) {
    std::filesystem::create_directory(to);
    return RestoreFiles({.directory = directory, .id = "", .key_file = key_file},
                        {.path = to, .guests_uid = 0, .guests_gid = 0, .newest_schema = newest_schema},
                        [](const BackupProgress&) {})
        .status();
  }
  // A backup with the right seal of one layer whose disk has these bytes.
  void Forge(const std::string& disk) {
    BackupDirectory opened = Value(BackupDirectory::OpenToWrite(directory, dir.path()));
    BackupManifest manifest{.about = About(), .files = {}};
    for (const auto& [path, content] : {std::pair<std::string, std::string>("brume.db", "the database"),
                                        {"layers/" + kImage.text() + "/disk.qcow2", disk}}) {
      PutFile(target / "forged", content);
      const UniqueFd file(open((target / "forged").c_str(), O_RDONLY | O_CLOEXEC));
      const auto added =
          Value(opened.Add(file.get(), static_cast<int64_t>(content.size()), [](int64_t) { return absl::OkStatus(); }));
      manifest.files.push_back({.path = path, .sha256 = added.sha256, .size = static_cast<int64_t>(content.size())});
    }
    REQUIRE_OK(opened.Publish(manifest.about.id, RenderManifest(manifest, kHostKey)));
  }
};

std::string QcowOver(const std::string& backing) {
  const Qcow2Layout layout = EmptyQcow2(1 << 20, backing);
  std::string bytes(layout.file_size, '\0');
  for (const auto& piece : layout.pieces) bytes.replace(piece.offset, piece.bytes.size(), piece.bytes);
  return bytes;
}

TEST_CASE("what is restored are the files that were backed up, with the modes of a state directory", "[backup]") {
  BackedUp host;
  host.BackUp();
  REQUIRE_OK(host.Verify());
  const std::string to = host.target / "restored";
  REQUIRE_OK(host.Restore(to, host.KeyFile()));
  CHECK(Names(to) == std::vector<std::string>{"brume.db", "layers", "secret.key"});
  for (const std::string& layer : {kImage.text(), Nth(1).text()}) {
    CHECK(Content(to + "/layers/" + layer + "/disk.qcow2") == Content(host / ("layers/" + layer + "/disk.qcow2")));
    CHECK((StatOf(to + "/layers/" + layer + "/disk.qcow2").st_mode & 07777) == 0444);
    CHECK((StatOf(to + "/layers/" + layer).st_mode & 07777) == 0755);
  }
  CHECK(Content(to + "/secret.key") == kHostKey);
  for (const char* name : {"/brume.db", "/secret.key"}) CHECK((StatOf(to + name).st_mode & 07777) == 0600);
  CHECK((StatOf(host.directory).st_mode & 07777) == 0700);
  CHECK((StatOf(host.ObjectOf("brume.db")).st_mode & 07777) == 0600);
}

TEST_CASE("a later backup copies what is new alone", "[backup]") {
  BackedUp host;
  host.BackUp();
  const BackupProgress first = host.progress;
  CHECK(first.copied_bytes == first.total_bytes);
  CHECK(first.done_bytes == first.total_bytes);
  host.BackUp();
  CHECK(host.progress.copied_bytes == 0);
  CHECK(host.progress.done_bytes == first.total_bytes);
  Write(*host.disks, host.volume, "0x22", "0 4k");
  host.volume = Take(*host.disks, host.volume, 2);
  host.BackUp();
  const auto layer = static_cast<int64_t>(fs::file_size(host / ("layers/" + Nth(2).text() + "/disk.qcow2")));
  CHECK(host.progress.copied_bytes >= layer);
  CHECK(host.progress.copied_bytes < layer + 4096);
  REQUIRE_OK(host.Verify());
}

TEST_CASE("what is not kept of the backups goes, and what the others need stays", "[backup]") {
  BackedUp host;
  host.BackUp();
  REQUIRE_OK(host.disks->RemoveVolume(host.volume.id));
  REQUIRE_OK(host.disks->RemoveSnapshot(Nth(1)));
  const std::string gone = host.ObjectOf("layers/" + Nth(1).text() + "/disk.qcow2");
  const auto without = [&](int keep) {
    const std::unique_ptr<BackupWriter> writer = host.Begin(keep);
    REQUIRE_OK(writer->Hold({kImage.text(), Nth(1).text()}, {kImage.text()}));
    REQUIRE_OK(host.Copy(*writer));
  };
  without(2);
  CHECK(host.Backups().size() == 2);
  CHECK(fs::exists(gone));
  without(1);
  CHECK(host.Backups().size() == 1);
  CHECK_FALSE(fs::exists(gone));
  REQUIRE_OK(host.Verify());
}

TEST_CASE("a layer that goes while it is copied is in the backup", "[backup]") {
  BackedUp host;
  std::unique_ptr<BackupWriter> writer = host.Begin();
  REQUIRE_OK(writer->Hold(host.Layers(), {Nth(1).text()}));
  const std::string content = Content(host / ("layers/" + Nth(1).text() + "/disk.qcow2"));
  REQUIRE_OK(host.disks->RemoveVolume(host.volume.id));
  REQUIRE_OK(host.disks->RemoveSnapshot(Nth(1)));
  REQUIRE_OK(host.Copy(*writer));
  writer.reset();
  CHECK(Content(host.ObjectOf("layers/" + Nth(1).text() + "/disk.qcow2")) == content);
}

TEST_CASE("a layer that is needed and not there is noticed", "[backup]") {
  BackedUp host;
  const std::unique_ptr<BackupWriter> writer = host.Begin();
  CHECK(absl::IsNotFound(writer->Hold(host.Layers(), {Nth(2).text()})));
  // What the snapshot's layer lies over is left out.
  CHECK(absl::IsNotFound(writer->Hold({Nth(1).text()}, {Nth(1).text()})));
  CHECK(writer->Hold(host.Layers(), {Nth(1).text()}).ok());
}

TEST_CASE("a backup that is cut off leaves the earlier one, and the next one goes on", "[backup]") {
  BackedUp host;
  host.BackUp();
  Write(*host.disks, host.volume, "0x22", "0 4k");
  host.volume = Take(*host.disks, host.volume, 2);
  {
    const std::unique_ptr<BackupWriter> writer = host.Begin();
    REQUIRE_OK(writer->Hold(host.Layers(), {}));
    CHECK(absl::IsCancelled(host.Copy(*writer, [] { return false; })));
  }
  CHECK(host.Backups().size() == 1);
  CHECK_FALSE(fs::exists(host / "backup"));
  REQUIRE_OK(host.Verify());
  host.BackUp();
  CHECK(host.Backups().size() == 2);
  REQUIRE_OK(host.Verify());
}

TEST_CASE("without the host's key a backup gives no secret away and does not come back", "[backup]") {
  BackedUp host;
  host.BackUp();
  const std::string to = host.target / "restored";
  CHECK(absl::IsFailedPrecondition(host.Restore(to, "")));
  REQUIRE_OK(WritePrivateFile(host.target / "other", std::string(32, 'x')));
  CHECK(absl::IsPermissionDenied(host.Restore(to, host.target / "other")));
  CHECK(Names(to).empty());
  host.BackUp(0, true);
  REQUIRE_OK(host.Restore(to, ""));
  CHECK(Content(to + "/secret.key") == kHostKey);
}

TEST_CASE("a backup of a newer program is refused", "[backup]") {
  BackedUp host;
  host.BackUp();
  CHECK(absl::IsFailedPrecondition(host.Restore(host.target / "restored", host.KeyFile(), kSchema - 1)));
}

TEST_CASE("files of a backup that were changed, cut off, lost or replaced are refused", "[backup]") {
  BackedUp host;
  host.BackUp();
  const std::string object = host.ObjectOf("layers/" + Nth(1).text() + "/disk.qcow2");
  SECTION("changed") { PutBytes(object, 70000, "x"); }
  SECTION("cut off") { fs::resize_file(object, fs::file_size(object) - 1); }
  SECTION("longer") { fs::resize_file(object, fs::file_size(object) + 1); }
  SECTION("lost") { fs::remove(object); }
  SECTION("a link to the same content") {
    fs::rename(object, host.target / "elsewhere");
    fs::create_symlink(host.target / "elsewhere", object);
  }
  SECTION("a pipe") {
    fs::remove(object);
    REQUIRE(mkfifo(object.c_str(), 0600) == 0);
  }
  SECTION("the manifest") { PutBytes(host.directory + "/backups/" + host.Backups().back(), 30, "x"); }
  CHECK(absl::IsDataLoss(host.Verify()));
  CHECK(absl::IsDataLoss(host.Restore(host.target / "restored", host.KeyFile())));
}

TEST_CASE("a disk that lies over anything but a layer of the backup is refused", "[backup]") {
  BackedUp host;
  const std::string itself = "../../layers/" + kImage.text() + "/disk.qcow2";
  for (const std::string& backing :
       {std::string("/etc/shadow"), std::string("json:{}"), std::string("../../secret.key"), itself,
        "../../layers/" + Nth(1).text() + "/disk.qcow2", "../../layers/../layers/" + kImage.text() + "/disk.qcow2"}) {
    INFO(backing);
    host.Forge(QcowOver(backing));
    fs::remove_all(host.target / "restored");
    CHECK(absl::IsDataLoss(host.Restore(host.target / "restored", host.KeyFile())));
  }
  host.Forge("a raw disk");
  fs::remove_all(host.target / "restored");
  CHECK(absl::IsDataLoss(host.Restore(host.target / "restored", host.KeyFile())));
  host.Forge(QcowOver(""));
  fs::remove_all(host.target / "restored");
  CHECK(host.Restore(host.target / "restored", host.KeyFile()).ok());
}

TEST_CASE("a directory that is no place for backups is refused and left as it is", "[backup]") {
  BackedUp host;
  const auto refused = [&](const std::string& path) {
    const absl::Status begun = host.files->Begin({.directory = path}).status();
    return absl::IsFailedPrecondition(begun) || absl::IsInvalidArgument(begun) || absl::IsNotFound(begun);
  };
  SECTION("with other content") {
    fs::create_directory(host.directory);
    PutFile(host.directory + "/letter", "dear");
    CHECK(refused(host.directory));
    CHECK(Names(host.directory) == std::vector<std::string>{"letter"});
  }
  SECTION("that others may write to") {
    fs::create_directory(host.directory);
    fs::permissions(host.directory, fs::perms::all);
    CHECK(refused(host.directory));
  }
  SECTION("inside the state directory") {
    CHECK(refused(host / "here"));
    fs::create_directory_symlink(host.dir.path(), host.target / "link");
    CHECK(refused(host.target / "link"));
  }
  SECTION("relative") { CHECK(refused("backups")); }
  SECTION("without a parent") { CHECK(refused(host.target / "no/backups")); }
  SECTION("in use") {
    const std::unique_ptr<BackupWriter> first = host.Begin();
    CHECK(refused(host.directory));
    CHECK(absl::IsFailedPrecondition(host.Verify()));
  }
}

}  // namespace
}  // namespace brume::storage
