#include "lib/host/api/event_handlers.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "brume/host/v1/event.pb.h"
#include "lib/base/status_macros.h"
#include "lib/base/utf8.h"
#include "lib/gateway/pages.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/ec2_error.h"

namespace brume::host {
namespace {

constexpr char kList[] = "events";
constexpr int kDefaultPage = 50;

absl::Status AddAttribute(const std::string& key, const std::string& value, EventQuery& query) {
  if (key == "ReadOnly") {
    if (value != "true" && value != "false") {
      return ec2::Error("InvalidParameterValue", "The lookup attribute ReadOnly must be true or false");
    }
    query.read_only = value == "true";
    return absl::OkStatus();
  }
  std::optional<std::string>& wanted = key == "EventName"      ? query.action
                                       : key == "Username"     ? query.principal
                                       : key == "AccessKeyId"  ? query.access_key_id
                                       : key == "ResourceName" ? query.resource
                                       : key == "RequestId"    ? query.request_id
                                                               : query.outcome;
  if (wanted.has_value()) {
    return ec2::Error("InvalidParameterValue", absl::StrCat("The lookup attribute ", key, " is given twice"));
  }
  // EC2's actions are what most people ask for; the other services' are named in full.
  wanted = key == "EventName" && value.find(':') == std::string::npos ? absl::StrCat("ec2:", value) : value;
  return absl::OkStatus();
}

absl::StatusOr<EventQuery> ParseQuery(const v1::LookupEventsRequest& request) {
  EventQuery query;
  for (const v1::LookupAttribute& attribute : request.lookup_attributes()) {
    RETURN_IF_ERROR(AddAttribute(attribute.attribute_key(), attribute.attribute_value(), query));
  }
  if (request.has_start_time()) {
    ASSIGN_OR_RETURN(query.since, gateway::ParseTime(request.start_time()));
  }
  if (request.has_end_time()) {
    ASSIGN_OR_RETURN(query.until, gateway::ParseTime(request.end_time()));
  }
  return query;
}

// Events that an earlier version wrote hold bytes as they came.
v1::Event RenderEvent(const Event& event) {
  v1::Event rendered;
  rendered.set_event_time(gateway::RenderTime(event.time));
  rendered.set_request_id(ToUtf8(event.request_id));
  rendered.set_username(ToUtf8(event.principal));
  if (!event.access_key_id.empty()) rendered.set_access_key_id(ToUtf8(event.access_key_id));
  rendered.set_source_ip_address(ToUtf8(event.source));
  if (!event.vpc_endpoint_id.empty()) rendered.set_vpc_endpoint_id(event.vpc_endpoint_id);
  if (!event.user_agent.empty()) rendered.set_user_agent(ToUtf8(event.user_agent));
  rendered.set_event_name(ToUtf8(event.action));
  rendered.set_read_only(event.read_only);
  rendered.set_request_parameters(ToUtf8(event.parameters));
  rendered.set_error_code(ToUtf8(event.outcome));
  if (!event.message.empty()) rendered.set_error_message(ToUtf8(event.message));
  rendered.set_duration_microseconds(absl::ToInt64Microseconds(event.duration));
  for (const std::string& resource : event.resources) rendered.add_resources(ToUtf8(resource));
  return rendered;
}

absl::StatusOr<v1::LookupEventsResponse> LookupEvents(const v1::LookupEventsRequest& request,
                                                      gateway::EventLog& events) {
  ASSIGN_OR_RETURN(const EventQuery query, ParseQuery(request));
  int64_t before = 0;
  if (!request.next_token().empty()) {
    ASSIGN_OR_RETURN(const std::string position, gateway::ParseToken(kList, request.next_token()));
    if (!absl::SimpleAtoi(position, &before) || before < 1) return gateway::InvalidToken();
  }
  const int page = request.has_max_results() ? request.max_results() : kDefaultPage;
  ASSIGN_OR_RETURN(const std::vector<Event> found, events.Lookup(query, before, page));
  v1::LookupEventsResponse response;
  for (const Event& event : found) *response.add_events() = RenderEvent(event);
  if (static_cast<int>(found.size()) == page) {
    response.set_next_token(gateway::MakeToken(kList, absl::StrCat(found.back().number)));
  }
  return response;
}

}  // namespace

void AddEventActions(gateway::Actions& actions, gateway::EventLog& events) { actions.Add(LookupEvents, events); }

}  // namespace brume::host
