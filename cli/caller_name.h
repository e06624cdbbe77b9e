// Who called, in few letters.
#pragma once

#include <string>

namespace brume::cli {

// Of a caller as events record it: "root" for uid:0 and for the account's root, a user's name for uid:N where the host
// knows one, NAME for cn:NAME, "alice" for the ARN of a user, "web/i-1" for that of a role's session. Any other text as
// it is.
std::string CallerName(const std::string& recorded);

}  // namespace brume::cli
