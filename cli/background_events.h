// What happens without a call: the activities of Auto Scaling groups and the changes of alarms, as events.
#pragma once

#include <vector>

#include "brume/autoscaling/v1/activity.pb.h"
#include "brume/cloudwatch/v1/alarm.pb.h"
#include "brume/host/v1/event.pb.h"

namespace brume::cli {

// "group web" did what the activity describes, for its cause. A request id of its own tells each of its states apart.
host::v1::Event EventOf(const autoscaling::v1::Activity& activity);

// "alarm web-cpu" changed its state or carried out an action, for the reason the history has.
host::v1::Event EventOf(const cloudwatch::v1::AlarmHistoryItem& item);

// Newest first, at most `items`; of what was at the same moment, the order of the lists.
std::vector<host::v1::Event> MergeEvents(std::vector<host::v1::Event> calls, std::vector<host::v1::Event> background,
                                         size_t items);

}  // namespace brume::cli
