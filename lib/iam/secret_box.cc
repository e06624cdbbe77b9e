#include "lib/iam/secret_box.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/private_file.h"
#include "lib/base/status_macros.h"

namespace brume::iam {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text, size_t offset = 0) {
  return reinterpret_cast<unsigned char*>(text.data()) + offset;
}
int Size(absl::string_view text) { return static_cast<int>(text.size()); }

}  // namespace

absl::StatusOr<std::string> RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(Bytes(bytes), static_cast<int>(count)) != 1) {
    return absl::InternalError("the random generator does not work");
  }
  return bytes;
}

void Wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

absl::StatusOr<std::unique_ptr<SecretBox>> SecretBox::Open(const std::string& path, bool secrets_exist) {
  absl::StatusOr<std::string> key = ReadPrivateFile(path);
  if (absl::IsNotFound(key.status())) {
    if (secrets_exist) {
      return absl::FailedPreconditionError(
          absl::StrCat(path,
                       " is missing, and the access keys of the database cannot be read without it: put it back "
                       "from a backup"));
    }
    ASSIGN_OR_RETURN(key, RandomBytes(kKeyBytes));
    RETURN_IF_ERROR(WritePrivateFile(path, *key));
  }
  RETURN_IF_ERROR(key.status());
  if (key->size() != kKeyBytes) {
    return absl::FailedPreconditionError(absl::StrCat(path, " holds no key: it must be ", kKeyBytes, " bytes long"));
  }
  return std::unique_ptr<SecretBox>(new SecretBox(*std::move(key)));
}

absl::StatusOr<std::string> SecretBox::Seal(absl::string_view secret, absl::string_view purpose) const {
  ASSIGN_OR_RETURN(std::string sealed, RandomBytes(kNonceBytes));
  sealed.resize(kNonceBytes + secret.size() + kTagBytes);
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  const bool done =
      context != nullptr &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_), Bytes(sealed)) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(purpose), Size(purpose)) == 1 &&
      EVP_EncryptUpdate(context.get(), Bytes(sealed, kNonceBytes), &size, Bytes(secret), Size(secret)) == 1 &&
      EVP_EncryptFinal_ex(context.get(), Bytes(sealed, kNonceBytes + secret.size()), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, Bytes(sealed, kNonceBytes + secret.size())) ==
          1;
  if (!done) return absl::InternalError("a secret could not be encrypted");
  return sealed;
}

absl::StatusOr<std::string> SecretBox::Unseal(absl::string_view sealed, absl::string_view purpose) const {
  const absl::Status damaged =
      absl::DataLossError("a sealed secret does not open: it was altered, or its key is another");
  if (sealed.size() < kNonceBytes + kTagBytes) return damaged;
  const absl::string_view nonce = sealed.substr(0, kNonceBytes);
  const absl::string_view text = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string secret(text.size() + 1, '\0');  // one more: Final wants a place even for nothing
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  const bool done = context != nullptr &&
                    EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key_), Bytes(nonce)) == 1 &&
                    EVP_DecryptUpdate(context.get(), nullptr, &size, Bytes(purpose), Size(purpose)) == 1 &&
                    EVP_DecryptUpdate(context.get(), Bytes(secret), &size, Bytes(text), Size(text)) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, Bytes(tag)) == 1 &&
                    EVP_DecryptFinal_ex(context.get(), Bytes(secret, text.size()), &size) == 1;
  if (!done) {
    Wipe(secret);
    return damaged;
  }
  secret.resize(text.size());
  return secret;
}

}  // namespace brume::iam
