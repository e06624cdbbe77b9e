#include "lib/store/database.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/mutex.h"
#include "lib/base/priority.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/open.h"

namespace brume::store {
namespace {

// A group larger than this is committed in parts, so that the first of it need not wait for the last.
constexpr size_t kMaxInGroup = 256;

// Each reader keeps its own statements and pages, half a MiB and more, and reads are work for a processor: two for
// each.
size_t MaxReaders() { return std::clamp<size_t>(2 * std::thread::hardware_concurrency(), 4, 16); }

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::string path, std::unique_ptr<Connection> writer)
      : path_(std::move(path)), writer_(std::move(writer)), writer_thread_([this] { RunWriter(); }) {}

  // Commits what still waits. No Write or Read may begin any more.
  ~SqliteDatabase() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    work_.NotifyOne();
    writer_thread_.join();
  }

  absl::Status Write(const std::function<absl::Status(Connection&)>& change) override;
  absl::Status Read(const std::function<absl::Status(Connection&)>& query) override;

 private:
  // One Write that waits; lives on its caller's stack.
  struct Change {
    const std::function<absl::Status(Connection&)>& run;
    const std::string operation;  // of its caller, for failpoints
    absl::Status result;          // the writer's until it is done
    Mutex mutex = {};
    CondVar finished = {};
    bool done ABSL_GUARDED_BY(mutex) = false;
  };

  void RunWriter();
  void CommitGroup(const std::vector<Change*>& group);
  static absl::Status PassFailpoints(const std::vector<Change*>& group, absl::string_view name);
  absl::Status RunInSavepoint(Change& change);
  absl::StatusOr<std::unique_ptr<Connection>> TakeReader();
  void GiveBack(std::unique_ptr<Connection> reader);

  const std::string path_;

  Mutex mutex_;
  CondVar work_;
  std::vector<Change*> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  const std::unique_ptr<Connection> writer_;  // the writer thread's

  const size_t max_readers_ = MaxReaders();
  Mutex readers_mutex_;
  CondVar reader_free_;
  std::vector<std::unique_ptr<Connection>> idle_readers_ ABSL_GUARDED_BY(readers_mutex_);
  size_t readers_ ABSL_GUARDED_BY(readers_mutex_) = 0;  // idle or in use

  std::thread writer_thread_;  // last: runs while all above lives
};

absl::Status SqliteDatabase::Write(const std::function<absl::Status(Connection&)>& change) {
  if (std::this_thread::get_id() == writer_thread_.get_id()) {
    return absl::InternalError("a change called Write: it would wait for itself");
  }
  Change waiting{change, FailpointOperation(), absl::OkStatus()};
  {
    MutexLock lock(mutex_);
    queue_.push_back(&waiting);
    work_.NotifyOne();
  }
  MutexLock lock(waiting.mutex);
  while (!waiting.done) waiting.finished.Wait(waiting.mutex);
  return waiting.result;
}

void SqliteDatabase::RunWriter() {
  GoFirst();
  MutexLock lock(mutex_);
  while (true) {
    while (!stopping_ && queue_.empty()) work_.Wait(mutex_);
    if (queue_.empty()) return;
    std::vector<Change*> group;
    if (queue_.size() <= kMaxInGroup) {
      group.swap(queue_);
    } else {
      group.assign(queue_.begin(), queue_.begin() + kMaxInGroup);
      queue_.erase(queue_.begin(), queue_.begin() + kMaxInGroup);
    }
    lock.Unlock();
    CommitGroup(group);
    for (Change* change : group) {
      MutexLock finishing(change->mutex);
      change->done = true;
      // Under the lock: the caller owns `change` and ends its life as soon as it sees `done`.
      change->finished.NotifyOne();
    }
    lock.Lock();
  }
}

// Each change runs once, whatever becomes of its neighbours; nobody hears OK before the commit that holds his change.
void SqliteDatabase::CommitGroup(const std::vector<Change*>& group) {
  Connection& c = *writer_;
  size_t first = 0;  // of those in the transaction under way
  const auto fail_since_first = [&](size_t end, const absl::Status& why) {
    for (; first < end; ++first) {
      if (group[first]->result.ok()) group[first]->result = why;
    }
  };
  for (size_t i = 0; i < group.size(); ++i) {
    if (c.in_autocommit()) {
      if (absl::Status begun = c.Run("BEGIN IMMEDIATE"); !begun.ok()) {
        group[i]->result = begun;
        first = i + 1;
        continue;
      }
    }
    group[i]->result = RunInSavepoint(*group[i]);
    if (c.in_autocommit()) {
      // SQLite gave up the whole transaction, and with it what stood in it before this change.
      const absl::Status& own = group[i]->result;
      fail_since_first(i + 1, absl::IsUnavailable(own)
                                  ? own
                                  : absl::UnavailableError("the state database gave up a transaction: try again"));
    }
  }
  if (c.in_autocommit()) return;
  absl::Status committed = PassFailpoints(group, "store.commit");
  if (committed.ok()) committed = c.Run("COMMIT");
  if (committed.ok()) {
    // The change is durable now: an error here would be a lie, so only a crash and a delay have a meaning.
    if (absl::Status ignored = PassFailpoints(group, "store.committed"); !ignored.ok())
      log::Warn("{}", ignored.message());
    return;
  }
  log::Error("state database: commit of {} changes: {}", group.size() - first, committed.message());
  fail_since_first(group.size(), committed);
  if (!c.in_autocommit()) {
    if (absl::Status undone = c.Run("ROLLBACK"); !undone.ok()) {
      log::Error("state database: rollback: {}", undone.message());
    }
  }
}

// Of each whose change it is.
absl::Status SqliteDatabase::PassFailpoints(const std::vector<Change*>& group, absl::string_view name) {
  if (!FailpointsAreSet()) return absl::OkStatus();
  absl::Status passed;
  for (const Change* change : group) {
    const FailpointScope scope(change->operation);
    passed.Update(Failpoint(name));
  }
  return passed;
}

absl::Status SqliteDatabase::RunInSavepoint(Change& change) {
  Connection& c = *writer_;
  RETURN_IF_ERROR(c.Run("SAVEPOINT change"));
  absl::Status result = change.run(c);
  if (c.in_autocommit()) return result;  // nothing is left to release; CommitGroup sees it
  absl::Status ended = result.ok() ? c.Run("RELEASE change") : absl::OkStatus();
  if (result.ok() && ended.ok()) return ended;
  absl::Status undone = c.Run("ROLLBACK TO change");
  if (undone.ok()) undone = c.Run("RELEASE change");
  // A change that cannot be taken back alone must not be committed: give up all of the transaction.
  if (!undone.ok() && !c.in_autocommit()) undone.Update(c.Run("ROLLBACK"));
  return result.ok() ? ended : result;
}

absl::Status SqliteDatabase::Read(const std::function<absl::Status(Connection&)>& query) {
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> reader, TakeReader());
  absl::Status result = reader->Run("BEGIN");
  if (result.ok()) result = query(*reader);
  if (!reader->in_autocommit()) {
    // Ends a transaction that changed nothing. If even that fails the connection is of no more use.
    if (absl::Status ended = reader->Run("COMMIT"); !ended.ok()) {
      result.Update(ended);
      reader.reset();
    }
  }
  GiveBack(std::move(reader));
  return result;
}

absl::StatusOr<std::unique_ptr<Connection>> SqliteDatabase::TakeReader() {
  MutexLock lock(readers_mutex_);
  while (idle_readers_.empty() && readers_ >= max_readers_) reader_free_.Wait(readers_mutex_);
  if (!idle_readers_.empty()) {
    std::unique_ptr<Connection> reader = std::move(idle_readers_.back());
    idle_readers_.pop_back();
    return reader;
  }
  ++readers_;
  lock.Unlock();
  absl::StatusOr<std::unique_ptr<Connection>> reader = OpenReader(path_);
  if (!reader.ok()) GiveBack(nullptr);
  return reader;
}

// Null: it is no more.
void SqliteDatabase::GiveBack(std::unique_ptr<Connection> reader) {
  MutexLock lock(readers_mutex_);
  if (reader == nullptr) {
    --readers_;
  } else {
    idle_readers_.push_back(std::move(reader));
  }
  reader_free_.NotifyOne();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                         absl::Span<const Conversion> conversions) {
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> writer, OpenWriter(path, conversions));
  return std::make_unique<SqliteDatabase>(path, std::move(writer));
}

}  // namespace brume::store
