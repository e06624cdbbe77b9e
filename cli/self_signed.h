// A certificate for an HTTPS server that nobody vouches for but itself.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace brume::cli {

struct SelfSigned {
  std::string certificate;  // PEM
  std::string key;          // PEM, PKCS #8, not encrypted
  absl::Time not_after;
};

// Whether a certificate can be for it: a DNS name, "*." before it or not, or an IPv4 or IPv6 address.
bool IsServerName(absl::string_view name);

// A new ECDSA key on P-256 and its certificate (X.509 v3, RFC 5280) for `names`, good for TLS servers alone, from an
// hour before `now` until ten years after it. It is no authority: who trusts it trusts this one server. Errors:
// InvalidArgument for what is not the name of a server; Internal when OpenSSL fails.
absl::StatusOr<SelfSigned> MakeSelfSigned(const std::vector<std::string>& names, absl::Time now);

}  // namespace brume::cli
