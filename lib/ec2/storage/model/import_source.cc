#include "lib/ec2/storage/model/import_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"

namespace brume {
namespace {

constexpr size_t kMaxPath = 4095;  // PATH_MAX without its final zero
constexpr size_t kMaxUrl = 4096, kMaxHost = 255;

absl::Status Wrong(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("'", absl::CHexEscape(text.substr(0, 256)), "' ", why));
}

bool IsHex(absl::string_view text, size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isxdigit(c); });
}

// Never a path: which files a caller may have read as keys is for the administrator to say.
bool IsKeyringName(absl::string_view name) {
  return !name.empty() && name.size() <= 64 && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

absl::Status CheckSignatureParts(absl::string_view fragment, const ImportExpectation& expected) {
  if (expected.signature.empty() && expected.keyring.empty()) return absl::OkStatus();
  if (!expected.signature.empty() && !expected.keyring.empty() && !expected.checksums.empty()) return absl::OkStatus();
  return Wrong(fragment, "needs signature=URL, keyring=NAME and checksums=URL together: the list is what is signed");
}

absl::Status ParseExpectation(absl::string_view fragment, ImportExpectation& expected) {
  if (fragment.empty()) return absl::OkStatus();
  for (const absl::string_view part : absl::StrSplit(fragment, '&')) {
    const std::pair<absl::string_view, absl::string_view> split = absl::StrSplit(part, absl::MaxSplits('=', 1));
    const auto& [name, value] = split;
    if (name == "sha256" && IsHex(value, 64)) {
      expected.sha256 = absl::AsciiStrToLower(value);
    } else if (name == "sha512" && IsHex(value, 128)) {
      expected.sha512 = absl::AsciiStrToLower(value);
    } else if (name == "checksums") {
      RETURN_IF_ERROR(ParseHttpUrl(value).status());
      expected.checksums = std::string(value);
    } else if (name == "signature") {
      RETURN_IF_ERROR(ParseHttpUrl(value).status());
      expected.signature = std::string(value);
    } else if (name == "keyring" && IsKeyringName(value)) {
      expected.keyring = std::string(value);
    } else {
      return Wrong(part, "behind # is none of sha256=HEX, sha512=HEX, checksums=URL, signature=URL and keyring=NAME");
    }
  }
  return CheckSignatureParts(fragment, expected);
}

absl::Status CheckPath(absl::string_view path) {
  const auto is_control = [](char c) { return absl::ascii_iscntrl(c); };
  if (!absl::StartsWith(path, "/") || path.size() > kMaxPath || std::any_of(path.begin(), path.end(), is_control)) {
    return Wrong(path, "is not the absolute path of a file on the host");
  }
  return absl::OkStatus();
}

absl::Status CheckCatalogueName(absl::string_view name) {
  const bool good = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '.';
  });
  return good ? absl::OkStatus() : Wrong(name, "is no name of the catalogue: lower-case letters, digits, - and .");
}

// Takes "HOST[:PORT]" apart.
absl::Status ParseAuthority(absl::string_view authority, HttpUrl& url) {
  absl::string_view host = authority, rest;
  if (absl::ConsumePrefix(&host, "[")) {
    const size_t end = host.find(']');
    if (end == absl::string_view::npos) return Wrong(authority, "has no whole IPv6 address");
    rest = host.substr(end + 1);
    host = host.substr(0, end);
    const bool address = !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
      return absl::ascii_isxdigit(c) || c == ':' || c == '.';
    });
    if (!address || !absl::StrContains(host, ":")) return Wrong(authority, "has no IPv6 address in its brackets");
  } else {
    rest = host.substr(std::min(host.find(':'), host.size()));
    host = host.substr(0, host.size() - rest.size());
    const bool name = !host.empty() && host.size() <= kMaxHost && std::all_of(host.begin(), host.end(), [](char c) {
      return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
    });
    if (!name || host.front() == '-' || host.front() == '.') return Wrong(authority, "names no host");
  }
  url.host = absl::AsciiStrToLower(host);
  url.port = url.tls ? "443" : "80";
  if (rest.empty()) return absl::OkStatus();
  int port = 0;
  if (!absl::ConsumePrefix(&rest, ":") || !absl::SimpleAtoi(rest, &port) || port < 1 || port > 65535) {
    return Wrong(authority, "has no port from 1 to 65535");
  }
  url.port = absl::StrCat(port);
  return absl::OkStatus();
}

}  // namespace

std::string HttpUrl::text() const {
  const bool bracketed = absl::StrContains(host, ":");
  return absl::StrCat(tls ? "https" : "http", "://", bracketed ? "[" : "", host, bracketed ? "]" : "",
                      port == (tls ? "443" : "80") ? "" : absl::StrCat(":", port), target);
}

absl::StatusOr<HttpUrl> ParseHttpUrl(absl::string_view text) {
  HttpUrl url;
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "https://")) {
    url.tls = true;
  } else if (!absl::ConsumePrefix(&rest, "http://")) {
    return Wrong(text, "is no http:// or https:// URL");
  }
  // Everything that is not ASCII is to be escaped, as is what some programs read in another way.
  const bool plain = std::all_of(rest.begin(), rest.end(), [](char c) {
    return absl::ascii_isgraph(c) && !absl::StrContains("\\\"<>^`{|}#", absl::string_view(&c, 1));
  });
  if (!plain || text.size() > kMaxUrl) return Wrong(text, "has characters that a URL must escape, or is too long");
  const size_t path = std::min(rest.find_first_of("/?"), rest.size());
  const absl::string_view authority = rest.substr(0, path);
  if (absl::StrContains(authority, "@")) return Wrong(text, "has a user name: none is sent");
  RETURN_IF_ERROR(ParseAuthority(authority, url));
  url.target = std::string(rest.substr(path));
  if (url.target.empty() || url.target[0] != '/') url.target = absl::StrCat("/", url.target);
  return url;
}

std::string FileNameOf(const HttpUrl& url) {
  const std::string path = url.target.substr(0, url.target.find('?'));
  return path.substr(path.rfind('/') + 1);
}

absl::StatusOr<ImportSource> ParseImportSource(absl::string_view text) {
  ImportSource source;
  const bool http = absl::StartsWith(text, "http://") || absl::StartsWith(text, "https://");
  absl::string_view rest = text;
  // A path may have a # of its own, so that only its last part can be an expectation.
  const size_t hash = http ? rest.find('#') : rest.rfind('#');
  const bool expects = hash != absl::string_view::npos && (http || absl::StartsWith(rest.substr(hash + 1), "sha") ||
                                                           absl::StartsWith(rest.substr(hash + 1), "checksums="));
  if (expects) {
    RETURN_IF_ERROR(ParseExpectation(rest.substr(hash + 1), source.expected));
    rest = rest.substr(0, hash);
  }
  if (http) {
    ASSIGN_OR_RETURN(const HttpUrl url, ParseHttpUrl(rest));
    source.place = ImportPlace::kHttp;
    source.location = url.text();
    return source;
  }
  if (absl::ConsumePrefix(&rest, "catalogue:")) {
    RETURN_IF_ERROR(CheckCatalogueName(rest));
    source.place = ImportPlace::kCatalogue;
    source.location = std::string(rest);
    return source;
  }
  absl::ConsumePrefix(&rest, "file://");
  if (!absl::StartsWith(rest, "/")) {
    return Wrong(text, "is no file:///PATH or /PATH of this host, and no http:// or https:// URL");
  }
  RETURN_IF_ERROR(CheckPath(rest));
  source.location = std::string(rest);
  return source;
}

}  // namespace brume
