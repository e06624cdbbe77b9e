#include "lib/imds/answer.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace brume::imds {
namespace {

constexpr char kTokenTtlHeader[] = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr size_t kMaxTargetBytes = 2048;

absl::string_view Reason(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Internal Server Error";
  }
}

std::vector<std::string> HeaderValues(const MetadataRequest& request, absl::string_view name) {
  std::vector<std::string> values;
  for (const auto& [candidate, value] : request.headers) {
    if (absl::EqualsIgnoreCase(candidate, name)) values.push_back(value);
  }
  return values;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// None when it is no valid encoding, or of a byte no name has.
std::optional<std::string> DecodePercent(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexValue(text[i + 1]), low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<unsigned char>(high << 4 | low);
      i += 2;
    }
    if (absl::ascii_iscntrl(c)) return std::nullopt;
    decoded.push_back(static_cast<char>(c));
  }
  return decoded;
}

// The segments of a target's path; none when it is malformed. Split first and decoded afterwards, so an encoded '/' is
// part of a name; "." and ".." are names like others, and nothing is called so. Several slashes are one, as at EC2,
// whose own ec2-metadata asks for latest//meta-data/reservation-id.
std::optional<std::vector<std::string>> ParsePath(absl::string_view target) {
  if (absl::StartsWithIgnoreCase(target, "http://")) {  // absolute-form, which every server must understand
    target.remove_prefix(7);
    const size_t slash = target.find('/');
    target = slash == absl::string_view::npos ? "/" : target.substr(slash);
  }
  if (!absl::StartsWith(target, "/")) return std::nullopt;
  target = target.substr(1, target.find('?') == absl::string_view::npos ? target.npos : target.find('?') - 1);
  std::vector<std::string> path;
  for (absl::string_view segment : absl::StrSplit(target, '/', absl::SkipEmpty())) {
    std::optional<std::string> name = DecodePercent(segment);
    if (!name.has_value()) return std::nullopt;
    path.push_back(*std::move(name));
  }
  return path;
}

// None unless it is 1 to 5 digits in the bounds.
std::optional<int> ParseTtl(const std::string& text) {
  int ttl = 0;
  if (text.empty() || text.size() > 5 ||
      !std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); }) ||
      !absl::SimpleAtoi(text, &ttl) || ttl < kMinTokenTtlSeconds || ttl > kMaxTokenTtlSeconds) {
    return std::nullopt;
  }
  return ttl;
}

MetadataResponse NotAllowed(const char* allowed) {
  MetadataResponse response = ErrorResponse(405);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

bool IsTokenPath(const std::vector<std::string>& path) {
  return path == std::vector<std::string>{"latest", "api", "token"};
}

MetadataResponse AnswerTokenRequest(const MetadataRequest& request, const Instance& instance, const TokenKey& key,
                                    absl::Time now) {
  // A request that came through a proxy may be one the proxy was talked into.
  if (!HeaderValues(request, "X-Forwarded-For").empty()) return ErrorResponse(403);
  const std::vector<std::string> ttls = HeaderValues(request, kTokenTtlHeader);
  const std::optional<int> ttl = ttls.size() == 1 ? ParseTtl(ttls[0]) : std::nullopt;
  if (!ttl.has_value()) return ErrorResponse(400);
  MetadataResponse response;
  response.body = MakeToken(key, instance, now + absl::Seconds(*ttl));
  response.headers.emplace_back(kTokenTtlHeader, absl::StrCat(*ttl));
  response.hop_limit = instance.metadata_options.hop_limit;
  return response;
}

}  // namespace

MetadataResponse AnswerRequest(const MetadataRequest& request, const MetadataSource* source, const TokenKey& key,
                               absl::Time now) {
  if (source == nullptr) return ErrorResponse(404);
  const Instance& instance = source->view.instance;
  if (instance.metadata_options.endpoint == MetadataState::kDisabled) return ErrorResponse(403);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads && request.method != "PUT") return NotAllowed("GET, HEAD, PUT");
  if (request.target.size() > kMaxTargetBytes) return ErrorResponse(414);
  const std::optional<std::vector<std::string>> path = ParsePath(request.target);
  if (!path.has_value()) return ErrorResponse(400);
  if (IsTokenPath(*path)) {
    return reads ? NotAllowed("PUT") : AnswerTokenRequest(request, instance, key, now);
  }
  if (!reads) return NotAllowed("GET, HEAD");

  const std::vector<std::string> tokens = HeaderValues(request, kTokenHeader);
  const bool authenticated = tokens.size() == 1 && IsValidToken(key, instance, tokens[0], now);
  if (!authenticated && (!tokens.empty() || instance.metadata_options.tokens == HttpTokens::kRequired))
    return ErrorResponse(401);

  absl::StatusOr<Document> document = FindDocument(*source, *path);
  if (!document.ok()) return ErrorResponse(404);
  MetadataResponse response;
  response.content_type = std::move(document->content_type);
  response.body = std::move(document->body);
  return response;
}

MetadataResponse ErrorResponse(int status) {
  MetadataResponse response;
  response.status = status;
  response.content_type = "text/html";
  const std::string title = absl::StrCat(status, " ", Reason(status));
  response.body = absl::StrCat("<!doctype html>\n<title>", title, "</title>\n<h1>", title, "</h1>\n");
  return response;
}

}  // namespace brume::imds
