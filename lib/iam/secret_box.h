// Encrypts secrets that are kept: AES-256-GCM under a key of 32 random bytes in a file of mode 0600.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::iam {

// Overwrites the bytes in a way no compiler leaves out.
void Wipe(std::string& secret);

// From OpenSSL's generator, fit for keys. Error: Internal when the generator does not work.
absl::StatusOr<std::string> RandomBytes(size_t count);

// Thread-safe.
class SecretBox {
 public:
  // Reads the key of `path`; makes it when it is not there and `secrets_exist` is false. Errors: FailedPrecondition
  // when it is missing although secrets were sealed with it, is readable by others, or holds no key.
  static absl::StatusOr<std::unique_ptr<SecretBox>> Open(const std::string& path, bool secrets_exist);
  ~SecretBox() { Wipe(key_); }
  SecretBox(const SecretBox&) = delete;
  SecretBox& operator=(const SecretBox&) = delete;

  // Nonce, ciphertext and tag. It opens again only for the same `purpose`: the id of what the secret belongs to.
  absl::StatusOr<std::string> Seal(absl::string_view secret, absl::string_view purpose) const;
  // Error: DataLoss when it was altered, was sealed for another purpose or with another key.
  absl::StatusOr<std::string> Unseal(absl::string_view sealed, absl::string_view purpose) const;

 private:
  explicit SecretBox(std::string key) : key_(std::move(key)) {}

  std::string key_;
};

}  // namespace brume::iam
