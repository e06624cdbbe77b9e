#include "lib/store/database_copy.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "lib/store/migrations.h"

namespace brume::store {

absl::Status CopyDatabase(const std::string& from, const std::string& to) {
  try {
    SQLite::Database source(from, SQLite::OPEN_READONLY);
    SQLite::Database target(to, SQLite::OPEN_READWRITE);
    {
      // In one step: a reader's snapshot, which no writer waits for.
      SQLite::Backup backup(target, source);
      const int result = backup.executeStep(-1);
      if (result != SQLITE_DONE) {
        return absl::UnavailableError(absl::StrCat("copying the database ends with SQLite's code ", result));
      }
    }
    // The mode is in the file: a copy with a log would be two files.
    SQLite::Statement mode(target, "PRAGMA journal_mode = DELETE");
    mode.executeStep();
    return absl::OkStatus();
  } catch (const SQLite::Exception& error) {
    const bool damaged = error.getErrorCode() == SQLITE_CORRUPT || error.getErrorCode() == SQLITE_NOTADB;
    const std::string text = absl::StrCat("copying the database: ", error.what());
    return damaged ? absl::DataLossError(text) : absl::UnavailableError(text);
  }
}

int NewestSchema() { return Migrations().back().number; }

}  // namespace brume::store
