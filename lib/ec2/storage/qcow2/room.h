// How much of a file system what comes from elsewhere may take.
#pragma once

#include <csignal>
#include <cstdint>

namespace brume::storage {

// Left free, so that the database and the guests can go on writing.
inline constexpr int64_t kReserveBytes = int64_t{64} << 20;

// How a program ends, by its exit code, whose file came to be larger than its limit.
inline constexpr int kTooLarge = 128 + SIGXFSZ;

}  // namespace brume::storage
