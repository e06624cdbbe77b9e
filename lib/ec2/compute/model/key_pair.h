// SSH key pairs.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "lib/resource/ids.h"

namespace brume {

struct KeyPair {
  KeyPairId id;
  std::string name;
  std::string type;         // "rsa" or "ed25519"
  std::string fingerprint;  // as EC2 computes it for this type and origin
  std::string public_key;   // one OpenSSH line: "ssh-ed25519 AAAA… comment"
  absl::Time created;
};

}  // namespace brume
