#include "lib/frontend/query/request_values.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"

namespace brume::frontend {
namespace {

bool HasOnly(absl::string_view text, absl::string_view allowed) {
  return text.find_first_not_of(allowed) == absl::string_view::npos;
}

// SimpleAtoi takes white space and "+" too.
template <typename Integer>
std::optional<Integer> ParseDecimal(absl::string_view text) {
  Integer value;
  if (!HasOnly(text, "-0123456789") || !absl::SimpleAtoi(text, &value)) return std::nullopt;
  return value;
}

}  // namespace

std::optional<bool> ParseBoolean(absl::string_view text) {
  if (absl::EqualsIgnoreCase(text, "true")) return true;
  if (absl::EqualsIgnoreCase(text, "false")) return false;
  return std::nullopt;
}

std::optional<int32_t> ParseInteger(absl::string_view text) { return ParseDecimal<int32_t>(text); }

std::optional<int64_t> ParseLong(absl::string_view text) { return ParseDecimal<int64_t>(text); }

std::optional<double> ParseDouble(absl::string_view text) {
  double value;
  if (!HasOnly(text, "+-.0123456789eE") || !absl::SimpleAtod(text, &value) || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> ParseTimestamp(absl::string_view text) {
  // What ParseTime takes beyond ISO 8601 ("infinite-future", white space, years of many digits) is not meant.
  const bool date = text.size() >= 10 && text[4] == '-' && text[7] == '-' && absl::ascii_isdigit(text[0]);
  if (!date || text.size() > 40 || !HasOnly(text, "0123456789-:.+TZtz")) return std::nullopt;
  for (const char* format : {"%Y-%m-%d%ET%H:%M:%E*S%Ez", "%Y-%m-%d%ET%H:%M:%E*S", "%Y-%m-%d"}) {
    absl::Time time;
    if (!absl::ParseTime(format, text, &time, nullptr)) continue;
    const std::string normal = absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", time, absl::UTCTimeZone());
    // An offset can lead out of the years of four digits.
    return normal.size() == 24 ? std::optional(normal) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string> ParseBase64(absl::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  for (const char c : text) {
    if (c != '\r' && c != '\n') packed.push_back(c);
  }
  // Base64Unescape takes other padding, less of it, and white space too.
  const size_t padding = packed.size() - std::min(packed.find('='), packed.size());
  std::string bytes;
  if (packed.size() % 4 != 0 || padding > 2 ||
      !HasOnly(packed, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") ||
      !absl::Base64Unescape(packed, &bytes)) {
    return std::nullopt;
  }
  return bytes;
}

}  // namespace brume::frontend
