// Session tokens of the metadata service's version 2. Pure.
//
// A token is stateless: its expiry and a MAC over that expiry and what it is for. It opens the metadata of one start of
// one instance, and nothing else; there is no list of tokens to fill up.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/ec2/compute/model/instance.h"

namespace brume::imds {

// A secret of this installation: 32 random bytes or more. Never logged.
struct TokenKey {
  std::string bytes;
};

inline constexpr int kMinTokenTtlSeconds = 1;
inline constexpr int kMaxTokenTtlSeconds = 21600;

// Printable, without characters that need escaping in a header.
std::string MakeToken(const TokenKey& key, const Instance& instance, absl::Time expiry);

// True for a token that MakeToken made with this key for this start of this instance and whose expiry lies ahead. The
// time it takes does not depend on how much of a wrong token is right.
bool IsValidToken(const TokenKey& key, const Instance& instance, absl::string_view token, absl::Time now);

}  // namespace brume::imds
