// What an alarm may do later to its instance, as policies see it.
#pragma once

#include <vector>

#include "brume/cloudwatch/v1/alarm.pb.h"
#include "lib/gateway/access_question.h"
#include "lib/resource/account.h"

namespace brume::cloudwatch {

// The EC2 actions that the alarm takes on its instance. What is no valid action is left for the handler to refuse.
std::vector<AccessQuestion> WhatAlarmDoes(const v1::PutMetricAlarmRequest& put, const Account& account);

}  // namespace brume::cloudwatch
