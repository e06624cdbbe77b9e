// Copies of a database that is in use.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "lib/store/connection.h"
#include "lib/store/database.h"
#include "lib/store/database_copy.h"
#include "lib/store/open.h"
#include "tests/support/temp_dir.h"

namespace brume::store {
namespace {

int64_t CountTags(Connection& c) {
  int64_t count = 0;
  REQUIRE_OK(c.Query("SELECT count(*) FROM tags", [&](Row& row) { row.Read(count); }));
  return count;
}

TEST_CASE("a copy of a database in use is one file with all that was committed", "[store]") {
  const TempDir dir;
  const std::unique_ptr<Database> database = Value(Database::Open(dir / "brume.db"));
  const auto add = [&](const std::string& id) {
    return database->Write([&](Connection& c) { return c.Run("INSERT INTO tags VALUES (?, 'k', 'v')", id); });
  };
  REQUIRE_OK(add("i-1"));
  std::ofstream(dir / "copy.db").flush();
  REQUIRE_OK(CopyDatabase(dir / "brume.db", dir / "copy.db"));
  REQUIRE_OK(add("i-2"));
  const std::unique_ptr<Connection> copy = Value(OpenReader(dir / "copy.db"));
  CHECK(CountTags(*copy) == 1);
  CHECK_FALSE(std::filesystem::exists(dir / "copy.db-wal"));
}

TEST_CASE("what is no database is not copied", "[store]") {
  const TempDir dir;
  std::ofstream(dir / "brume.db") << std::string(8192, 'x');
  std::ofstream(dir / "copy.db").flush();
  CHECK(absl::IsDataLoss(CopyDatabase(dir / "brume.db", dir / "copy.db")));
}

}  // namespace
}  // namespace brume::store
