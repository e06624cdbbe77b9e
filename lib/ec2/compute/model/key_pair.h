// SSH key pairs.
#pragma once

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "lib/base/enum_names.h"
#include "lib/resource/ids.h"

namespace brume {

enum class SshKeyType { kRsa, kEd25519 };
inline constexpr EnumNames kSshKeyTypeNames({std::pair{SshKeyType::kRsa, "rsa"}, {SshKeyType::kEd25519, "ed25519"}});
constexpr const auto& NamesOf(SshKeyType) { return kSshKeyTypeNames; }

struct KeyPair {
  KeyPairId id;
  std::string name;
  SshKeyType type = SshKeyType::kRsa;
  std::string fingerprint;  // as EC2 computes it for this type and origin
  std::string public_key;   // one OpenSSH line: "ssh-ed25519 AAAA… comment"
  absl::Time created;
};

}  // namespace brume
