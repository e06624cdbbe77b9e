// The steps that the tasks of imports and exports have in common: how far one is, that it fails, and its end. A Table
// has Get, Update and Delete by the task's id, as ImportTaskTable has.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/failure_kind.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/ec2/storage/import_files.h"
#include "lib/ec2/storage/model/import_task.h"
#include "lib/store/database.h"

namespace brume::storage {

// Whether the work is worth another try: the reason may pass, and the task has not stood still for too long.
inline bool IsTriedAgain(const absl::Status& why, absl::Time progressed, absl::Time now) {
  constexpr absl::Duration kPatience = absl::Minutes(15);
  return FailureKindOf(why) == FailureKind::kTransient && now < progressed + kPatience;
}

// Thread-safe, as its parts are, which outlive it.
template <typename Table, typename Task>
class TaskSteps {
 public:
  TaskSteps(store::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // Writes how far the task is, no more often than anybody looks; `noted`: when that was last done. False when the task
  // is another's now, and its work is to be broken off.
  bool Note(Task& task, const ImportProgress& progress, absl::Time& noted) const {
    constexpr absl::Duration kPeriod = absl::Milliseconds(500);
    const absl::Time now = absl::Now();  // of the host: how often a row is written is no business of the clock's
    if (now < noted + kPeriod) return true;
    noted = now;
    const auto check = [&](store::Connection& c) -> absl::Status {
      ASSIGN_OR_RETURN(const Task there, Table(c).Get(task.id));
      return there.version == task.version ? absl::OkStatus() : absl::AbortedError("the task was changed");
    };
    absl::Status written;
    if (progress.percent == task.progress && progress.message == task.status_message) {
      written = database_.Read(check);
    } else {
      task.progress = progress.percent;
      task.status_message = progress.message;
      task.progressed = clock_.Now();
      written = Update(task);
    }
    // A database that cannot be written now is not a reason to give the work up.
    return !absl::IsAborted(written) && !absl::IsNotFound(written);
  }

  // What the task made is to be taken away, and the reason shown; unless it was cancelled meanwhile.
  absl::StatusOr<absl::Duration> Fail(Task task, const absl::Status& why) const {
    ASSIGN_OR_RETURN(task, database_.ReadFor([&](store::Connection& c) { return Table(c).Get(task.id); }));
    if (task.state != ImportState::kActive) return absl::ZeroDuration();
    task.state = ImportState::kDeleting;
    task.status_message = absl::StrCat(
        FailureKindOf(why) == FailureKind::kTransient ? "ServerError: " : "ClientError: ", ToUtf8(why.message()));
    RETURN_IF_ERROR(Update(task));
    return absl::ZeroDuration();
  }

  // What the task made is gone.
  absl::StatusOr<absl::Duration> End(Task task) const {
    task.state = ImportState::kDeleted;
    task.ended = clock_.Now();
    RETURN_IF_ERROR(Update(task));
    return absl::ZeroDuration();
  }

  // Of a task that has ended: how long it is still shown. When that is over its row goes.
  absl::StatusOr<absl::Duration> Keep(const Task& task) const {
    constexpr absl::Duration kShownFor = absl::Hours(7 * 24);
    const absl::Duration left = task.ended + kShownFor - clock_.Now();
    if (left > absl::ZeroDuration()) return left;
    RETURN_IF_ERROR(database_.Write([&](store::Connection& c) { return Table(c).Delete(task.id); }));
    return absl::InfiniteDuration();
  }

 private:
  absl::Status Update(Task& task) const {
    return database_.Write([&](store::Connection& c) { return Table(c).Update(task); });
  }

  store::Database& database_;
  const Clock& clock_;
};

}  // namespace brume::storage
