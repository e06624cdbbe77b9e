#include "lib/store/page_check.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"

namespace brume::store {
namespace {

// About a millisecond of work, then a pause of several.
constexpr int kStepsBetweenPauses = 20'000;
constexpr std::chrono::milliseconds kPause(4);

int Pause(void* stop) {
  std::this_thread::sleep_for(kPause);
  return (*static_cast<const std::function<bool()>*>(stop))() ? 1 : 0;
}

}  // namespace

absl::Status CheckPages(const std::string& path, const std::function<bool()>& stop) {
  try {
    SQLite::Database database(path, SQLite::OPEN_READONLY);
    sqlite3_progress_handler(database.getHandle(), kStepsBetweenPauses, Pause,
                             const_cast<void*>(static_cast<const void*>(&stop)));
    SQLite::Statement check(database, "PRAGMA quick_check(1)");
    if (!check.executeStep()) return absl::UnavailableError("quick_check says nothing");
    const std::string said = check.getColumn(0).getString();
    if (said == "ok") return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(path, " is damaged: ", said));
  } catch (const SQLite::Exception& error) {
    switch (error.getErrorCode()) {
      case SQLITE_INTERRUPT:
        return absl::CancelledError("stopped");
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        return absl::DataLossError(absl::StrCat(path, " is damaged: ", error.what()));
      default:
        return absl::UnavailableError(absl::StrCat("cannot check ", path, ": ", error.what()));
    }
  }
}

}  // namespace brume::store
