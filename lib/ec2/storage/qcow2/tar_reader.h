// What a tar archive holds and where, without unpacking it. Reads ustar, GNU's long names and the path and size of pax.
// Format: POSIX.1-2017, pax, "ustar Interchange Format".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace brume::storage {

struct TarMember {
  std::string name;
  bool is_file = false;  // a regular file; else a directory, a link, a device or what not
  uint64_t offset = 0;   // of its content in the archive, all of which is there
  uint64_t size = 0;
};

inline constexpr size_t kMaxTarMembers = 1000;

// In their order. InvalidArgument for what is no whole tar, or has more than kMaxTarMembers.
absl::StatusOr<std::vector<TarMember>> ReadTar(int file, uint64_t file_size);

}  // namespace brume::storage
