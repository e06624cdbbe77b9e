#include "cli/events.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "brume/host/v1/event.pb.h"
#include "cli/background_events.h"
#include "cli/call.h"
#include "cli/caller_name.h"
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

using host::v1::Event;

constexpr int kDefaultEvents = 50;
constexpr int kLargestPageOfEvents = 1000;
constexpr int kBackgroundPage = 100;
// A call is recorded when it ends, under the time it came: what is this much older may still turn up.
constexpr absl::Duration kFollowOverlap = absl::Minutes(5);
constexpr absl::Duration kFollowPause = absl::Seconds(1);

const std::vector<OptionSpec>& EventFlags() {
  static const auto* const options = new std::vector<OptionSpec>{
      {"action"}, {"user"},  {"access-key-id"}, {"resource"},   {"request-id"},    {"error"},      {"changes", false},
      {"since"},  {"until"}, {"max-items"},     {"all", false}, {"follow", false}, {"help", false}};
  return *options;
}

bool GivesAny(const ParsedOptions& options, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return options.Find(name) != nullptr; });
}

std::string EventStamp(absl::Time moment) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", moment, absl::UTCTimeZone());
}

absl::StatusOr<int> HowMany(const ParsedOptions& options) {
  const std::string* text = options.Find("max-items");
  int items = kDefaultEvents;
  if (text != nullptr && (!absl::SimpleAtoi(*text, &items) || items < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("--max-items: '", *text, "' is not a number above 0"));
  }
  return items;
}

// Names that the daemon compares as they are; others are looked for among the short names here.
bool IsRecordedName(const std::string& name) { return absl::StrContains(name, ":"); }

const google::protobuf::MethodDescriptor& EventRpc(const google::protobuf::FileDescriptor& file, const char* service,
                                                   const char* name) {
  return *file.FindServiceByName(service)->FindMethodByName(name);
}

class EventSource {
 public:
  EventSource(Client& client, const ParsedOptions& options) : client_(client), options_(options) {
    // What nobody called has no caller, key, request or action.
    background_ = !GivesAny(options, {"user", "access-key-id", "request-id", "action", "error"});
  }

  // The newest `items` events, newest first.
  absl::StatusOr<std::vector<Event>> Newest(const host::v1::LookupEventsRequest& request, size_t items) {
    ASSIGN_OR_RETURN(std::vector<Event> calls, Calls(request, items));
    std::vector<Event> background;
    if (background_) background = Background(request, items);
    return MergeEvents(std::move(calls), std::move(background), items);
  }

  // What could not be had, to be told once.
  const std::set<std::string>& notes() const { return notes_; }

 private:
  absl::StatusOr<std::vector<Event>> Calls(host::v1::LookupEventsRequest request, size_t items) {
    const auto& method = EventRpc(*host::v1::LookupEventsRequest::descriptor()->file(), "Events", "LookupEvents");
    const std::string* user = options_.Find("user");
    const bool sift = user != nullptr && !IsRecordedName(*user);
    std::vector<Event> found;
    do {
      host::v1::LookupEventsResponse page;
      request.set_max_results(sift ? kLargestPageOfEvents
                                   : static_cast<int>(std::min<size_t>(kLargestPageOfEvents, items - found.size())));
      RETURN_IF_ERROR(client_.Call(method, request, &page));
      request.set_next_token(page.next_token());
      for (Event& event : *page.mutable_events()) {
        if (found.size() < items && (!sift || IsBy(event, *user))) found.push_back(std::move(event));
      }
    } while (found.size() < items && !request.next_token().empty());
    return found;
  }

  // Pages of `method` until enough events that match were there, or the rest is too old.
  template <typename Request, typename Response, typename Items>
  void Collect(const google::protobuf::MethodDescriptor& method, Request request, Items items_of,
               const host::v1::LookupEventsRequest& wanted, size_t items, std::vector<Event>* found) {
    const size_t before = found->size();
    do {
      Response page;
      const absl::Status asked = client_.Call(method, request, &page);
      if (!asked.ok()) {
        notes_.insert(absl::StrCat("left out what ", method.name(), " would show: ", asked.message()));
        return;
      }
      request.set_next_token(page.next_token());
      for (const auto& item : items_of(page)) {
        Event event = EventOf(item);
        if (wanted.has_start_time() && event.event_time() < wanted.start_time()) return;
        if (wanted.has_end_time() && event.event_time() > wanted.end_time()) continue;
        if (Matches(event)) found->push_back(std::move(event));
        if (found->size() - before == items) return;
      }
    } while (!request.next_token().empty());
  }

  bool Matches(const Event& event) const {
    const std::string* resource = options_.Find("resource");
    if (resource == nullptr) return true;
    const auto& ids = event.resources();
    return std::find(ids.begin(), ids.end(), *resource) != ids.end() ||
           absl::EndsWith(event.username(), " " + *resource);
  }

  std::vector<Event> Background(const host::v1::LookupEventsRequest& wanted, size_t items) {
    std::vector<Event> found;
    autoscaling::v1::DescribeScalingActivitiesRequest activities;
    activities.set_include_deleted_groups(true);
    activities.set_max_records(kBackgroundPage);
    Collect<autoscaling::v1::DescribeScalingActivitiesRequest, autoscaling::v1::DescribeScalingActivitiesResponse>(
        MethodOf(*activities.GetDescriptor()->file(), "DescribeScalingActivities"), activities,
        [](const auto& page) -> const auto& { return page.activities(); }, wanted, items, &found);
    for (const char* kind : {"StateUpdate", "Action"}) {
      cloudwatch::v1::DescribeAlarmHistoryRequest history;
      history.set_max_records(kBackgroundPage);
      history.set_history_item_type(kind);
      history.set_scan_by("TimestampDescending");
      Collect<cloudwatch::v1::DescribeAlarmHistoryRequest, cloudwatch::v1::DescribeAlarmHistoryResponse>(
          MethodOf(*history.GetDescriptor()->file(), "DescribeAlarmHistory"), history,
          [](const auto& page) -> const auto& { return page.alarm_history_items(); }, wanted, items, &found);
    }
    return found;
  }

  static const google::protobuf::MethodDescriptor& MethodOf(const google::protobuf::FileDescriptor& file,
                                                            const char* name) {
    for (int i = 0; i < file.service_count(); ++i) {
      if (const auto* method = file.service(i)->FindMethodByName(name)) return *method;
    }
    // The generated code has the action, so the file does.
    std::abort();
  }

  Client& client_;
  const ParsedOptions& options_;
  bool background_ = false;
  std::set<std::string> notes_;
};

// What following asks itself would be followed for ever.
bool IsFollowing(const Event& event) {
  for (const char* name :
       {"host:LookupEvents", "autoscaling:DescribeScalingActivities", "cloudwatch:DescribeAlarmHistory"}) {
    if (event.event_name() == name) return true;
  }
  return false;
}

void TellNotes(const std::set<std::string>& notes) {
  for (const std::string& note : notes) std::fprintf(stderr, "brume: %s\n", Printable(note).c_str());
}

absl::Status FollowEvents(EventSource& source, host::v1::LookupEventsRequest request, size_t items,
                          OutputFormat format) {
  std::set<std::string> shown, told;
  bool first = true;
  absl::Time newest = absl::Now();
  while (true) {
    ASSIGN_OR_RETURN(std::vector<Event> events, source.Newest(request, first ? items : kLargestPageOfEvents));
    for (const std::string& note : source.notes()) {
      if (told.insert(note).second) TellNotes({note});
    }
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (IsFollowing(*event) || !shown.insert(event->request_id()).second) continue;
      RETURN_IF_ERROR(Print(format == OutputFormat::kTable ? EventLine(*event) : ToJson(*event).dump() + "\n"));
    }
    // What the first look left out stays out: only what comes later is shown from here on.
    if (first) {
      host::v1::LookupEventsRequest earlier = request;
      earlier.set_start_time(EventStamp(newest - kFollowOverlap));
      ASSIGN_OR_RETURN(const std::vector<Event> seen, source.Newest(earlier, kLargestPageOfEvents));
      for (const Event& event : seen) {
        absl::Time moment = absl::InfiniteFuture();
        std::string error;
        if (absl::ParseTime(absl::RFC3339_full, event.event_time(), &moment, &error) && moment < newest) {
          shown.insert(event.request_id());
        }
      }
    }
    first = false;
    request.set_start_time(EventStamp(absl::Now() - kFollowOverlap));
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(kFollowPause));
  }
}

}  // namespace

absl::StatusOr<absl::Time> ParseMoment(const std::string& text, absl::Time now) {
  absl::Time moment;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &moment, &error)) return moment;
  constexpr std::pair<char, int64_t> kUnits[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
  absl::Duration ago;
  int64_t number = 0;
  int digits = 0;
  bool good = !text.empty();
  for (const char c : text) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c)) && digits < 9) {
      number = number * 10 + (c - '0');
      ++digits;
      continue;
    }
    const auto unit =
        std::find_if(std::begin(kUnits), std::end(kUnits), [c](const auto& one) { return one.first == c; });
    good = good && digits > 0 && unit != std::end(kUnits);
    if (!good) break;
    ago += absl::Seconds(number * unit->second);
    number = digits = 0;
  }
  if (good && digits == 0) return now - ago;
  return absl::InvalidArgumentError(absl::StrCat("'", text,
                                                 "' is neither a time such as 2026-01-31T10:00:00Z nor a "
                                                 "length of time such as 90m, 2h30m or 1d"));
}

absl::StatusOr<host::v1::LookupEventsRequest> EventsRequest(const ParsedOptions& options, absl::Time now) {
  host::v1::LookupEventsRequest request;
  const auto add = [&request](const char* key, const std::string& value) {
    host::v1::LookupAttribute& attribute = *request.add_lookup_attributes();
    attribute.set_attribute_key(key);
    attribute.set_attribute_value(value);
  };
  const std::pair<const char*, const char*> attributes[] = {{"action", "EventName"},
                                                            {"access-key-id", "AccessKeyId"},
                                                            {"resource", "ResourceName"},
                                                            {"request-id", "RequestId"},
                                                            {"error", "ErrorCode"}};
  for (const auto& [flag, key] : attributes) {
    if (const std::string* value = options.Find(flag)) add(key, *value);
  }
  if (const std::string* user = options.Find("user"); user != nullptr && IsRecordedName(*user)) add("Username", *user);
  // Who asks for one action, request or error means it, whether it reads or not.
  const bool reads = GivesAny(options, {"all", "action", "request-id", "error"});
  if (!reads || GivesAny(options, {"changes"})) add("ReadOnly", "false");
  if (const std::string* since = options.Find("since")) {
    ASSIGN_OR_RETURN(const absl::Time moment, ParseMoment(*since, now));
    request.set_start_time(EventStamp(moment));
  }
  if (const std::string* until = options.Find("until")) {
    ASSIGN_OR_RETURN(const absl::Time moment, ParseMoment(*until, now));
    request.set_end_time(EventStamp(moment));
  }
  return request;
}

bool IsBy(const Event& event, const std::string& name) {
  return event.username() == name || CallerName(event.username()) == name;
}

std::string EventLine(const Event& event) {
  const std::string who = Printable(CallerName(event.username()));
  const std::string what = Printable(absl::StripPrefix(event.event_name(), "ec2:"));
  const auto padded = [](const std::string& text, int width) {
    return absl::StrCat(text, std::string(std::max(0, width - DisplayWidth(text)), ' '));
  };
  std::string line =
      absl::StrCat(Printable(event.event_time().substr(0, 19)), "Z  ", padded(who, 12), "  ", padded(what, 28), "  ",
                   padded(Printable(event.error_code()), 10), "  ", Printable(absl::StrJoin(event.resources(), ",")));
  if (!event.error_message().empty()) absl::StrAppend(&line, "  ", Printable(event.error_message()));
  absl::StripTrailingAsciiWhitespace(&line);
  return line + "\n";
}

absl::StatusOr<int> RunEvents(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options, ParseOptions(tokens, EventFlags()));
  if (options.Find("help") != nullptr) {
    RETURN_IF_ERROR(Print(CommandHelpText("events", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  if (!options.positional.empty() || !options.after_dashes.empty()) {
    return absl::InvalidArgumentError("brume events takes only flags; see brume help events");
  }
  if (GivesAny(options, {"follow"}) && !global.query.empty()) {
    return absl::InvalidArgumentError(
        "--query selects from the events there are, and --follow waits for more: give one of them");
  }
  if (GivesAny(options, {"follow"}) && GivesAny(options, {"until"})) {
    return absl::InvalidArgumentError("--follow goes on without end, and --until is one: give one of them");
  }
  ASSIGN_OR_RETURN(host::v1::LookupEventsRequest request, EventsRequest(options, absl::Now()));
  ASSIGN_OR_RETURN(const int items, HowMany(options));
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  EventSource source(*client, options);
  if (GivesAny(options, {"follow"})) {
    RETURN_IF_ERROR(FollowEvents(source, std::move(request), items, global.output));
    return 0;
  }
  ASSIGN_OR_RETURN(std::vector<Event> events, source.Newest(request, items));
  TellNotes(source.notes());
  host::v1::LookupEventsResponse all;
  for (Event& event : events) *all.add_events() = std::move(event);
  const auto& method = EventRpc(*all.GetDescriptor()->file(), "Events", "LookupEvents");
  const ApiAction action{.name = "events", .api_name = "LookupEvents", .method = &method, .wait_state = ""};
  RETURN_IF_ERROR(PrintsAnswer(global) ? PrintAnswer(all, global)
                                       : Print(Render(action, all, global.output, StyleOf(global))));
  return 0;
}

}  // namespace brume::cli
