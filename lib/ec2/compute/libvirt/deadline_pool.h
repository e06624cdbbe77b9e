// Threads for calls into a library that may hang: the caller waits with a deadline and leaves, the thread stays with
// the call until it returns, if ever.
//
//   return pool.Run("look at i-…", absl::Seconds(30), [connection, id] { return LookUp(connection, id); });
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace brume::compute {

// Thread-safe.
class DeadlinePool {
 public:
  // At most `threads` calls run at once. A call that was given up counts no longer, but only `spare` such calls get a
  // replacement for the thread they hold; past that the pool is slower, and full of stuck calls it only times out.
  DeadlinePool(int threads, int spare);
  // Waits for no call. All callers must be gone.
  ~DeadlinePool();
  DeadlinePool(const DeadlinePool&) = delete;
  DeadlinePool& operator=(const DeadlinePool&) = delete;

  // Runs `call` on a thread of the pool. `call` may outlive this function and must own all that it uses. `what` ends
  // the sentence "… took longer than 30s" of the DeadlineExceeded error. A call that has not begun by then never does.
  absl::Status Run(const std::string& what, absl::Duration deadline, std::function<absl::Status()> call);

  // Run() for a function that returns StatusOr<T>.
  template <typename T>
  absl::StatusOr<T> RunFor(const std::string& what, absl::Duration deadline, std::function<absl::StatusOr<T>()> call) {
    auto result = std::make_shared<std::optional<T>>();
    absl::Status status = Run(what, deadline, [result, call = std::move(call)] {
      absl::StatusOr<T> value = call();
      if (value.ok()) *result = *std::move(value);
      return value.status();
    });
    // Past the deadline the call may write *result at any time: only an OK status makes it ours.
    if (!status.ok()) return status;
    return **std::move(result);
  }

 private:
  struct Job;
  struct State;

  const std::shared_ptr<State> state_;
};

}  // namespace brume::compute
