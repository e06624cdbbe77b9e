// What may stand where the database should be.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "lib/store/migrations.h"
#include "tests/store/store_fixture.h"

namespace brume::store {
namespace {

absl::Status OpenStatus(const std::string& path) { return Database::Open(path).status(); }

bool Says(const absl::Status& status, const std::string& words) {
  return status.message().find(words) != absl::string_view::npos;
}

// Root may write anywhere: be nobody for a while. The other threads of the process follow.
class AsNobody {
 public:
  AsNobody() {
    if (geteuid() == 0) REQUIRE(seteuid(65534) == 0);
  }
  ~AsNobody() {
    if (getuid() == 0 && seteuid(0) != 0) abort();
  }
};

TEST_CASE("a new database is for its owner's eyes only", "[store]") {
  TempDir dir;
  auto db = OpenOk(dir / "brume.db");
  REQUIRE_OK(db->Write([](Connection& c) { return store::ValueTable(c).Set("a", "b"); }));
  for (const char* name : {"brume.db", "brume.db-wal", "brume.db-shm"}) {
    struct stat info;
    INFO(name);
    REQUIRE(stat((dir / name).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a database from a newer version is refused and left as it is", "[store]") {
  TempDir dir;
  const std::string path = dir / "brume.db";
  const int known = Migrations().back().number;
  {
    auto db = OpenOk(path);
    REQUIRE_OK(db->Write([&](Connection& c) { return c.Run("PRAGMA user_version = 4711"); }));
  }
  const absl::Status newer = OpenStatus(path);
  INFO(newer.ToString());
  REQUIRE(absl::IsFailedPrecondition(newer));
  REQUIRE(Says(newer, "version 4711"));
  REQUIRE(Says(newer, "version " + std::to_string(known)));
}

TEST_CASE("migrations are numbered from one without gaps", "[store]") {
  int expected = 1;
  for (const Migration& migration : Migrations()) REQUIRE(migration.number == expected++);
  REQUIRE(expected > 1);
}

TEST_CASE("a file that is no database is refused and left as it is", "[store]") {
  TempDir dir;
  const std::string text(10000, 'n');
  std::ofstream(dir / "brume.db") << text;
  const absl::Status refused = OpenStatus(dir / "brume.db");
  INFO(refused.ToString());
  REQUIRE(absl::IsFailedPrecondition(refused));
  REQUIRE(Says(refused, "not a Brume database"));
  REQUIRE(std::filesystem::file_size(dir / "brume.db") == text.size());
}

TEST_CASE("another program's database is refused", "[store]") {
  TempDir dir;
  {
    SQLite::Database other(dir / "brume.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    other.exec("CREATE TABLE songs (title TEXT)");
  }
  const absl::Status refused = OpenStatus(dir / "brume.db");
  REQUIRE(absl::IsFailedPrecondition(refused));
  REQUIRE(Says(refused, "another program"));
}

TEST_CASE("a damaged database is refused", "[store]") {
  TempDir dir;
  const std::string path = dir / "brume.db";
  {
    auto db = OpenOk(path);
    for (int n = 0; n < 200; ++n) {
      REQUIRE_OK(db->Write([n](Connection& c) { return compute::InstanceTable(c).Insert(MakeInstance(n), 128, 1); }));
    }
  }
  const auto size = std::filesystem::file_size(path);
  SECTION("cut off") { std::filesystem::resize_file(path, size / 2); }
  SECTION("overwritten in the middle") {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file << std::string(size / 4, '\xa5');
  }
  const absl::Status refused = OpenStatus(path);
  INFO(refused.ToString());
  REQUIRE(absl::IsFailedPrecondition(refused));
  REQUIRE(Says(refused, "damaged"));
  REQUIRE(Says(refused, "backup"));
}

TEST_CASE("a place that cannot be written is named", "[store]") {
  TempDir dir;
  SECTION("no such directory") {
    const absl::Status status = OpenStatus(dir / "missing/brume.db");
    REQUIRE(absl::IsUnavailable(status));
    REQUIRE(Says(status, dir / "missing/brume.db"));
  }
  SECTION("a directory we may not write, without a database") {
    REQUIRE(chmod(dir.path().c_str(), 0555) == 0);
    const AsNobody nobody;
    REQUIRE(absl::IsUnavailable(OpenStatus(dir / "brume.db")));
  }
  SECTION("a database we may only read") {
    OpenOk(dir / "brume.db");
    REQUIRE(chmod((dir / "brume.db").c_str(), 0444) == 0);
    REQUIRE(chmod(dir.path().c_str(), 0555) == 0);
    const AsNobody nobody;
    const absl::Status status = OpenStatus(dir / "brume.db");
    INFO(status.ToString());
    REQUIRE(absl::IsUnavailable(status));
    REQUIRE(Says(status, "writ"));
  }
  SECTION("no file at all") { REQUIRE(absl::IsInvalidArgument(OpenStatus(":memory:"))); }
}

TEST_CASE("a database closed in the middle of its log is whole when opened again", "[store]") {
  TempDir dir, copy;
  auto db = OpenOk(dir / "brume.db");
  for (int n = 0; n < 50; ++n) {
    REQUIRE_OK(db->Write([n](Connection& c) { return store::ValueTable(c).Set(std::to_string(n), "there"); }));
  }
  // What kill -9 leaves: file and log as they are on disk.
  for (const char* name : {"brume.db", "brume.db-wal"}) std::filesystem::copy_file(dir / name, copy / name);
  auto again = OpenOk(copy / "brume.db");
  for (int n = 0; n < 50; ++n) {
    REQUIRE(Value(again->ReadFor([n](Connection& c) { return store::ValueTable(c).Get(std::to_string(n)); })) ==
            "there");
  }
}

}  // namespace
}  // namespace brume::store
