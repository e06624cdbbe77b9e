#include "lib/cloudwatch/api/alarm_access.h"

#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "lib/cloudwatch/model/alarm_action.h"
#include "lib/resource/arn.h"
#include "lib/resource/ids.h"

namespace brume::cloudwatch {

std::vector<AccessQuestion> WhatAlarmDoes(const v1::PutMetricAlarmRequest& put, const Account& account) {
  using alarm::ActionKind;
  static const auto& calls = *new std::map<ActionKind, std::vector<std::string>>({
      {ActionKind::kStop, {"ec2:StopInstances"}},
      {ActionKind::kTerminate, {"ec2:TerminateInstances"}},
      {ActionKind::kReboot, {"ec2:RebootInstances"}},
      {ActionKind::kRecover, {"ec2:StopInstances", "ec2:StartInstances"}},
  });
  std::set<std::string> asked;
  for (const auto* actions : {&put.ok_actions(), &put.alarm_actions(), &put.insufficient_data_actions()}) {
    for (const std::string& action : *actions) {
      const absl::StatusOr<ActionKind> kind = alarm::ParseAction(action);
      if (!kind.ok() || !calls.contains(*kind)) continue;
      asked.insert(calls.at(*kind).begin(), calls.at(*kind).end());
    }
  }
  std::string instance = "*";
  for (const auto& dimension : put.dimensions()) {
    if (dimension.name() == "InstanceId") instance = dimension.value();
  }
  std::vector<AccessQuestion> questions;
  for (const std::string& action : asked) {
    AccessQuestion question;
    question.action = action;
    question.resources = {Arn::In(account, "ec2", absl::StrCat(InstanceId::kKind.arn_type, "/", instance)).text()};
    questions.push_back(std::move(question));
  }
  return questions;
}

}  // namespace brume::cloudwatch
