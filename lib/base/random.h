// Randomness as a dependency: ids and addresses come from here, so a test can repeat a run.
#pragma once

#include <cstdint>
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

}  // namespace brume
