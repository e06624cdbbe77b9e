// After a reboot of the host: which of the instances that ran before it may boot now.
//
// They boot in the order in which they were launched, a few at a time, as a guest that boots takes all it can get of
// processors and disks. An instance has its turn from the beginning of its launch until `boot_time` after it runs, or
// until it gives its turn up. Thread-safe.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/resource/ids.h"

namespace brume::compute {

class RestartTurns {
 public:
  struct Limits {
    int parallel = 1;  // turns at a time
    absl::Duration boot_time;
  };
  // `clock` outlives it.
  RestartTurns(Limits limits, const Clock& clock);

  // These wait, in this order; nobody does where all may boot at once.
  void Fill(std::vector<InstanceId> waiting);

  enum class Turn { kNotNeeded, kTaken, kWaits };
  struct Answer {
    Turn turn = Turn::kNotNeeded;
    absl::Duration wait = absl::InfiniteDuration();  // kWaits: when to ask again; infinite: when it is in Front
  };
  // kTaken once; an instance that has its turn, or that never waited, needs none.
  Answer Take(const InstanceId& id);
  // It runs since now.
  void Started(const InstanceId& id);
  // It does not wait, and gives up the turn in which it was to boot; false when it had neither.
  bool Leave(const InstanceId& id);
  // Those that may be next.
  std::vector<InstanceId> Front() const;

 private:
  // When turns of guests that run already end, and InfiniteFuture for those that do not run yet.
  void EndTurns() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Limits limits_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::vector<InstanceId> waiting_ ABSL_GUARDED_BY(mutex_);
  std::map<InstanceId, absl::Time> turns_ ABSL_GUARDED_BY(mutex_);  // until when
};

}  // namespace brume::compute
