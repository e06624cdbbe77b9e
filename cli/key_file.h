// The file that create-key-pair --save writes.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/unique_fd.h"

namespace brume::cli {

// A new file that its owner alone may read. It is there before the key pair is made, so that none is made whose key
// cannot be kept; what is not filled to its end is removed.
class KeyFile {
 public:
  // InvalidArgument where it exists already or cannot be made.
  static absl::StatusOr<KeyFile> Create(const std::string& path);
  KeyFile(KeyFile&& other) noexcept;
  KeyFile& operator=(KeyFile&&) = delete;
  ~KeyFile();

  absl::Status Fill(absl::string_view key);

 private:
  KeyFile(std::string path, UniqueFd file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;  // empty = it is to stay
  UniqueFd file_;
};

}  // namespace brume::cli
