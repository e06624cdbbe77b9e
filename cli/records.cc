#include "cli/records.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "brume/host/v1/host.pb.h"
#include "cli/call.h"
#include "cli/help.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

absl::Status NoArguments(const ParsedOptions& options, const char* command) {
  if (options.positional.empty() && options.after_dashes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("brume ", command, " takes only flags; see brume help ", command));
}

const google::protobuf::MethodDescriptor& Rpc(const google::protobuf::FileDescriptor& file, const char* service,
                                              const char* name) {
  return *file.FindServiceByName(service)->FindMethodByName(name);
}

std::string Milliseconds(int64_t micros) { return absl::StrFormat("%.3f", static_cast<double>(micros) / 1000); }

}  // namespace

std::string RenderStatistics(const host::v1::DescribeStatisticsResponse& statistics) {
  std::vector<std::vector<std::string>> rows = {{"ACTION", "CALLS", "ERRORS", "P50 MS", "P90 MS", "P99 MS", "MAX MS"}};
  for (const host::v1::ActionStatistics& action : statistics.actions()) {
    rows.push_back({Printable(action.action()), absl::StrCat(action.calls()), absl::StrCat(action.errors()),
                    Milliseconds(action.p50_microseconds()), Milliseconds(action.p90_microseconds()),
                    Milliseconds(action.p99_microseconds()), Milliseconds(action.max_microseconds())});
  }
  std::vector<int> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    absl::StrAppend(&text, row[0], std::string(widths[0] - DisplayWidth(row[0]), ' '));
    for (size_t i = 1; i < row.size(); ++i) absl::StrAppend(&text, absl::StrFormat("  %*s", widths[i], row[i]));
    text += "\n";
  }
  return text;
}

absl::StatusOr<int> RunStats(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options, ParseOptions(tokens, {{"reset", false}, {"help", false}}));
  if (options.Find("help") != nullptr) {
    RETURN_IF_ERROR(Print(CommandHelpText("stats", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  RETURN_IF_ERROR(NoArguments(options, "stats"));
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  const auto& file = *host::v1::DescribeStatisticsRequest::descriptor()->file();
  host::v1::DescribeStatisticsResponse statistics;
  RETURN_IF_ERROR(
      client->Call(Rpc(file, "Host", "DescribeStatistics"), host::v1::DescribeStatisticsRequest(), &statistics));
  if (options.Find("reset") != nullptr) {
    host::v1::ResetStatisticsResponse done;
    RETURN_IF_ERROR(client->Call(Rpc(file, "Host", "ResetStatistics"), host::v1::ResetStatisticsRequest(), &done));
  }
  const bool for_programs = global.output != OutputFormat::kTable || !global.query.empty();
  RETURN_IF_ERROR(for_programs ? PrintAnswer(statistics, global) : Print(RenderStatistics(statistics)));
  return 0;
}

}  // namespace brume::cli
