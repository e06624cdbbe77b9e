// What a request claims about its signature. Reads nothing but its arguments.
#pragma once

#include "absl/status/statusor.h"
#include "lib/gateway/signed_request.h"
#include "lib/iam/sigv4.h"

namespace brume::iam::sigv4 {

// What the Authorization header, or the query of a presigned URL, says. Errors: MissingAuthenticationToken,
// IncompleteSignature, AuthorizationQueryParametersError.
absl::StatusOr<Signature> Parse(const SignedRequest& request);

}  // namespace brume::iam::sigv4
