// Copies of files whose content is known afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace brume::storage {

// Told how many bytes more are done; what it returns ends the work when it is an error.
using OnBytes = std::function<absl::Status(int64_t bytes)>;

// Copies the first `size` bytes of `from` to the same place in `to`, an empty file, with holes where there are some; to
// nowhere when `to` is -1. Returns their SHA-256 in hexadecimal. DataLoss when `from` is shorter.
absl::StatusOr<std::string> CopyHashed(int from, int to, int64_t size, const OnBytes& on_bytes);

}  // namespace brume::storage
