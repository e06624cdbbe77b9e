// The database on a disk that really is full, or really is read-only: a small tmpfs in a mount namespace of its own.
#include <fstream>

#include "tests/store/store_fixture.h"
#include "tests/support/small_disk.h"

namespace brume::store {
namespace {

std::optional<std::string> ValueOf(Database& db, const std::string& name) {
  return Value(db.ReadFor([&](Connection& c) { return store::ValueTable(c).Get(name); }));
}

TEST_CASE("a full disk is reported, readers go on, and the database is whole when there is room again", "[store]") {
  SmallDisk disk("4M");
  auto db = OpenOk(disk / "brume.db");
  std::ofstream(disk / "ballast") << std::string(1 << 20, 'b');
  const std::string big(16 * 1024, 'x');
  int kept = 0;
  absl::Status full;
  while ((full = db->Write([&](Connection& c) { return store::ValueTable(c).Set(std::to_string(kept), big); })).ok())
    ++kept;
  INFO(full.ToString());
  REQUIRE(absl::IsUnavailable(full));
  REQUIRE(full.message().find("disk is full") != absl::string_view::npos);
  REQUIRE(kept > 10);
  REQUIRE(ValueOf(*db, "0") == big);
  REQUIRE_FALSE(ValueOf(*db, std::to_string(kept)).has_value());

  std::filesystem::remove(disk / "ballast");
  REQUIRE_OK(db->Write([&](Connection& c) { return store::ValueTable(c).Set(std::to_string(kept), big); }));
  db.reset();
  db = OpenOk(disk / "brume.db");
  for (int n = 0; n <= kept; ++n) REQUIRE(ValueOf(*db, std::to_string(n)) == big);
  std::string verdict;
  REQUIRE_OK(db->Read(
      [&](Connection& c) { return c.Query("PRAGMA integrity_check(1)", [&](Row& row) { row.Read(verdict); }); }));
  REQUIRE(verdict == "ok");
}

TEST_CASE("a disk too full to hold a new database is no crash", "[store]") {
  SmallDisk disk("64K");
  std::ofstream(disk / "ballast") << std::string(1 << 20, 'b');
  const absl::Status status = Database::Open(disk / "brume.db").status();
  INFO(status.ToString());
  REQUIRE(absl::IsUnavailable(status));
}

TEST_CASE("a read-only file system is named, with or without a database on it", "[store]") {
  SmallDisk disk("4M");
  const bool there = GENERATE(false, true);
  if (there) OpenOk(disk / "brume.db");
  REQUIRE(disk.MakeReadOnly());
  const absl::Status status = Database::Open(disk / "brume.db").status();
  INFO(status.ToString());
  REQUIRE(absl::IsUnavailable(status));
  REQUIRE(status.message().find("brume.db") != absl::string_view::npos);
}

}  // namespace
}  // namespace brume::store
