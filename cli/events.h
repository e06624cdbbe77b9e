// `brume events`: who did what, and what groups and alarms did by themselves.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/args.h"

namespace brume::host::v1 {
class Event;
class LookupEventsRequest;
}  // namespace brume::host::v1

namespace brume::cli {

// A moment in RFC 3339, or how long ago it was: "90m", "2h30m", "1d", "2w".
absl::StatusOr<absl::Time> ParseMoment(const std::string& text, absl::Time now);

// The request `brume events` makes of its flags. `now` is what --since 2h counts from.
absl::StatusOr<host::v1::LookupEventsRequest> EventsRequest(const ParsedOptions& options, absl::Time now);

// Whether `name` means the caller of the event: as recorded ("uid:0", an ARN) or in short ("alice", "root").
bool IsBy(const host::v1::Event& event, const std::string& name);

// One event on one line, for --follow.
std::string EventLine(const host::v1::Event& event);

absl::StatusOr<int> RunEvents(const GlobalOptions& global, const std::vector<std::string>& tokens);

}  // namespace brume::cli
