// Randomness that a test can repeat.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>

#include "lib/base/random.h"

namespace brume {

// The same sequence for the same seed; for tests only.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  uint64_t Next() override {
    std::lock_guard lock(mutex_);
    return engine_();
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace brume
