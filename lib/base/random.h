// Randomness as a dependency: ids and addresses come from here, so a test can repeat a run.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <string>

namespace brume {

// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  // Uniform over all 64-bit values.
  virtual uint64_t Next() = 0;

  // `digits` lower-case hex digits.
  std::string Hex(int digits);
  // Uniform in [0, bound); bound > 0.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
};

// The operating system's generator (getrandom(2)); safe for secrets.
class SystemRandom final : public Random {
 public:
  uint64_t Next() override;
};

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
