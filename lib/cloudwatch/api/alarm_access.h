// What an alarm may do later to its instance, as policies see it.
#pragma once

#include <vector>

#include "google/protobuf/message.h"
#include "lib/gateway/access_question.h"
#include "lib/resource/settings.h"

namespace brume::cloudwatch {

// The EC2 actions that the alarm of a PutMetricAlarm takes on its instance; none for any other request. What is no
// valid action is left for the handler to refuse.
std::vector<AccessQuestion> WhatAlarmDoes(const google::protobuf::Message& request, const Settings& settings);

}  // namespace brume::cloudwatch
