#include "cli/records.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "brume/host/v1/event.pb.h"
#include "brume/host/v1/host.pb.h"
#include "cli/call.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

constexpr int kDefaultItems = 50;
constexpr int kLargestPage = 1000;

const std::vector<OptionSpec>& EventOptions() {
  static const auto* const options = new std::vector<OptionSpec>{
      {"action"},         {"user"},  {"access-key-id"}, {"resource"},  {"request-id"}, {"error"},
      {"changes", false}, {"since"}, {"until"},         {"max-items"}, {"help", false}};
  return *options;
}

// A moment in RFC 3339, or how long ago it was: "90m", "2h".
absl::StatusOr<std::string> ParseMoment(const std::string& text, absl::Time now) {
  absl::Duration ago;
  absl::Time moment;
  std::string error;
  if (absl::ParseDuration(text, &ago)) {
    moment = now - ago;
  } else if (!absl::ParseTime(absl::RFC3339_full, text, &moment, &error)) {
    return absl::InvalidArgumentError(absl::StrCat("'", text,
                                                   "' is neither a time such as 2026-01-31T10:00:00Z nor a "
                                                   "length of time such as 90m or 2h"));
  }
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", moment, absl::UTCTimeZone());
}

absl::StatusOr<int> MaxItems(const ParsedOptions& options) {
  const std::string* text = options.Find("max-items");
  int items = kDefaultItems;
  if (text != nullptr && (!absl::SimpleAtoi(*text, &items) || items < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("--max-items: '", *text, "' is not a number above 0"));
  }
  return items;
}

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

absl::StatusOr<host::v1::LookupEventsRequest> EventsRequest(const ParsedOptions& options, absl::Time now) {
  host::v1::LookupEventsRequest request;
  const auto add = [&request](const char* key, const std::string& value) {
    host::v1::LookupAttribute& attribute = *request.add_lookup_attributes();
    attribute.set_attribute_key(key);
    attribute.set_attribute_value(value);
  };
  const std::pair<const char*, const char*> attributes[] = {
      {"action", "EventName"},      {"user", "Username"},        {"access-key-id", "AccessKeyId"},
      {"resource", "ResourceName"}, {"request-id", "RequestId"}, {"error", "ErrorCode"}};
  for (const auto& [flag, key] : attributes) {
    if (const std::string* value = options.Find(flag)) add(key, *value);
  }
  if (options.Find("changes") != nullptr) add("ReadOnly", "false");
  if (const std::string* since = options.Find("since")) {
    ASSIGN_OR_RETURN(*request.mutable_start_time(), ParseMoment(*since, now));
  }
  if (const std::string* until = options.Find("until")) {
    ASSIGN_OR_RETURN(*request.mutable_end_time(), ParseMoment(*until, now));
  }
  return request;
}

absl::StatusOr<int> RunEvents(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options, ParseOptions(tokens, EventOptions()));
  if (options.Find("help") != nullptr) {
    RETURN_IF_ERROR(Print(CommandHelpText("events", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  RETURN_IF_ERROR(NoArguments(options, "events"));
  ASSIGN_OR_RETURN(host::v1::LookupEventsRequest request, EventsRequest(options, absl::Now()));
  ASSIGN_OR_RETURN(const int items, MaxItems(options));
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  const auto& method = Rpc(*host::v1::LookupEventsRequest::descriptor()->file(), "Events", "LookupEvents");
  host::v1::LookupEventsResponse all;
  do {
    host::v1::LookupEventsResponse page;
    request.set_max_results(std::min(kLargestPage, items - all.events_size()));
    RETURN_IF_ERROR(client->Call(method, request, &page));
    request.set_next_token(page.next_token());
    for (host::v1::Event& event : *page.mutable_events()) *all.add_events() = std::move(event);
  } while (all.events_size() < items && !request.next_token().empty());
  const ApiAction action{.name = "events", .api_name = "LookupEvents", .method = &method, .wait_state = ""};
  RETURN_IF_ERROR(Print(Render(action, all, global.output, StyleOf(global))));
  return 0;
}

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
  const bool for_programs = global.output != OutputFormat::kTable;
  RETURN_IF_ERROR(Print(for_programs ? RenderJson(ToJson(statistics)) : RenderStatistics(statistics)));
  return 0;
}

}  // namespace brume::cli
