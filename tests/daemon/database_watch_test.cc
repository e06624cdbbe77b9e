#include "daemon/database_watch.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "daemon/diagnosis.h"
#include "lib/store/connection.h"
#include "lib/store/database.h"
#include "lib/store/page_check.h"
#include "tests/support/temp_dir.h"

namespace brume::daemon {

TEST_CASE("a damaged page of the database is found, told and counted", "[daemon]") {
  const TempDir directory;
  const std::string path = directory.path() + "/brume.db";
  auto database = store::Database::Open(path);
  REQUIRE(database.ok());
  REQUIRE(
      (*database)
          ->Write([](store::Connection& c) {
            return c.Run(
                "CREATE TABLE rows AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
                "SELECT i, hex(zeroblob(40)) AS text FROM n");
          })
          .ok());
  DatabaseWatch watch(path);
  watch.Check();
  CHECK(watch.Found().ok());
  CHECK(absl::IsCancelled(store::CheckPages(path, [] { return true; })));
  CHECK(absl::StrContains(watch.ExpositionText(), "brume_database_damaged 0\n"));
  CHECK(CheckDatabase(**database, watch.Found()).ok);

  database->reset();  // all is in the file, and no journal beside it
  const auto size = std::filesystem::file_size(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  // The header of pages in the middle of the table.
  for (uintmax_t at = size / 2 / 4096 * 4096; at < size * 3 / 4; at += 4096) {
    file.seekp(static_cast<std::streamoff>(at));
    file << std::string(64, '\x5a');
  }
  file.close();
  watch.Check();
  CHECK(absl::IsDataLoss(watch.Found()));
  CHECK(absl::StrContains(watch.ExpositionText(), "brume_database_damaged 1\n"));
  // Also while those of its rows that are asked for can be read.
  database = store::Database::Open(directory.path() + "/other.db");
  REQUIRE(database.ok());
  CHECK_FALSE(CheckDatabase(**database, watch.Found()).ok);
}

}  // namespace brume::daemon
