#include "lib/imds/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace brume::imds {
namespace {

// The token before base64: a byte that names this format, the expiry in milliseconds since 1970 (8 bytes, big-endian),
// and the MAC.
constexpr char kFormat = 1;
constexpr size_t kExpiryBytes = 8;
constexpr size_t kMacBytes = 32;
constexpr size_t kHeadBytes = 1 + kExpiryBytes;
constexpr size_t kTokenBytes = kHeadBytes + kMacBytes;

std::string Head(int64_t expiry_ms) {
  std::string head(1, kFormat);
  for (int shift = 56; shift >= 0; shift -= 8)
    head.push_back(static_cast<char>(static_cast<uint64_t>(expiry_ms) >> shift));
  return head;
}

int64_t ExpiryMs(absl::string_view head) {
  uint64_t value = 0;
  for (const char c : head.substr(1, kExpiryBytes)) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<int64_t>(value);
}

// Empty when OpenSSL fails, which no token equals.
std::string Mac(const TokenKey& key, const Instance& instance, absl::string_view head) {
  // The head has a fixed length and the id holds no NUL, so no two inputs run together to the same bytes.
  const std::string text =
      absl::StrCat(head, instance.id.text(), std::string(1, '\0'), absl::ToUnixMillis(instance.launch_time));
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.bytes.data(), static_cast<int>(key.bytes.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size) == nullptr) {
    return "";
  }
  return std::string(reinterpret_cast<const char*>(mac), size);
}

}  // namespace

std::string MakeToken(const TokenKey& key, const Instance& instance, absl::Time expiry) {
  const std::string head = Head(absl::ToUnixMillis(expiry));
  return absl::WebSafeBase64Escape(absl::StrCat(head, Mac(key, instance, head)));
}

bool IsValidToken(const TokenKey& key, const Instance& instance, absl::string_view token, absl::Time now) {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(token, &bytes) || bytes.size() != kTokenBytes || bytes[0] != kFormat) return false;
  const absl::string_view head = absl::string_view(bytes).substr(0, kHeadBytes);
  const std::string mac = Mac(key, instance, head);
  if (mac.size() != kMacBytes || CRYPTO_memcmp(mac.data(), bytes.data() + kHeadBytes, kMacBytes) != 0) return false;
  return now < absl::FromUnixMillis(ExpiryMs(head));
}

}  // namespace brume::imds
