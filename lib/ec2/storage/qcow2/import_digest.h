// Checksums of what was fetched.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::storage {

enum class Digest { kSha256, kSha512 };

// Of the file's whole content, in hex. `goes_on` is asked now and then; Cancelled when it answers no.
absl::StatusOr<std::string> DigestOf(int file, Digest digest, const std::function<bool()>& goes_on);

// What a list of checksums says of the file `name`: lines "HEX  NAME", "HEX *NAME" (sha256sum) or "SHA256 (NAME) = HEX"
// (BSD), or one digest alone. The algorithm follows from the line. Pure. InvalidArgument when the list does not name
// it, or twice otherwise.
struct ListedDigest {
  Digest digest = Digest::kSha256;
  std::string hex;
};
absl::StatusOr<ListedDigest> FindDigest(absl::string_view list, absl::string_view name);

}  // namespace brume::storage
