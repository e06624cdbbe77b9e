// Signature Version 4, what the signature of a request must be. Reads nothing but its arguments. The path is normalised
// and encoded once more, and the body is always signed, but for a block of a snapshot that EBS checks by a header. In a
// scope of S3's, which is not served, so that nothing but a refusal comes of it, the path stands as it came and a body
// may be unsigned. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/gateway/signed_request.h"

namespace brume::iam::sigv4 {

// "AKIA…/20150830/us-east-1/iam/aws4_request"
struct Scope {
  std::string access_key_id;
  std::string date;
  std::string region;
  std::string service;
};

struct Signature {
  Scope scope;
  std::vector<std::string> signed_headers;  // in order, each once
  std::string hex;                          // 64 digits
  std::string session_token;                // empty = none
  absl::Time time;
  // Of a presigned URL: how long it is good. Zero = the signature is in the header.
  absl::Duration valid_for;
};

// Whether the signature is of this time: at most 15 minutes old or ahead, a presigned URL until it ends. Errors:
// RequestExpired; SignatureDoesNotMatch when the scope is of another day.
absl::Status CheckTime(const Signature& signature, absl::Time now);

// The canonical request. Errors: SignatureDoesNotMatch when a header that must be signed is not, a signed one is not
// there, or the body is not what x-amz-content-sha256 says.
absl::StatusOr<std::string> CanonicalRequest(const SignedRequest& request, const Signature& signature);
std::string StringToSign(const Signature& signature, absl::string_view canonical_request);

// 32 bytes, good for one day, region and service.
std::string SigningKey(absl::string_view secret, const Scope& scope);
std::string Sign(absl::string_view signing_key, absl::string_view string_to_sign);  // 64 hex digits
// Takes as long whatever differs.
bool Equal(absl::string_view a, absl::string_view b);

// What a caller is told whose signature is not the right one.
absl::Status Mismatch(absl::string_view service);

}  // namespace brume::iam::sigv4
