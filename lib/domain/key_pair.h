// SSH key pairs and tags.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "lib/domain/ids.h"

namespace brume {

struct KeyPair {
  KeyPairId id;
  std::string name;
  std::string type;         // "rsa" or "ed25519"
  std::string fingerprint;  // as EC2 computes it for this type and origin
  std::string public_key;   // one OpenSSH line: "ssh-ed25519 AAAA… comment"
  absl::Time created;
};

struct Tag {
  std::string resource_id;
  std::string key;
  std::string value;
};

// EC2's ResourceType for an id's prefix: "instance" for i-…; empty when the prefix is unknown.
std::string ResourceTypeOf(absl::string_view resource_id);

// EC2's tag rules: key 1..127 characters, value 0..255, no "aws:" prefix, at most 50 a resource (checked by the
// caller). Errors: InvalidParameterValue.
absl::Status CheckTag(absl::string_view key, absl::string_view value);
inline constexpr int kMostTagsPerResource = 50;

}  // namespace brume
