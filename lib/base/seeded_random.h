// Randomness that a test can repeat.
#pragma once

#include <cstdint>
#include <random>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"
#include "lib/base/random.h"

namespace brume {

// The same sequence for the same seed; for tests only.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  uint64_t Next() override {
    MutexLock lock(mutex_);
    return engine_();
  }

 private:
  Mutex mutex_;
  std::mt19937_64 engine_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace brume
