// What is written down of what is done about members.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lib/autoscaling/evaluation.h"
#include "lib/autoscaling/model/activity.h"
#include "lib/store/database.h"

namespace brume::autoscaling {

// Begins the activities of `actions`, and ends or moves on those that they end or move on.
absl::Status RecordActions(store::Connection& c, const Snapshot& before, absl::Span<const scaling::Action> actions,
                           absl::Time now);
// The launch under `token` was answered.
absl::Status RecordLaunched(store::Connection& c, int64_t group_seq, const std::string& token,
                            const InstanceId& instance);
// … or refused.
absl::Status RecordRefused(store::Connection& c, int64_t group_seq, const std::string& token, absl::string_view why,
                           absl::Time now);
// One that is done when it is written down. Takes the group's next token.
absl::StatusOr<scaling::Activity> RecordAtOnce(store::Connection& c, scaling::GroupRecord& record,
                                               const scaling::Member& member, const std::string& description,
                                               const std::string& cause, absl::Time now);

}  // namespace brume::autoscaling
