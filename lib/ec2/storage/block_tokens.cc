#include "lib/ec2/storage/block_tokens.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume::storage {
namespace {

constexpr size_t kExpiryBytes = 8, kMacBytes = 32;

std::string Bytes(int64_t value) {
  std::string bytes;
  for (size_t i = 0; i < kExpiryBytes; ++i) bytes += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
  return bytes;
}

int64_t Number(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = kExpiryBytes; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return static_cast<int64_t>(value);
}

std::string Mac(const std::string& key, const SnapshotId& id, int64_t index, int64_t expiry) {
  const std::string text = absl::StrCat(id.text(), "/", index, "/", expiry);
  std::string mac(kMacBytes, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), reinterpret_cast<unsigned char*>(mac.data()), &size);
  return mac;
}

}  // namespace

std::string BlockTokens::Make(const SnapshotId& id, int64_t index, absl::Time expiry) const {
  const int64_t seconds = absl::ToUnixSeconds(expiry);
  return absl::Base64Escape(absl::StrCat(Bytes(seconds), Mac(key_, id, index, seconds)));
}

absl::Status BlockTokens::Check(absl::string_view token, const SnapshotId& id, int64_t index, absl::Time now) const {
  const auto refuse = [&](absl::string_view why) {
    return ec2::Error("ValidationException.INVALID_BLOCK_TOKEN",
                      absl::StrCat("The block token ", why, ": list the blocks of '", id.text(), "' for one."));
  };
  std::string bytes;
  if (!absl::Base64Unescape(token, &bytes) || bytes.size() != kExpiryBytes + kMacBytes) {
    return refuse("is not one");
  }
  const int64_t expiry = Number(bytes);
  const std::string mac = Mac(key_, id, index, expiry);
  if (CRYPTO_memcmp(mac.data(), bytes.data() + kExpiryBytes, kMacBytes) != 0) {
    return refuse("is not one of this block");
  }
  if (absl::FromUnixSeconds(expiry) <= now) return refuse("has expired");
  return absl::OkStatus();
}

}  // namespace brume::storage
