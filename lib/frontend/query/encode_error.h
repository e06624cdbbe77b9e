// Errors of the Query API in XML, as AWS writes them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lib/schema/schema.h"

namespace brume::frontend {

// <Response><Errors>… for EC2, and where no family is known ({}); <ErrorResponse> for AWS_QUERY, in the words of whose
// services some of EC2's codes are others: UnauthorizedOperation is AccessDenied there. `error` is not OK.
std::string EncodeError(const schema::ApiFamilyInfo& family, const absl::Status& error, absl::string_view request_id);

// The status of the HTTP response to `error` as the family's service gives it (lib/resource/error_codes.h).
int HttpStatus(const schema::ApiFamilyInfo& family, const absl::Status& error);

}  // namespace brume::frontend
