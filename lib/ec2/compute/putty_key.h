// A private key as PuTTY keeps it.
// https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::compute {

struct PuttyKeyParts {
  absl::string_view algorithm;  // "ssh-rsa", "ssh-ed25519"
  absl::string_view comment;    // printable ASCII
  absl::string_view public_blob;
  // RSA: d, p, q and the inverse of q modulo p, each an mpint of RFC 4251. ED25519: the private key as a string, the
  // lowest byte first.
  absl::string_view private_blob;
};

// A file of version 2, which every PuTTY reads, without a passphrase. Wipe it when it was handed over. Error: Internal.
absl::StatusOr<std::string> PuttyKeyFile(const PuttyKeyParts& parts);

}  // namespace brume::compute
