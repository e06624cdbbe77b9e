// The actions that AWS's APIs have, served here or not: so that the error says that Brume does not serve one, and not
// that no action has the name.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"

namespace brume {

enum class AwsAction {
  kUnknown,  // AWS has none of this name
  kCurrent,  // AWS has it
  kRetired,  // AWS has the name still, and refuses every call of it: EC2-Classic and Scheduled Instances are gone
};

// `signing_name`: of the API, in credential scopes ("monitoring").
AwsAction FindAwsAction(absl::string_view signing_name, absl::string_view action);

// All of an API's, retired ones too, in order; none of an API that is not served at all.
const std::vector<absl::string_view>& AwsActions(absl::string_view signing_name);

}  // namespace brume
