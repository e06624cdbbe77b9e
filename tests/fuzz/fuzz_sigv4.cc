// A request's claim of who signed it, through the whole of Signature Version 4: the target, header lines and, after an
// empty line, the body. The canonical request does not see X-Amz-Signature, whatever it is made of.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/iam/sigv4.h"
#include "lib/iam/sigv4_parse.h"

namespace brume::iam {
namespace {

void Run(absl::string_view input) {
  const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(input, absl::MaxSplits("\n\n", 1));
  const std::vector<absl::string_view> lines = absl::StrSplit(halves.first, '\n');
  SignedRequest request{.method = "POST", .target = lines[0], .headers = {}, .body = halves.second};
  request.headers.emplace_back("host", "h");
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> field = absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    request.headers.emplace_back(absl::AsciiStrToLower(field.first), absl::StripAsciiWhitespace(field.second));
  }
  absl::StatusOr<sigv4::Signature> signature = sigv4::Parse(request);
  if (signature.ok()) {
    if (signature->hex.size() != 64 || signature->signed_headers.empty()) abort();
    // The input chooses what the time is no less than the rest.
    sigv4::CheckTime(*signature, signature->time + absl::Seconds(input.size())).IgnoreError();
  } else {
    signature = sigv4::Signature{.scope = {"key", "20150830", "region", "ec2"},
                                 .signed_headers = {"host"},
                                 .hex = "",
                                 .session_token = "",
                                 .time = absl::UnixEpoch(),
                                 .valid_for = absl::ZeroDuration()};
  }
  const absl::StatusOr<std::string> canonical = sigv4::CanonicalRequest(request, *signature);
  if (!canonical.ok()) return;
  const std::string key = sigv4::SigningKey("secret", signature->scope);
  if (sigv4::Sign(key, sigv4::StringToSign(*signature, *canonical)).size() != 64) abort();
  const std::string with_signature =
      absl::StrCat(lines[0], absl::StrContains(lines[0], "?") ? "&" : "?", "X-Amz-Signature=0");
  request.target = with_signature;
  const absl::StatusOr<std::string> again = sigv4::CanonicalRequest(request, *signature);
  if (!again.ok() || *again != *canonical) abort();
}

}  // namespace
}  // namespace brume::iam

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  brume::iam::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
