#include "cli/self_signed.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Name = std::unique_ptr<GENERAL_NAME, Freer<GENERAL_NAME_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;
using Number = std::unique_ptr<BIGNUM, Freer<BN_free>>;

constexpr absl::Duration kClockSkew = absl::Hours(1);
// Nothing renews it, and one that ends unnoticed shuts every client out.
constexpr absl::Duration kLifetime = absl::Hours(24 * 3652);
constexpr int kSerialBytes = 16;

absl::Status Failed(absl::string_view what) {
  char why[256] = "";
  ERR_error_string_n(ERR_get_error(), why, sizeof why);
  return absl::InternalError(absl::StrCat("cannot make ", what, ": ", why));
}

// The bytes of an address; empty for what is not an address.
std::string AddressBytes(const std::string& text) {
  std::string bytes(sizeof(in6_addr), '\0');
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(sizeof(in_addr));
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ? bytes : "";
}

// RFC 1123, and the underscores that some hosts have.
bool IsDnsName(absl::string_view name) {
  constexpr size_t kMaxNameLength = 253, kMaxLabelLength = 63;
  absl::ConsumePrefix(&name, "*.");
  if (name.empty() || name.size() > kMaxNameLength) return false;
  for (const absl::string_view label : absl::StrSplit(name, '.')) {
    if (label.empty() || label.size() > kMaxLabelLength || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; })) {
      return false;
    }
  }
  return true;
}

absl::StatusOr<Names> AlternativeNames(const std::vector<std::string>& texts) {
  Names names(GENERAL_NAMES_new());
  if (names == nullptr) return Failed("names");
  for (const std::string& text : texts) {
    if (!IsServerName(text)) {
      return absl::InvalidArgumentError(absl::StrCat("'", text, "' is neither a DNS name nor an address"));
    }
    const std::string address = AddressBytes(text);
    const std::string& value = address.empty() ? text : address;
    ASN1_STRING* const string = ASN1_STRING_type_new(address.empty() ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    Name name(GENERAL_NAME_new());
    if (string == nullptr || name == nullptr) return Failed("names");
    GENERAL_NAME_set0_value(name.get(), address.empty() ? GEN_DNS : GEN_IPADD, string);
    if (ASN1_STRING_set(string, value.data(), static_cast<int>(value.size())) != 1 ||
        sk_GENERAL_NAME_push(names.get(), name.get()) == 0) {
      return Failed("names");
    }
    name.release();
  }
  return names;
}

bool SetSerial(X509* certificate) {
  unsigned char bytes[kSerialBytes];
  if (RAND_bytes(bytes, kSerialBytes) != 1) return false;
  bytes[0] = (bytes[0] & 0x7f) | 0x40;  // positive, and of one length
  const Number number(BN_bin2bn(bytes, kSerialBytes, nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool AddExtension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

absl::StatusOr<Certificate> Certify(EVP_PKEY* key, GENERAL_NAMES* names, absl::Time not_before, absl::Time not_after) {
  Certificate made(X509_new());
  X509* const x509 = made.get();
  constexpr int kVersion3 = 2;
  constexpr unsigned char kCommonName[] = "brumed";
  // The names are in the extension; a reader of the subject sees what it belongs to.
  if (x509 == nullptr || X509_set_version(x509, kVersion3) != 1 || !SetSerial(x509) ||
      X509_NAME_add_entry_by_NID(X509_get_subject_name(x509), NID_commonName, MBSTRING_ASC, kCommonName, -1, -1, 0) !=
          1 ||
      X509_set_issuer_name(x509, X509_get_subject_name(x509)) != 1 ||
      ASN1_TIME_set(X509_getm_notBefore(x509), absl::ToTimeT(not_before)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(x509), absl::ToTimeT(not_after)) == nullptr || X509_set_pubkey(x509, key) != 1 ||
      X509_add1_ext_i2d(x509, NID_subject_alt_name, names, /*crit=*/0, X509V3_ADD_DEFAULT) != 1 ||
      !AddExtension(x509, NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(x509, NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(x509, NID_ext_key_usage, "serverAuth") || !AddExtension(x509, NID_subject_key_identifier, "hash") ||
      X509_sign(x509, key, EVP_sha256()) == 0) {
    return Failed("a certificate");
  }
  return made;
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace

bool IsServerName(absl::string_view name) { return !AddressBytes(std::string(name)).empty() || IsDnsName(name); }

absl::StatusOr<SelfSigned> MakeSelfSigned(const std::vector<std::string>& names, absl::Time now) {
  ASSIGN_OR_RETURN(const Names alternatives, AlternativeNames(names));
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Failed("a key");
  SelfSigned made{.certificate = {}, .key = {}, .not_after = now + kLifetime};
  ASSIGN_OR_RETURN(const Certificate certificate,
                   Certify(key.get(), alternatives.get(), now - kClockSkew, made.not_after));
  const Bio certificate_pem(BIO_new(BIO_s_mem())), key_pem(BIO_new(BIO_s_secmem()));
  if (certificate_pem == nullptr || key_pem == nullptr ||
      PEM_write_bio_X509(certificate_pem.get(), certificate.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Failed("PEM");
  }
  made.certificate = TextOf(certificate_pem.get());
  made.key = TextOf(key_pem.get());
  return made;
}

}  // namespace brume::cli
