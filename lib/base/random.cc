#include "lib/base/random.h"

#include <sys/random.h>

#include <cstdlib>

namespace brume {

std::string Random::Hex(int digits) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(digits);
  uint64_t bits = 0;
  for (int i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = Next();
    text.push_back(kDigits[bits & 15]);
    bits >>= 4;
  }
  return text;
}

uint64_t SystemRandom::Next() {
  uint64_t value = 0;
  // getrandom(2): reads of up to 256 bytes are never short once the pool is initialised.
  while (getrandom(&value, sizeof value, 0) != sizeof value) {
  }
  return value;
}

}  // namespace brume
