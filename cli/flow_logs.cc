#include "cli/flow_logs.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "brume/ec2/v1/flow_log.pb.h"
#include "brume/host/v1/flow_record.pb.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/instances.h"
#include "cli/output.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "lib/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

// Between two questions for new records, which come once a minute.
constexpr absl::Duration kPollPeriod = absl::Seconds(2);

absl::StatusOr<std::vector<ec2::v1::FlowLog>> LogsNamed(const Schema& schema, Client& client,
                                                        const std::vector<std::string>& ids) {
  const auto* method = schema.pool().FindMethodByName("brume.ec2.v1.FlowLogs.DescribeFlowLogs");
  if (method == nullptr) return absl::InternalError("the schema has no DescribeFlowLogs");
  ec2::v1::DescribeFlowLogsRequest request;
  for (const std::string& id : ids) request.add_flow_log_ids(id);
  std::vector<ec2::v1::FlowLog> logs;
  do {
    ec2::v1::DescribeFlowLogsResponse page;
    RETURN_IF_ERROR(client.Call(*method, request, &page));
    for (ec2::v1::FlowLog& log : *page.mutable_flow_logs()) logs.push_back(std::move(log));
    request.set_next_token(page.next_token());
  } while (!request.next_token().empty());
  return logs;
}

// Those of `--interface`, and those that `--instance` has.
absl::StatusOr<std::set<std::string>> InterfacesNamed(const Schema& schema, Client& client,
                                                      const ParsedOptions& options) {
  std::set<std::string> interfaces;
  if (const std::string* id = options.Find("interface")) interfaces.insert(*id);
  const std::string* name = options.Find("instance");
  if (name == nullptr) return interfaces;
  ASSIGN_OR_RETURN(const nlohmann::ordered_json instance, FindInstance(schema, client, *name));
  for (const auto& eni : instance.value("NetworkInterfaces", nlohmann::ordered_json::array())) {
    interfaces.insert(eni.value("NetworkInterfaceId", ""));
  }
  if (interfaces.empty()) return absl::NotFoundError(absl::StrCat("the instance '", *name, "' has no interface"));
  return interfaces;
}

// Prints what the log has from where `position` left off.
absl::Status PrintNew(Client& client, const ec2::v1::FlowLog& log, const std::set<std::string>& interfaces,
                      std::string& position) {
  const auto& method = *host::v1::ReadFlowRecordsRequest::descriptor()
                            ->file()
                            ->FindServiceByName("FlowRecords")
                            ->FindMethodByName("ReadFlowRecords");
  host::v1::ReadFlowRecordsRequest request;
  request.set_flow_log_id(log.flow_log_id());
  host::v1::ReadFlowRecordsResponse response;
  do {
    request.set_next_token(position);
    RETURN_IF_ERROR(client.Call(method, request, &response));
    position = response.next_token();
    for (const std::string& record : response.records()) {
      if (IsRecordOf(record, log.log_format(), interfaces)) RETURN_IF_ERROR(Print(record + "\n"));
    }
  } while (response.records_size() > 0);
  std::fflush(stdout);
  return absl::OkStatus();
}

}  // namespace

bool IsRecordOf(const std::string& record, const std::string& log_format, const std::set<std::string>& interfaces) {
  if (interfaces.empty()) return true;
  const std::vector<std::string> fields = absl::StrSplit(log_format, ' ', absl::SkipEmpty());
  const std::vector<std::string> values = absl::StrSplit(record, ' ', absl::SkipEmpty());
  const size_t at = std::find(fields.begin(), fields.end(), "${interface-id}") - fields.begin();
  return at < values.size() && at < fields.size() && interfaces.contains(values[at]);
}

absl::StatusOr<int> RunFlowLogs(const Schema& schema, const GlobalOptions& global,
                                const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options,
                   ParseOptions(tokens, {{"follow", false}, {"interface"}, {"instance"}, {"help", false}}));
  if (options.Find("help")) {
    RETURN_IF_ERROR(Print(CommandHelpText("flow-logs", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  if (!options.after_dashes.empty()) {
    return absl::InvalidArgumentError("brume flow-logs takes ids of flow logs and flags; see brume help flow-logs");
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const std::set<std::string> interfaces, InterfacesNamed(schema, *client, options));
  const bool follow = options.Find("follow") != nullptr;
  std::map<std::string, std::string> positions;  // by flow log
  while (true) {
    // Again each time: one that is made meanwhile is followed too.
    ASSIGN_OR_RETURN(const std::vector<ec2::v1::FlowLog> logs, LogsNamed(schema, *client, options.positional));
    for (const ec2::v1::FlowLog& log : logs) {
      const absl::Status printed = PrintNew(*client, log, interfaces, positions[log.flow_log_id()]);
      // One that ends between the two calls is no more.
      if (ApiErrorCode(printed) == "InvalidFlowLogId.NotFound") continue;
      RETURN_IF_ERROR(printed);
    }
    if (!follow) return 0;
    absl::SleepFor(kPollPeriod);
  }
}

Command FlowLogsCommand() {
  return {
      "flow-logs",
      "flow-logs [FLOW-LOG-ID …] [--follow] [--interface ID] [--instance ID]",
      "Shows the records of flow logs: accepted and rejected traffic.",
      "Oldest first, from the existing files of all flow logs, or of those that are named. Records are written once "
      "a minute, and when a log is deleted. They are printed as in the file, in the log's own format.",
      {{"--follow", "Keep showing new records; Ctrl-C ends it."},
       {"--interface ID", "Only records of this network interface."},
       {"--instance ID", "Only records of this instance's interfaces; ID may be its Name tag."}},
      RunFlowLogs};
}

}  // namespace brume::cli
