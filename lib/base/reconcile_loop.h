// The engine under every reconciler: keys to look at, a few threads that look, backoff for what fails.
//
// Level-triggered: a Wake says "look at this key", never what to do. Wakes of a key that already waits are one; a key
// is handled by one thread at a time; a Wake that arrives while it is handled makes one more look.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace brume {

struct ReconcileOptions {
  std::string name;  // in the log
  int threads = 4;
  // Wait after the n-th failure in a row of one key: first * 2^(n-1), at most `longest`.
  absl::Duration first_backoff = absl::Milliseconds(100);
  absl::Duration longest_backoff = absl::Seconds(10);
};

class ReconcileLoop {
 public:
  // Looks at a key once and takes what steps it can. Returns when to look again (absl::InfiniteDuration() = when
  // woken), or an error: it is logged and the key is looked at again after its backoff.
  using Look = std::function<absl::StatusOr<absl::Duration>(const std::string& key)>;

  ReconcileLoop(ReconcileOptions options, Look look);
  // Stops; waits for looks under way.
  ~ReconcileLoop();

  // Threads begin to look; wakes before it are kept.
  void Start();
  // No new look begins after this returns, and none is under way. Idempotent.
  void Stop();

  void Wake(absl::string_view key) { WakeAfter(key, absl::ZeroDuration()); }
  void WakeAfter(absl::string_view key, absl::Duration delay);

 private:
  using Instant = std::chrono::steady_clock::time_point;
  struct Entry {
    std::optional<Instant> due;  // waits in queue_ at this time
    bool running = false;
    std::optional<Instant> due_after_run;
    int failures = 0;
  };

  void Run();
  void Queue(const std::string& key, Entry& entry, Instant due);

  const ReconcileOptions options_;
  const Look look_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  absl::flat_hash_map<std::string, Entry> entries_;
  std::set<std::pair<Instant, std::string>> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace brume
