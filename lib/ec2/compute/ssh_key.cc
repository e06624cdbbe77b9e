#include "lib/ec2/compute/ssh_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/enum_names.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/putty_key.h"
#include "lib/ec2/compute/ssh_wire.h"
#include "lib/resource/ec2_error.h"

namespace brume::compute {
namespace {

constexpr EnumNames kFormatNames({std::pair{SshKeyFormat::kPem, "pem"}, {SshKeyFormat::kPpk, "ppk"}});

constexpr char kRsaName[] = "ssh-rsa";
constexpr char kEd25519Name[] = "ssh-ed25519";
constexpr size_t kEd25519Bytes = 32;
constexpr size_t kMaxKeyText = 16 * 1024;
constexpr char kDerSequence = 0x30;

template <auto free_function>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Decoder = std::unique_ptr<OSSL_DECODER_CTX, Free<OSSL_DECODER_CTX_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>>;

// Wipes a local secret on every way out.
class Wiped {
 public:
  explicit Wiped(std::string& secret) : secret_(secret) {}
  ~Wiped() { WipeSecret(secret_); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;

 private:
  std::string& secret_;
};

absl::Status CryptoError(absl::string_view what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return absl::InternalError(absl::StrCat(what, " failed", reason != nullptr ? ": " : "", reason ? reason : ""));
}

absl::Status BadKey(absl::string_view why) { return ec2::Error("InvalidKey.Format", absl::StrCat("Key ", why)); }

absl::StatusOr<std::string> Digest(const EVP_MD* algorithm, absl::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &size, algorithm, nullptr) != 1)
    return CryptoError("hashing");
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

std::string ColonHex(absl::string_view bytes) {
  return absl::StrJoin(
      bytes, ":", [](std::string* out, char c) { absl::StrAppendFormat(out, "%02x", static_cast<unsigned char>(c)); });
}

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

absl::StatusOr<Number> RsaNumber(const EVP_PKEY& key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(&key, name, &number) != 1) return CryptoError("reading an RSA key");
  return Number(number);
}

absl::StatusOr<std::string> PublicBlob(const EVP_PKEY& key, SshKeyType type) {
  std::string blob;
  if (type == SshKeyType::kRsa) {
    ASSIGN_OR_RETURN(const Number exponent, RsaNumber(key, OSSL_PKEY_PARAM_RSA_E));
    ASSIGN_OR_RETURN(const Number modulus, RsaNumber(key, OSSL_PKEY_PARAM_RSA_N));
    AppendString(blob, kRsaName);
    AppendMpint(blob, *exponent);
    AppendMpint(blob, *modulus);
    return blob;
  }
  std::array<unsigned char, kEd25519Bytes> raw;
  size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(&key, raw.data(), &size) != 1) return CryptoError("reading an ED25519 key");
  AppendString(blob, kEd25519Name);
  AppendString(blob, absl::string_view(reinterpret_cast<const char*>(raw.data()), size));
  return blob;
}

std::string OpenSshLine(SshKeyType type, absl::string_view blob) {
  return absl::StrCat(type == SshKeyType::kRsa ? kRsaName : kEd25519Name, " ", absl::Base64Escape(blob));
}

absl::StatusOr<std::string> Sha256OfBlob(absl::string_view blob) {
  ASSIGN_OR_RETURN(const std::string digest, Digest(EVP_sha256(), blob));
  return absl::Base64Escape(digest);
}

absl::StatusOr<std::string> Md5OfSubjectPublicKeyInfo(const EVP_PKEY& key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(&key, &der);
  if (size <= 0) return CryptoError("encoding a public key");
  const std::string text(reinterpret_cast<const char*>(der), size);
  OPENSSL_free(der);
  ASSIGN_OR_RETURN(const std::string digest, Digest(EVP_md5(), text));
  return ColonHex(digest);
}

absl::StatusOr<std::string> Sha1OfPrivateKey(const EVP_PKEY& key) {
  const Pkcs8 info(EVP_PKEY2PKCS8(&key));
  unsigned char* der = nullptr;
  const int size = info != nullptr ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der) : 0;
  if (size <= 0) return CryptoError("encoding a private key");
  absl::StatusOr<std::string> digest = Digest(EVP_sha1(), {reinterpret_cast<const char*>(der), size_t(size)});
  OPENSSL_clear_free(der, size);
  RETURN_IF_ERROR(digest.status());
  return ColonHex(*digest);
}

absl::StatusOr<std::string> RsaPem(const EVP_PKEY& key) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr ||
      PEM_write_bio_PrivateKey_traditional(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return CryptoError("writing an RSA private key");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, size);
}

// OpenSSH's PROTOCOL.key, unencrypted.
absl::StatusOr<std::string> Ed25519Pem(const EVP_PKEY& key, absl::string_view blob, absl::string_view comment) {
  std::array<unsigned char, kEd25519Bytes> seed;
  size_t size = seed.size();
  uint32_t check = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&check), sizeof check) != 1 ||
      EVP_PKEY_get_raw_private_key(&key, seed.data(), &size) != 1) {
    return CryptoError("writing an ED25519 private key");
  }
  const absl::string_view public_raw = blob.substr(blob.size() - kEd25519Bytes);
  // Room from the start: a string that grew would leave copies of the secret behind.
  const size_t room = 1024 + comment.size();
  std::string pair, secret, file, base64;
  const Wiped wipe_pair(pair), wipe_secret(secret), wipe_file(file), wipe_base64(base64);
  for (std::string* text : {&pair, &secret, &file}) text->reserve(room);
  pair.append(reinterpret_cast<const char*>(seed.data()), seed.size());
  OPENSSL_cleanse(seed.data(), seed.size());
  pair.append(public_raw.data(), public_raw.size());

  AppendUint32(secret, check);
  AppendUint32(secret, check);
  AppendString(secret, kEd25519Name);
  AppendString(secret, public_raw);
  AppendString(secret, pair);
  AppendString(secret, comment);
  for (char padding = 1; secret.size() % 8 != 0; ++padding) secret.push_back(padding);

  file.append("openssh-key-v1", sizeof "openssh-key-v1");  // with its final zero
  AppendString(file, "none");                              // cipher
  AppendString(file, "none");                              // key derivation
  AppendString(file, "");
  AppendUint32(file, 1);  // keys
  AppendString(file, blob);
  AppendString(file, secret);

  base64.reserve(2 * room);
  absl::Base64Escape(file, &base64);
  constexpr size_t kColumns = 70;
  std::string pem;
  pem.reserve(3 * room);
  pem.append("-----BEGIN OPENSSH PRIVATE KEY-----\n");
  for (size_t at = 0; at < base64.size(); at += kColumns) pem.append(base64, at, kColumns).push_back('\n');
  pem.append("-----END OPENSSH PRIVATE KEY-----\n");
  return pem;
}

// The private half as PuTTY has it.
absl::StatusOr<std::string> PuttyPrivateBlob(const EVP_PKEY& key, SshKeyType type) {
  std::string blob;
  blob.reserve(2048);
  if (type == SshKeyType::kRsa) {
    for (const char* name : {OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
                             OSSL_PKEY_PARAM_RSA_COEFFICIENT1}) {
      absl::StatusOr<Number> number = RsaNumber(key, name);
      if (!number.ok()) {
        WipeSecret(blob);
        return number.status();
      }
      AppendMpint(blob, **number);
      BN_clear(number->get());
    }
    return blob;
  }
  std::array<unsigned char, kEd25519Bytes> seed;
  size_t size = seed.size();
  if (EVP_PKEY_get_raw_private_key(&key, seed.data(), &size) != 1) return CryptoError("writing an ED25519 private key");
  // PuTTY keeps it as a number, the lowest byte first, without zeros at its end.
  while (size > 0 && seed[size - 1] == 0) --size;
  AppendString(blob, absl::string_view(reinterpret_cast<const char*>(seed.data()), size));
  OPENSSL_cleanse(seed.data(), seed.size());
  return blob;
}

absl::StatusOr<std::string> Ppk(const EVP_PKEY& key, SshKeyType type, absl::string_view blob,
                                absl::string_view comment) {
  ASSIGN_OR_RETURN(std::string secret, PuttyPrivateBlob(key, type));
  const Wiped wipe_secret(secret);
  return PuttyKeyFile({.algorithm = type == SshKeyType::kRsa ? kRsaName : kEd25519Name,
                       .comment = comment,
                       .public_blob = blob,
                       .private_blob = secret});
}

absl::StatusOr<std::string> PrivateText(const EVP_PKEY& key, SshKeyFormat format, absl::string_view blob,
                                        absl::string_view comment) {
  const bool rsa = EVP_PKEY_get_base_id(&key) == EVP_PKEY_RSA;
  if (format == SshKeyFormat::kPpk) return Ppk(key, rsa ? SshKeyType::kRsa : SshKeyType::kEd25519, blob, comment);
  return rsa ? RsaPem(key) : Ed25519Pem(key, blob, comment);
}

absl::StatusOr<Key> RsaFromBlob(absl::string_view rest) {
  absl::string_view exponent, modulus;
  if (!ConsumeString(rest, &exponent) || !ConsumeString(rest, &modulus) || !rest.empty()) {
    return BadKey("has a damaged RSA part");
  }
  const Number e(BN_bin2bn(Bytes(exponent), static_cast<int>(exponent.size()), nullptr));
  const Number n(BN_bin2bn(Bytes(modulus), static_cast<int>(modulus.size()), nullptr));
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  if (e == nullptr || n == nullptr || builder == nullptr ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return CryptoError("reading an RSA key");
  }
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    ERR_clear_error();
    return BadKey("has a damaged RSA part");
  }
  return Key(key);
}

absl::StatusOr<Key> KeyFromBlob(absl::string_view blob) {
  absl::string_view name;
  if (!ConsumeString(blob, &name)) return BadKey("is cut short or damaged");
  if (name == kRsaName) return RsaFromBlob(blob);
  if (name != kEd25519Name) return BadKey("has a type that is not supported: use RSA or ED25519");
  absl::string_view raw;
  if (!ConsumeString(blob, &raw) || raw.size() != kEd25519Bytes || !blob.empty()) {
    return BadKey("has a damaged ED25519 part");
  }
  Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(raw), raw.size()));
  if (key == nullptr) {
    ERR_clear_error();
    return BadKey("has a damaged ED25519 part");
  }
  return key;
}

absl::StatusOr<Key> KeyFromBase64(absl::string_view base64) {
  std::string blob;
  if (!absl::Base64Unescape(base64, &blob)) return BadKey("is not valid base64");
  return KeyFromBlob(blob);
}

// RFC 4716: headers "Name: value", each continued while a line ends in a backslash, then base64.
absl::StatusOr<Key> KeyFromRfc4716(absl::string_view text) {
  std::string base64;
  bool continued = false, ended = false;
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  for (size_t i = 1; i < lines.size() && !ended; ++i) {
    const absl::string_view line = absl::StripAsciiWhitespace(lines[i]);
    const bool is_header = continued || absl::StrContains(line, ':');
    continued = is_header && absl::EndsWith(line, "\\");
    if (is_header) continue;
    ended = absl::StartsWith(line, "---- END SSH2 PUBLIC KEY ----");
    if (!ended) absl::StrAppend(&base64, line);
  }
  if (!ended) return BadKey("is cut short: its END line is missing");
  return KeyFromBase64(base64);
}

absl::StatusOr<Key> KeyFromDerOrPem(absl::string_view text) {
  if (absl::StrContains(text, "PRIVATE KEY")) return BadKey("is a private key: import its public half and keep it");
  EVP_PKEY* key = nullptr;
  const Decoder decoder(
      OSSL_DECODER_CTX_new_for_pkey(&key, nullptr, nullptr, nullptr, OSSL_KEYMGMT_SELECT_PUBLIC_KEY, nullptr, nullptr));
  const unsigned char* data = Bytes(text);
  size_t size = text.size();
  const bool read = decoder != nullptr && OSSL_DECODER_from_data(decoder.get(), &data, &size) == 1;
  ERR_clear_error();
  Key owned(key);
  if (!read || owned == nullptr) return BadKey("is not a public key in OpenSSH, RFC 4716, PEM or DER form");
  return owned;
}

absl::StatusOr<Key> KeyFromOpenSshLine(absl::string_view text) {
  if (absl::StrContains(text, '\n') || absl::StrContains(text, '\r')) return BadKey("must be a single line");
  const std::vector<absl::string_view> words = absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.size() < 2) return BadKey("is cut short: its base64 part is missing");
  ASSIGN_OR_RETURN(Key key, KeyFromBase64(words[1]));
  const bool is_rsa = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA;
  if (words[0] != (is_rsa ? kRsaName : kEd25519Name)) return BadKey("names a type that is not the type of its data");
  return key;
}

// The body of a PEM file, as programs send it: DER in base64, which may be of several lines. Unset for anything else.
std::optional<std::string> DerFromBase64(absl::string_view text) {
  std::string der, base64(text);
  base64.erase(std::remove_if(base64.begin(), base64.end(), absl::ascii_isspace), base64.end());
  if (!absl::Base64Unescape(base64, &der) || der.empty() || der.front() != kDerSequence) return std::nullopt;
  return der;
}

absl::StatusOr<SshKeyType> AcceptedType(const EVP_PKEY& key) {
  if (EVP_PKEY_get_base_id(&key) == EVP_PKEY_ED25519) return SshKeyType::kEd25519;
  if (EVP_PKEY_get_base_id(&key) != EVP_PKEY_RSA) {
    return BadKey("has a type that is not supported: use RSA or ED25519");
  }
  const int bits = EVP_PKEY_get_bits(&key);
  if (bits != 1024 && bits != 2048 && bits != 4096) {
    return BadKey(absl::StrCat("has ", bits, " bits: an RSA key must have 1024, 2048 or 4096"));
  }
  ASSIGN_OR_RETURN(const Number exponent, RsaNumber(key, OSSL_PKEY_PARAM_RSA_E));
  ASSIGN_OR_RETURN(const Number modulus, RsaNumber(key, OSSL_PKEY_PARAM_RSA_N));
  if (!BN_is_odd(exponent.get()) || BN_is_one(exponent.get()) || !BN_is_odd(modulus.get())) {
    return BadKey("has a damaged RSA part");
  }
  return SshKeyType::kRsa;
}

}  // namespace

void WipeSecret(std::string& secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

std::optional<SshKeyFormat> FindSshKeyFormat(absl::string_view name) { return kFormatNames.Find(name); }

absl::StatusOr<SshKeyPair> GenerateSshKey(SshKeyType type, SshKeyFormat format, absl::string_view comment) {
  constexpr unsigned int kRsaBits = 2048;
  const Key key(type == SshKeyType::kRsa ? EVP_RSA_gen(kRsaBits) : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (key == nullptr) return CryptoError("making a key");
  ASSIGN_OR_RETURN(const std::string blob, PublicBlob(*key, type));
  SshKeyPair pair{.type = type, .fingerprint = "", .openssh_public = OpenSshLine(type, blob), .private_text = ""};
  ASSIGN_OR_RETURN(pair.fingerprint, type == SshKeyType::kRsa ? Sha1OfPrivateKey(*key) : Sha256OfBlob(blob));
  ASSIGN_OR_RETURN(pair.private_text, PrivateText(*key, format, blob, comment));
  return pair;
}

absl::StatusOr<SshPublicKey> ParseSshPublicKey(absl::string_view text) {
  if (text.size() > kMaxKeyText) return BadKey("is too long to be a public key");
  // DER begins with SEQUENCE; its bytes must not be trimmed.
  const bool is_der = !text.empty() && text[0] == kDerSequence;
  const absl::string_view trimmed = is_der ? text : absl::StripAsciiWhitespace(text);
  if (trimmed.empty()) return BadKey("is empty");
  absl::StatusOr<Key> key;
  if (is_der || absl::StartsWith(trimmed, "-----BEGIN ")) {
    key = KeyFromDerOrPem(trimmed);
  } else if (absl::StartsWith(trimmed, "---- BEGIN SSH2 PUBLIC KEY ----")) {
    key = KeyFromRfc4716(trimmed);
  } else if (const std::optional<std::string> der = DerFromBase64(trimmed); der.has_value()) {
    key = KeyFromDerOrPem(*der);
  } else {
    key = KeyFromOpenSshLine(trimmed);
  }
  RETURN_IF_ERROR(key.status());
  ASSIGN_OR_RETURN(const SshKeyType type, AcceptedType(**key));
  ASSIGN_OR_RETURN(const std::string blob, PublicBlob(**key, type));
  SshPublicKey parsed{.type = type, .fingerprint = "", .openssh = OpenSshLine(type, blob)};
  if (type == SshKeyType::kRsa) {
    ASSIGN_OR_RETURN(parsed.fingerprint, Md5OfSubjectPublicKeyInfo(**key));
  } else {
    ASSIGN_OR_RETURN(parsed.fingerprint, Sha256OfBlob(blob));
  }
  return parsed;
}

}  // namespace brume::compute
