// What is said of a command that does not exist.
#pragma once

#include <string>

#include "cli/api_schema.h"

namespace brume::cli {

// AWS's name of the action that `name` is on the command line, such as "CreateVpnGateway" of "create-vpn-gateway",
// where AWS has it in `family` (empty: in any) whether or not brumed serves it; "" where AWS has none.
std::string AwsActionName(const Schema& schema, const std::string& name, const std::string& family);

// A sentence, and what to do. `family`: where it was looked for; empty = everywhere.
std::string NoSuchAction(const Schema& schema, const std::string& name, const std::string& family);

}  // namespace brume::cli
