#include "lib/base/redact.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace brume {
namespace {

// Where the next "http://" or "https://" has its end, in any case; npos when there is none.
size_t FindAuthority(absl::string_view text) {
  for (size_t at = text.find("://"); at != absl::string_view::npos; at = text.find("://", at + 1)) {
    const absl::string_view before = text.substr(0, at);
    if (absl::EndsWithIgnoreCase(before, "http") || absl::EndsWithIgnoreCase(before, "https")) return at + 3;
  }
  return absl::string_view::npos;
}

bool EndsUrl(char c) { return absl::ascii_isspace(c) || c == '"' || c == '\'' || c == '<' || c == '>' || c == '\\'; }

}  // namespace

std::string RedactUrls(absl::string_view text) {
  std::string redacted;
  for (size_t start; (start = FindAuthority(text)) != absl::string_view::npos;) {
    redacted.append(text.data(), start);
    text.remove_prefix(start);
    const absl::string_view url = text.substr(0, std::find_if(text.begin(), text.end(), EndsUrl) - text.begin());
    absl::string_view authority = url.substr(0, url.find_first_of("/?#"));
    text.remove_prefix(url.size());
    const bool has_more = authority.size() < url.size();
    if (const size_t user = authority.rfind('@'); user != absl::string_view::npos) authority.remove_prefix(user + 1);
    redacted.append(authority.data(), authority.size());
    if (has_more) redacted += "/…";
  }
  redacted.append(text.data(), text.size());
  return redacted;
}

}  // namespace brume
