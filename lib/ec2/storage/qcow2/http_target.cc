#include "lib/ec2/storage/qcow2/http_target.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"

namespace brume::storage {
namespace {

struct Block {
  uint32_t address;
  int bits;
};
// IANA's registry of special-purpose IPv4 addresses, those that are not globally reachable, and multicast.
constexpr Block kSpecial[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
                              {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16},
                              {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4}};

bool IsGlobal4(uint32_t address) {
  return std::none_of(std::begin(kSpecial), std::end(kSpecial),
                      [&](const Block& block) { return (address ^ block.address) >> (32 - block.bits) == 0; });
}

// 2000::/3 without Teredo, documentation and 6to4, which carry IPv4 addresses or nothing.
bool IsGlobal6(const in6_addr& address) {
  const uint8_t* const bytes = address.s6_addr;
  if (bytes[0] >> 5 != 1) return false;
  const uint32_t first = uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
  return first != 0x20010000 && first != 0x20010db8 && first >> 16 != 0x2002 && first >> 20 != 0x3ff;
}

}  // namespace

bool IsGlobalAddress(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in four;
    memcpy(&four, &address, sizeof four);
    return IsGlobal4(ntohl(four.sin_addr.s_addr));
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 six;
  memcpy(&six, &address, sizeof six);
  return IsGlobal6(six.sin6_addr);
}

absl::StatusOr<std::vector<std::string>> ResolveTarget(const HttpUrl& url,
                                                       const std::vector<std::string>& private_urls) {
  const std::string text = url.text();
  const bool any = std::any_of(private_urls.begin(), private_urls.end(),
                               [&](const std::string& beginning) { return absl::StartsWith(text, beginning); });
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &list);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> holder(error == 0 ? list : nullptr, [](addrinfo* each) {
    if (each != nullptr) freeaddrinfo(each);
  });
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat("the host ", url.host, " is not found: ", gai_strerror(error)));
  }
  std::vector<std::string> addresses;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    char numeric[INET6_ADDRSTRLEN] = {};
    if (getnameinfo(each->ai_addr, each->ai_addrlen, numeric, sizeof numeric, nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    // One that is not global is enough: nobody says which of them is asked.
    if (!any && !IsGlobalAddress(*each->ai_addr)) {
      return absl::PermissionDeniedError(absl::StrCat("the host ", url.host, " has the address ", numeric,
                                                      ", which is not on the Internet: an administrator permits what ",
                                                      "may be imported from there by storage.import_urls"));
    }
    addresses.push_back(numeric);
  }
  if (addresses.empty()) return absl::UnavailableError(absl::StrCat("the host ", url.host, " has no address"));
  return addresses;
}

absl::StatusOr<HttpUrl> FollowLocation(const HttpUrl& base, const std::string& location, bool needs_tls) {
  const std::string whole = location.substr(0, location.find('#'));
  HttpUrl next = base;
  if (absl::StartsWith(whole, "//")) {
    ASSIGN_OR_RETURN(next, ParseHttpUrl(absl::StrCat(base.tls ? "https:" : "http:", whole)));
  } else if (absl::StartsWith(whole, "/")) {
    next.target = "/";
    std::string host = next.text();
    host.pop_back();
    ASSIGN_OR_RETURN(next, ParseHttpUrl(absl::StrCat(host, whole)));
  } else {
    const absl::StatusOr<HttpUrl> parsed = ParseHttpUrl(whole);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the server sends us to what is no http or https URL: ", parsed.status().message()));
    }
    next = *parsed;
  }
  if (needs_tls && base.tls && !next.tls) {
    return absl::InvalidArgumentError(absl::StrCat("the server sends us from https to ", next.text(),
                                                   ": that is followed only where a checksum is expected"));
  }
  return next;
}

}  // namespace brume::storage
