// The SQLite database: one writer thread with group commit, a pool of read connections.
//
//   RETURN_IF_ERROR(db.Write([&](Connection& c) { return compute::InstanceTable(c).Insert(instance); }));
//
// A Write returns after its commit is on disk (WAL, synchronous=FULL). Writes that wait together are committed
// together: each in a savepoint of its own, so that one that fails takes nothing with it and leaves nothing behind.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/store/migrations.h"

namespace brume::store {

// One connection with its prepared statements; used by one thread at a time. Defined in connection.h, for repositories.
class Connection;

class Database {
 public:
  // Opens or creates `path` (":memory:" is refused: readers need a file) and migrates it to this version's schema.
  // Errors: FailedPrecondition when the file was written by a newer version, or is no database; Unavailable when it
  // cannot be written; DataLoss when a conversion finds what it cannot convert, and the file stays as it was.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path,
                                                        absl::Span<const Conversion> conversions = {});
  virtual ~Database() = default;

  // Runs `change` on the writer thread in one transaction and waits for the commit. `change` must not block on anything
  // but the connection, must not call Write or Read, and runs exactly once. An error it returns undoes all it did and
  // is returned. SQLITE_FULL and I/O errors: Unavailable "the state disk is full …".
  virtual absl::Status Write(const std::function<absl::Status(Connection&)>& change) = 0;
  // Runs `query` on the calling thread against one snapshot.
  virtual absl::Status Read(const std::function<absl::Status(Connection&)>& query) = 0;

  // The same for a function that returns StatusOr<T>.
  template <typename Function>
  auto WriteFor(Function&& change) -> decltype(change(std::declval<Connection&>())) {
    decltype(change(std::declval<Connection&>())) result = absl::UnknownError("not run");
    absl::Status committed = Write([&](Connection& c) {
      result = change(c);
      return result.status();
    });
    if (!committed.ok()) return committed;
    return result;
  }
  template <typename Function>
  auto ReadFor(Function&& query) -> decltype(query(std::declval<Connection&>())) {
    decltype(query(std::declval<Connection&>())) result = absl::UnknownError("not run");
    absl::Status read = Read([&](Connection& c) {
      result = query(c);
      return result.status();
    });
    if (!read.ok()) return read;
    return result;
  }
};

}  // namespace brume::store
