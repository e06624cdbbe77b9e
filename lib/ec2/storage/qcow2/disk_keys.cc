#include "lib/ec2/storage/qcow2/disk_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/private_file.h"
#include "lib/base/status_macros.h"

namespace brume::storage {

absl::StatusOr<std::string> DiskKeys::KeyOf(const std::string& data_key_id) const {
  constexpr size_t kMinKeyBytes = 32;
  absl::StatusOr<std::string> host_key = ReadPrivateFile(path_);
  if (absl::IsNotFound(host_key.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " is missing, and encrypted disks do not open without it: put it back from a backup"));
  }
  RETURN_IF_ERROR(host_key.status());
  if (host_key->size() < kMinKeyBytes) return absl::FailedPreconditionError(absl::StrCat(path_, " holds no key"));
  const std::string what = absl::StrCat("brume disk key\n", data_key_id);
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  const unsigned char* const done = HMAC(EVP_sha256(), host_key->data(), static_cast<int>(host_key->size()),
                                         reinterpret_cast<const unsigned char*>(what.data()), what.size(),
                                         reinterpret_cast<unsigned char*>(digest.data()), &size);
  OPENSSL_cleanse(host_key->data(), host_key->size());
  if (done == nullptr) return absl::InternalError("the key of a disk cannot be derived");
  digest.resize(size);
  std::string key = absl::BytesToHexString(digest);
  OPENSSL_cleanse(digest.data(), digest.size());
  return key;
}

}  // namespace brume::storage
