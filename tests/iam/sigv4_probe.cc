// Reads requests and says of each whether its signature is right: for signers that are not ours.
//
// A request is six lines: secret, time (seconds since 1970), method, target, headers and body; the last two base64,
// headers as "name:value" lines. The answer is a line: "yes", or the code of the refusal.
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/iam/sigv4.h"
#include "lib/iam/sigv4_parse.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

absl::Status Check(const SignedRequest& request, const std::string& secret, absl::Time now) {
  ASSIGN_OR_RETURN(const sigv4::Signature signature, sigv4::Parse(request));
  RETURN_IF_ERROR(sigv4::CheckTime(signature, now));
  ASSIGN_OR_RETURN(const std::string canonical, sigv4::CanonicalRequest(request, signature));
  const std::string hex =
      sigv4::Sign(sigv4::SigningKey(secret, signature.scope), sigv4::StringToSign(signature, canonical));
  return sigv4::Equal(hex, signature.hex) ? absl::OkStatus() : sigv4::Mismatch(signature.scope.service);
}

int Run() {
  std::string secret, time, method, target, headers, body;
  while (std::getline(std::cin, secret) && std::getline(std::cin, time) && std::getline(std::cin, method) &&
         std::getline(std::cin, target) && std::getline(std::cin, headers) && std::getline(std::cin, body)) {
    std::string head, content;
    int64_t seconds = 0;
    if (!absl::Base64Unescape(headers, &head) || !absl::Base64Unescape(body, &content) ||
        !absl::SimpleAtoi(time, &seconds)) {
      std::cerr << "a request that is none\n";
      return 1;
    }
    SignedRequest request{.method = method, .target = target, .headers = {}, .body = content};
    for (absl::string_view line : absl::StrSplit(head, '\n', absl::SkipEmpty())) {
      const std::pair<absl::string_view, absl::string_view> field = absl::StrSplit(line, absl::MaxSplits(':', 1));
      request.headers.emplace_back(absl::AsciiStrToLower(field.first), absl::StripAsciiWhitespace(field.second));
    }
    const absl::Status right = Check(request, secret, absl::FromUnixSeconds(seconds));
    std::cout << (right.ok() ? "yes" : ec2::ErrorCode(right)) << "\n" << std::flush;
  }
  return 0;
}

}  // namespace
}  // namespace brume::iam

int main() { return brume::iam::Run(); }
