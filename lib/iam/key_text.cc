#include "lib/iam/key_text.h"

#include "absl/strings/escaping.h"
#include "lib/base/status_macros.h"
#include "lib/iam/secret_box.h"

namespace brume::iam {
// Of the 32 characters of AWS's key ids.
absl::StatusOr<std::string> NewKeyId(absl::string_view prefix) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  ASSIGN_OR_RETURN(const std::string bytes, RandomBytes(16));
  std::string id(prefix);
  for (const char byte : bytes) id += kAlphabet[static_cast<unsigned char>(byte) % 32];
  return id;
}

absl::StatusOr<std::string> NewSecret() {
  ASSIGN_OR_RETURN(std::string bytes, RandomBytes(30));
  std::string secret = absl::Base64Escape(bytes);
  Wipe(bytes);
  return secret;
}

}  // namespace brume::iam
