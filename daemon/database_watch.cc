#include "daemon/database_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/store/page_check.h"

namespace brume::daemon {
namespace {

constexpr absl::Duration kFirst = absl::Minutes(5), kPeriod = absl::Hours(6);

}  // namespace

DatabaseWatch::DatabaseWatch(std::string path) : path_(std::move(path)), periodic_(kPeriod, [this] { Check(); }) {}

void DatabaseWatch::Start() { periodic_.Start(kFirst); }
void DatabaseWatch::Stop() { periodic_.Stop(); }

void DatabaseWatch::Check() {
  const absl::Status found = store::CheckPages(path_, [this] { return periodic_.Stopping(); });
  if (absl::IsCancelled(found)) return;
  if (!found.ok()) log::Error("the database: {}", found.message());
  MutexLock lock(mutex_);
  // What cannot be read now is reported by the calls that need it; damage that was found stays until a check finds
  // none.
  if (!absl::IsUnavailable(found)) found_ = found;
}

absl::Status DatabaseWatch::Found() const {
  MutexLock lock(mutex_);
  return found_;
}

std::string DatabaseWatch::ExpositionText() const {
  return absl::StrCat(
      "# HELP brume_database_damaged Whether the last look through the database's pages found damage.\n"
      "# TYPE brume_database_damaged gauge\nbrume_database_damaged ",
      Found().ok() ? 0 : 1, "\n");
}

}  // namespace brume::daemon
