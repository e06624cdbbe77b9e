// Writes a tar archive of plain files, one behind the other. Format: POSIX.1-2017, pax, "ustar Interchange Format",
// with GNU's 256-ary sizes where octal digits do not do.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume::storage {

class TarWriter {
 public:
  // `file` outlives it and is written from its start.
  explicit TarWriter(int file) : file_(file) {}

  // `name` has at most 100 bytes. `goes_on` is asked now and then; when it answers no, that ends with Cancelled.
  absl::Status Add(const std::string& name, absl::string_view content);
  absl::Status Add(const std::string& name, int file, uint64_t size, const std::function<bool(uint64_t)>& goes_on);
  // The archive is whole afterwards.
  absl::Status Finish();

  uint64_t written() const { return offset_; }

 private:
  absl::Status AddHeader(const std::string& name, uint64_t size);
  absl::Status Pad();

  const int file_;
  uint64_t offset_ = 0;
};

}  // namespace brume::storage
