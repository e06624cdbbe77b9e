// Who signed an HTTP request: AWS Signature Version 4, in the Authorization header or in the query of a presigned URL.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
#pragma once

#include "absl/status/statusor.h"
#include "lib/gateway/signed_request.h"

namespace brume::iam {

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Thread-safe. Errors are AWS's own: MissingAuthenticationToken, AuthFailure (an unknown or inactive key, an altered
  // token or a wrong signature, to EC2), InvalidClientTokenId (such a key or token, to the others),
  // SignatureDoesNotMatch, RequestExpired (to all services: more than 15 minutes off, early or late, or a presigned URL
  // past its time), IncompleteSignature, and ExpiredToken for a session that is over.
  virtual absl::StatusOr<Authenticated> Authenticate(const SignedRequest& request) = 0;
};

}  // namespace brume::iam
