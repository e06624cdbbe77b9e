#include "lib/ec2/compute/putty_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/ec2/compute/ssh_key.h"
#include "lib/ec2/compute/ssh_wire.h"

namespace brume::compute {
namespace {

using Sha1 = std::array<unsigned char, 20>;

// What of a key without a passphrase is authenticated by.
constexpr absl::string_view kMacKey = "putty-private-key-file-mac-key";

absl::StatusOr<std::string> MacOf(const PuttyKeyParts& parts) {
  std::string data;
  data.reserve(128 + parts.comment.size() + parts.public_blob.size() + parts.private_blob.size());
  for (const absl::string_view part :
       {parts.algorithm, absl::string_view("none"), parts.comment, parts.public_blob, parts.private_blob}) {
    AppendString(data, part);
  }
  Sha1 key, mac;
  unsigned int size = 0;
  const bool made =
      EVP_Digest(kMacKey.data(), kMacKey.size(), key.data(), &size, EVP_sha1(), nullptr) == 1 &&
      HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()),
           data.size(), mac.data(), &size) != nullptr;
  WipeSecret(data);
  if (!made) return absl::InternalError("authenticating a PuTTY key failed");
  return absl::BytesToHexString({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

// "Public-Lines: 2", and the lines.
void AppendLines(std::string& file, absl::string_view name, absl::string_view blob) {
  constexpr size_t kColumns = 64;
  std::string base64;
  base64.reserve(2 * blob.size() + 4);
  absl::Base64Escape(blob, &base64);
  absl::StrAppend(&file, name, ": ", (base64.size() + kColumns - 1) / kColumns, "\n");
  for (size_t at = 0; at < base64.size(); at += kColumns) file.append(base64, at, kColumns).push_back('\n');
  WipeSecret(base64);
}

}  // namespace

absl::StatusOr<std::string> PuttyKeyFile(const PuttyKeyParts& parts) {
  const absl::StatusOr<std::string> mac = MacOf(parts);
  if (!mac.ok()) return mac.status();
  std::string file;
  // Room from the start: a string that grew would leave copies of the secret behind.
  file.reserve(1024 + parts.comment.size() + 2 * (parts.public_blob.size() + parts.private_blob.size()));
  absl::StrAppend(&file, "PuTTY-User-Key-File-2: ", parts.algorithm, "\nEncryption: none\nComment: ", parts.comment,
                  "\n");
  AppendLines(file, "Public-Lines", parts.public_blob);
  AppendLines(file, "Private-Lines", parts.private_blob);
  absl::StrAppend(&file, "Private-MAC: ", *mac, "\n");
  return file;
}

}  // namespace brume::compute
