#include "lib/iam/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/iam/secret_box.h"
#include "lib/iam/sigv4_query.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::iam::sigv4 {
namespace {

constexpr absl::Duration kSkew = absl::Minutes(15);

std::string Iso(absl::Time time) { return absl::FormatTime("%Y%m%dT%H%M%SZ", time, absl::UTCTimeZone()); }

std::string Sha256Hex(absl::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return absl::BytesToHexString(digest);
}

std::string Hmac(absl::string_view key, absl::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return digest;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string Decode(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
    if (escape) {
      decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

// "s3", "s3-outposts", "s3express".
bool IsS3(const Scope& scope) { return absl::StartsWith(scope.service, "s3"); }

std::string CanonicalPath(absl::string_view target, const Scope& scope) {
  const absl::string_view path = target.substr(0, target.find('?'));
  if (IsS3(scope)) return std::string(path);
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  const bool ends_in_slash = !parts.empty() && absl::EndsWith(path, "/");
  return Encode(absl::StrCat("/", absl::StrJoin(parts, "/"), ends_in_slash ? "/" : ""), true);
}

std::string CanonicalQuery(absl::string_view target) {
  QueryFields encoded;
  for (const auto& [name, value] : QueryOf(target)) {
    if (name != "X-Amz-Signature") encoded.emplace_back(Encode(name, false), Encode(value, false));
  }
  std::sort(encoded.begin(), encoded.end());
  return absl::StrJoin(encoded, "&", absl::PairFormatter("="));
}

// All values of the header, each with its white space as single spaces. False when there is none.
bool CanonicalValue(const SignedRequest& request, absl::string_view name, std::string* value) {
  bool found = false;
  for (const auto& [header, text] : request.headers) {
    if (header != name) continue;
    if (found) *value += ',';
    found = true;
    absl::StrAppend(value, absl::StrJoin(absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty()), " "));
  }
  return found;
}

absl::Status Wrong(absl::string_view what) { return ec2::Error("SignatureDoesNotMatch", what); }
absl::Status Expired(absl::string_view what) { return ec2::Error("RequestExpired", what); }

absl::Status CheckSigned(const SignedRequest& request, const Signature& signature) {
  const auto& names = signature.signed_headers;
  if (!std::binary_search(names.begin(), names.end(), "host")) {
    return Wrong("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const auto& [name, value] : request.headers) {
    if (absl::StartsWith(name, "x-amz-") && !std::binary_search(names.begin(), names.end(), name)) {
      return Wrong(absl::StrCat("'", name, "' must be a 'SignedHeader' in the AWS Authorization."));
    }
  }
  return absl::OkStatus();
}

// A block of a snapshot, whose checksum is a header that is signed, and that the call compares with it.
bool IsBlock(const SignedRequest& request, const Signature& signature) {
  std::string checksum;
  return signature.scope.service == "ebs" && request.method == "PUT" &&
         CanonicalValue(request, "x-amz-checksum", &checksum) && !checksum.empty();
}

// The hash of the body, or the word that stands for it.
absl::StatusOr<std::string> Payload(const SignedRequest& request, const Signature& signature) {
  std::string claimed;
  const bool claims = CanonicalValue(request, "x-amz-content-sha256", &claimed);
  if (IsS3(signature.scope)) {
    if (!claims && signature.valid_for > absl::ZeroDuration()) return "UNSIGNED-PAYLOAD";
    if (claimed == "UNSIGNED-PAYLOAD" || absl::StartsWith(claimed, "STREAMING-")) return claimed;
  }
  if (claims && claimed == "UNSIGNED-PAYLOAD" && (request.body.empty() || IsBlock(request, signature))) return claimed;
  std::string hash = Sha256Hex(request.body);
  if (claims && !Equal(claimed, hash)) {
    return Wrong("The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  return hash;
}

}  // namespace

QueryFields QueryOf(absl::string_view target) {
  QueryFields fields;
  const size_t mark = target.find('?');
  if (mark == absl::string_view::npos) return fields;
  for (absl::string_view pair : absl::StrSplit(target.substr(mark + 1), '&', absl::SkipEmpty())) {
    const size_t equals = pair.find('=');
    fields.emplace_back(Decode(pair.substr(0, equals)),
                        equals == absl::string_view::npos ? "" : Decode(pair.substr(equals + 1)));
  }
  return fields;
}

std::string Encode(absl::string_view text, bool keep_slash) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~' || (c == '/' && keep_slash)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return encoded;
}

absl::Status CheckTime(const Signature& signature, absl::Time now) {
  const std::string time = Iso(signature.time);
  if (time.substr(0, 8) != signature.scope.date) {
    return Wrong(
        absl::StrCat("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
                     "HTTP: '",
                     signature.scope.date, "' != '", time.substr(0, 8), "', from '", time, "'."));
  }
  if (signature.time > now + kSkew) {
    return Expired(absl::StrCat("Request has expired. Signature not yet current: ", time, " is still later than ",
                                Iso(now + kSkew), " (", Iso(now), " + 15 min.)"));
  }
  const bool presigned = signature.valid_for > absl::ZeroDuration();
  if (signature.time + (presigned ? signature.valid_for : kSkew) < now) {
    return Expired(absl::StrCat("Request has expired. Signature expired: ", time, " is now earlier than ",
                                Iso(now - (presigned ? signature.valid_for : kSkew)), " (", Iso(now), ")"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> CanonicalRequest(const SignedRequest& request, const Signature& signature) {
  RETURN_IF_ERROR(CheckSigned(request, signature));
  std::string canonical = absl::StrCat(request.method, "\n", CanonicalPath(request.target, signature.scope), "\n",
                                       CanonicalQuery(request.target), "\n");
  for (const std::string& name : signature.signed_headers) {
    std::string value;
    if (!CanonicalValue(request, name, &value)) return Mismatch(signature.scope.service);
    absl::StrAppend(&canonical, name, ":", value, "\n");
  }
  ASSIGN_OR_RETURN(const std::string payload, Payload(request, signature));
  absl::StrAppend(&canonical, "\n", absl::StrJoin(signature.signed_headers, ";"), "\n", payload);
  return canonical;
}

std::string StringToSign(const Signature& signature, absl::string_view canonical_request) {
  const Scope& scope = signature.scope;
  return absl::StrCat("AWS4-HMAC-SHA256\n", Iso(signature.time), "\n", scope.date, "/", scope.region, "/",
                      scope.service, "/aws4_request\n", Sha256Hex(canonical_request));
}

std::string SigningKey(absl::string_view secret, const Scope& scope) {
  std::string first = absl::StrCat("AWS4", secret);
  std::string key = Hmac(first, scope.date);
  Wipe(first);
  for (const absl::string_view part :
       {absl::string_view(scope.region), absl::string_view(scope.service), absl::string_view("aws4_request")}) {
    std::string next = Hmac(key, part);
    Wipe(key);
    key = std::move(next);
  }
  return key;
}

std::string Sign(absl::string_view signing_key, absl::string_view string_to_sign) {
  return absl::BytesToHexString(Hmac(signing_key, string_to_sign));
}

bool Equal(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

absl::Status Mismatch(absl::string_view service) {
  if (service == "ec2") {
    return ec2::Error(ec2::kAuthFailure);
  }
  return Wrong(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
      "Access Key and signing method. Consult the service documentation for details.");
}

}  // namespace brume::iam::sigv4
