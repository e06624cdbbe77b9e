// `brume flow-logs`: the records of flow logs, those that are there and those to come.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/api_schema.h"
#include "cli/args.h"
#include "cli/commands.h"

namespace brume::cli {

// Whether a record is of one of these interfaces; every one is where there are none. False for a record that does not
// say, as its format has no interface-id.
bool IsRecordOf(const std::string& record, const std::string& log_format, const std::set<std::string>& interfaces);

absl::StatusOr<int> RunFlowLogs(const Schema& schema, const GlobalOptions& global,
                                const std::vector<std::string>& tokens);

Command FlowLogsCommand();

}  // namespace brume::cli
