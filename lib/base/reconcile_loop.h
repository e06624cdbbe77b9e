// The engine under every reconciler: keys to reconcile, a few threads that do, backoff for what fails.
//
//   using Key = std::variant<Sweep, VpcId>;
//   ReconcileLoop<Key> loop_({.name = "network"}, [this](const Key& key) { return Reconcile(key); });
//   loop_.Start();
//   loop_.Wake(vpc.id);
//
// Level-triggered: a Wake says "observe this key", never what to do. Wakes of a key that already waits are one; a key
// is reconciled by one thread at a time; a Wake that arrives meanwhile makes it reconciled once more.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/mutex.h"

namespace brume {

struct ReconcileOptions {
  std::string name;  // in the log
  int threads = 4;
  // Wait after the n-th failure in a row of one key: first_backoff * 2^(n-1), up to max_backoff.
  absl::Duration first_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(10);
};

// The key of what finds the others that need work.
struct Sweep {
  std::string text() const { return "sweep"; }
  friend bool operator<(Sweep, Sweep) { return false; }
};

// How a key is named in the log.
inline const std::string& KeyText(const std::string& key) { return key; }
template <typename Key>
auto KeyText(const Key& key) -> decltype(key.text()) {
  return key.text();
}
template <typename... Keys>
std::string KeyText(const std::variant<Keys...>& key) {
  return std::visit([](const auto& each) -> std::string { return KeyText(each); }, key);
}

// ReconcileLoop without its keys' type. Thread-safe.
class ReconcileEngine {
 public:
  struct KeyTraits {
    bool (*less)(const void* a, const void* b);
    std::string (*text)(const void* key);
    std::shared_ptr<const void> (*copy)(const void* key);
  };
  using Reconcile = std::function<absl::StatusOr<absl::Duration>(const void* key)>;

  ReconcileEngine(ReconcileOptions options, KeyTraits traits, Reconcile reconcile);
  ~ReconcileEngine();
  ReconcileEngine(const ReconcileEngine&) = delete;
  ReconcileEngine& operator=(const ReconcileEngine&) = delete;

  void Start() ABSL_LOCKS_EXCLUDED(mutex_);
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);
  void WakeAfter(const void* key, absl::Duration delay) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Instant = std::chrono::steady_clock::time_point;
  struct Less {
    using is_transparent = void;
    bool (*less)(const void* a, const void* b);
    static const void* Raw(const void* key) { return key; }
    static const void* Raw(const std::shared_ptr<const void>& key) { return key.get(); }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return less(Raw(a), Raw(b));
    }
  };
  struct Entry {
    std::optional<Instant> due;  // waits in queue_ at this time
    bool running = false;
    std::optional<Instant> due_after_run;
    int failures = 0;
  };
  using Entries = std::map<std::shared_ptr<const void>, Entry, Less>;
  using Node = Entries::value_type;

  void Run() ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits for a key to become due and takes it. Null when the loop is stopped.
  Node* Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Settle(Node& node, const absl::StatusOr<absl::Duration>& again) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Keeps the earlier of two due times.
  void Queue(Node& node, Instant due) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ReconcileOptions options_;
  const KeyTraits traits_;
  const Reconcile reconcile_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  std::set<std::pair<Instant, Node*>> queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

// Key: a value with operator< and a KeyText. Thread-safe.
template <typename Key>
class ReconcileLoop {
 public:
  // Reconciles a key: observes it once and takes what steps it can. Returns when to do so again
  // (absl::InfiniteDuration() = when woken), or an error: it is logged and the key's turn comes again after its
  // backoff.
  using Reconcile = std::function<absl::StatusOr<absl::Duration>(const Key& key)>;

  // Its destructor stops it.
  ReconcileLoop(ReconcileOptions options, Reconcile reconcile)
      : engine_(std::move(options), kTraits,
                [reconcile = std::move(reconcile)](const void* key) { return reconcile(Typed(key)); }) {}

  // Threads begin to reconcile; wakes before it are kept.
  void Start() { engine_.Start(); }
  // Waits for what is under way; nothing begins after it. Idempotent.
  void Stop() { engine_.Stop(); }

  void Wake(const Key& key) { WakeAfter(key, absl::ZeroDuration()); }
  void WakeAfter(const Key& key, absl::Duration delay) { engine_.WakeAfter(&key, delay); }

 private:
  static const Key& Typed(const void* key) { return *static_cast<const Key*>(key); }
  static constexpr ReconcileEngine::KeyTraits kTraits{
      .less = [](const void* a, const void* b) { return Typed(a) < Typed(b); },
      .text = [](const void* key) -> std::string { return KeyText(Typed(key)); },
      .copy = [](const void* key) -> std::shared_ptr<const void> { return std::make_shared<const Key>(Typed(key)); }};

  ReconcileEngine engine_;
};

}  // namespace brume
