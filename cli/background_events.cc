#include "cli/background_events.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "lib/resource/ids.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

// The resources that a sentence names.
std::vector<std::string> IdsIn(const std::string& sentence) {
  std::vector<std::string> ids;
  for (const absl::string_view word : absl::StrSplit(sentence, absl::ByAnyChar(" ,:.()"), absl::SkipEmpty())) {
    const std::string candidate(word);
    if (KindOfId(candidate) != nullptr) ids.push_back(candidate);
  }
  return ids;
}

absl::Time TimeOf(const host::v1::Event& event) {
  absl::Time moment = absl::InfinitePast();
  std::string error;
  absl::ParseTime(absl::RFC3339_full, event.event_time(), &moment, &error);
  return moment;
}

std::string StateReason(const std::string& history_data) {
  const nlohmann::json data = nlohmann::json::parse(history_data, nullptr, /*allow_exceptions=*/false);
  if (!data.is_object() || !data.contains("newState") || !data["newState"].is_object()) return "";
  const auto reason = data["newState"].find("stateReason");
  return reason != data["newState"].end() && reason->is_string() ? reason->get<std::string>() : "";
}

}  // namespace

host::v1::Event EventOf(const autoscaling::v1::Activity& activity) {
  host::v1::Event event;
  const bool succeeded = activity.status_code() == "Successful";
  event.set_event_time(activity.start_time());
  event.set_request_id(absl::StrCat(activity.activity_id(), "/", activity.status_code()));
  event.set_username(absl::StrCat("group ", activity.auto_scaling_group_name()));
  event.set_event_name(activity.description());
  event.set_read_only(false);
  event.set_error_code(succeeded ? "OK" : activity.status_code());
  event.set_error_message(activity.status_message().empty()
                              ? activity.cause()
                              : absl::StrCat(activity.status_message(), " ", activity.cause()));
  for (std::string& id : IdsIn(activity.description())) event.add_resources(std::move(id));
  return event;
}

host::v1::Event EventOf(const cloudwatch::v1::AlarmHistoryItem& item) {
  host::v1::Event event;
  event.set_event_time(item.timestamp());
  event.set_request_id(absl::StrCat(item.alarm_name(), "/", item.timestamp(), "/", item.history_summary()));
  event.set_username(absl::StrCat("alarm ", item.alarm_name()));
  event.set_event_name(item.history_summary());
  event.set_read_only(false);
  event.set_error_code(absl::StartsWith(item.history_summary(), "Failed") ? "Failed" : "OK");
  event.set_error_message(StateReason(item.history_data()));
  return event;
}

std::vector<host::v1::Event> MergeEvents(std::vector<host::v1::Event> calls, std::vector<host::v1::Event> background,
                                         size_t items) {
  std::vector<host::v1::Event> all = std::move(calls);
  std::move(background.begin(), background.end(), std::back_inserter(all));
  std::stable_sort(all.begin(), all.end(),
                   [](const host::v1::Event& a, const host::v1::Event& b) { return TimeOf(a) > TimeOf(b); });
  if (all.size() > items) all.resize(items);
  return all;
}

}  // namespace brume::cli
