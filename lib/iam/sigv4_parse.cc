#include "lib/iam/sigv4_parse.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/iam/sigv4_query.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam::sigv4 {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";
constexpr size_t kMaxHeader = 8 * 1024;
constexpr size_t kMaxToken = 16 * 1024;
constexpr size_t kMaxScopePart = 128;
constexpr int64_t kMaxPresignedSeconds = 7 * 24 * 60 * 60;

absl::Status Incomplete(absl::string_view what) { return ec2::Error("IncompleteSignature", what); }

// The value of a header that may come once only; empty when it does not come.
absl::StatusOr<absl::string_view> Header(const SignedRequest& request, absl::string_view name) {
  std::optional<absl::string_view> found;
  for (const auto& [header, value] : request.headers) {
    if (header != name) continue;
    if (found.has_value()) return Incomplete(absl::StrCat("The header ", name, " comes more than once."));
    found = value;
  }
  return found.value_or("");
}

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

bool IsNumber(absl::string_view text) { return std::all_of(text.begin(), text.end(), absl::ascii_isdigit); }

bool IsScopePart(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxScopePart &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

absl::StatusOr<Scope> ParseScope(absl::string_view credential) {
  const std::vector<absl::string_view> parts = absl::StrSplit(credential, '/');
  if (parts.size() != 5 || parts[4] != "aws4_request" ||
      !std::all_of(parts.begin(), parts.end(), [](absl::string_view part) { return IsScopePart(part); })) {
    return Incomplete(
        "Credential must have exactly 5 slash-delimited elements, "
        "e.g. keyid/date/region/service/aws4_request.");
  }
  return Scope{std::string(parts[0]), std::string(parts[1]), std::string(parts[2]), std::string(parts[3])};
}

absl::StatusOr<std::vector<std::string>> ParseSignedHeaders(absl::string_view text) {
  std::vector<std::string> names = absl::StrSplit(text, ';');
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() || (i > 0 && names[i - 1] >= names[i]) || names[i] != absl::AsciiStrToLower(names[i])) {
      return Incomplete("SignedHeaders must be lower-case names in order, each once.");
    }
  }
  return names;
}

// Apart at fixed places, since absl's %Y takes all digits there are.
bool ParseTime(absl::string_view text, absl::Time* time) {
  constexpr size_t kIsoLength = 16;  // 20150830T123600Z
  if (text.size() != kIsoLength || text[8] != 'T' || text[15] != 'Z') return false;
  const absl::string_view day = text.substr(0, 8), clock = text.substr(9, 6);
  if (!IsNumber(day) || !IsNumber(clock)) return false;
  std::string ignored;
  return absl::ParseTime("%Y-%m-%d %H:%M:%S",
                         absl::StrCat(day.substr(0, 4), "-", day.substr(4, 2), "-", day.substr(6), " ",
                                      clock.substr(0, 2), ":", clock.substr(2, 2), ":", clock.substr(4)),
                         time, &ignored);
}

bool ParseHttpDate(absl::string_view text, absl::Time* time) {
  std::string ignored;
  return absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", std::string(text), time, &ignored) || ParseTime(text, time);
}

absl::Status Fill(Signature& signature, absl::string_view credential, absl::string_view headers,
                  absl::string_view hex) {
  ASSIGN_OR_RETURN(signature.scope, ParseScope(credential));
  ASSIGN_OR_RETURN(signature.signed_headers, ParseSignedHeaders(headers));
  constexpr size_t kHexDigits = 64;
  if (hex.size() != kHexDigits || !IsHex(hex)) return Incomplete("Signature must be 64 lower-case hex digits.");
  if (signature.session_token.size() > kMaxToken) return Incomplete("The security token is too long.");
  signature.hex = std::string(hex);
  return absl::OkStatus();
}

absl::StatusOr<Signature> ParseHeader(const SignedRequest& request, absl::string_view authorization) {
  if (authorization.size() > kMaxHeader) return Incomplete("The Authorization header is too long.");
  if (!absl::ConsumePrefix(&authorization, kAlgorithm) || !absl::StartsWith(authorization, " ")) {
    return Incomplete(absl::StrCat("Authorization header must begin with ", kAlgorithm, "."));
  }
  absl::string_view credential, headers, hex;
  for (absl::string_view part : absl::StrSplit(authorization, ',')) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(absl::StripAsciiWhitespace(part), absl::MaxSplits('=', 1));
    absl::string_view* const place = field.first == "Credential"      ? &credential
                                     : field.first == "SignedHeaders" ? &headers
                                     : field.first == "Signature"     ? &hex
                                                                      : nullptr;
    if (place == nullptr || !place->empty()) return Incomplete("Authorization header has a part too many.");
    *place = field.second;
  }
  std::string missing;
  for (const auto& [name, value] :
       {std::pair("Credential", credential), std::pair("Signature", hex), std::pair("SignedHeaders", headers)}) {
    if (value.empty()) absl::StrAppend(&missing, "Authorization header requires '", name, "' parameter. ");
  }
  if (!missing.empty()) return Incomplete(absl::StripAsciiWhitespace(missing));
  Signature signature;
  ASSIGN_OR_RETURN(const absl::string_view token, Header(request, "x-amz-security-token"));
  signature.session_token = std::string(token);
  RETURN_IF_ERROR(Fill(signature, credential, headers, hex));
  ASSIGN_OR_RETURN(const absl::string_view amz_date, Header(request, "x-amz-date"));
  ASSIGN_OR_RETURN(const absl::string_view date, Header(request, "date"));
  if (amz_date.empty() && date.empty()) {
    return Incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  }
  if (amz_date.empty() ? !ParseHttpDate(date, &signature.time) : !ParseTime(amz_date, &signature.time)) {
    return Incomplete("Date must be in ISO-8601 'basic format'.");
  }
  return signature;
}

absl::StatusOr<Signature> ParseQuery(const QueryFields& query) {
  Signature signature;
  std::string algorithm, credential, date, expires, headers, hex;
  const std::pair<absl::string_view, std::string*> places[] = {{"X-Amz-Algorithm", &algorithm},
                                                               {"X-Amz-Credential", &credential},
                                                               {"X-Amz-Date", &date},
                                                               {"X-Amz-Expires", &expires},
                                                               {"X-Amz-SignedHeaders", &headers},
                                                               {"X-Amz-Signature", &hex},
                                                               {"X-Amz-Security-Token", &signature.session_token}};
  for (const auto& [name, place] : places) {
    for (const auto& [field, value] : query) {
      if (field != name) continue;
      if (!place->empty()) return Incomplete(absl::StrCat("The parameter ", name, " comes more than once."));
      *place = value;
    }
    if (place->empty() && name != "X-Amz-Security-Token") {
      return Incomplete(absl::StrCat("AWS query-string parameters must include '", name, "'."));
    }
  }
  if (algorithm != kAlgorithm) return Incomplete(absl::StrCat("X-Amz-Algorithm must be ", kAlgorithm, "."));
  RETURN_IF_ERROR(Fill(signature, credential, headers, hex));
  if (!ParseTime(date, &signature.time)) return Incomplete("X-Amz-Date must be in ISO-8601 'basic format'.");
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(expires, &seconds) || seconds < 1 || seconds > kMaxPresignedSeconds) {
    return ec2::Error("AuthorizationQueryParametersError", "X-Amz-Expires must be a number from 1 to 604800.");
  }
  signature.valid_for = absl::Seconds(seconds);
  return signature;
}

}  // namespace

absl::StatusOr<Signature> Parse(const SignedRequest& request) {
  ASSIGN_OR_RETURN(const absl::string_view authorization, Header(request, "authorization"));
  const QueryFields query = QueryOf(request.target);
  const bool presigned = std::any_of(query.begin(), query.end(), [](const auto& field) {
    return field.first == "X-Amz-Signature" || field.first == "X-Amz-Algorithm";
  });
  if (authorization.empty() && !presigned) {
    return ec2::Error("MissingAuthenticationToken", "Request is missing Authentication Token");
  }
  if (!authorization.empty() && presigned) {
    return Incomplete("A request is signed in its header or in its query, not in both.");
  }
  return presigned ? ParseQuery(query) : ParseHeader(request, authorization);
}

}  // namespace brume::iam::sigv4
