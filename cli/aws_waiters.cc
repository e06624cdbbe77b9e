#include "cli/aws_waiters.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/jmespath.h"
#include "cli/text.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Answer = nlohmann::ordered_json;

Answer Selected(const std::string& text, const Answer& answer) {
  const auto path = JmesPath::Parse(text);
  if (!path.ok()) return Answer();
  // A path that does not fit the answer selects nothing.
  const auto selected = path->Search(answer);
  return selected.ok() ? *selected : Answer();
}

std::string AsText(const Answer& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

bool FitsAnswer(const Acceptor& acceptor, const Answer& answer) {
  using Matcher = Acceptor::Matcher;
  if (acceptor.matcher == Matcher::kStatus) return acceptor.expected == "200";
  if (acceptor.matcher == Matcher::kError) return false;
  const Answer selected = Selected(acceptor.argument, answer);
  const auto expected = [&](const Answer& value) { return AsText(value) == acceptor.expected; };
  if (acceptor.matcher == Matcher::kPath) return expected(selected);
  if (!selected.is_array() || selected.empty()) return false;
  return acceptor.matcher == Matcher::kPathAll ? std::all_of(selected.begin(), selected.end(), expected)
                                               : std::any_of(selected.begin(), selected.end(), expected);
}

bool FitsError(const Acceptor& acceptor, const std::string& code) {
  if (acceptor.matcher == Acceptor::Matcher::kError) return acceptor.expected == code;
  return acceptor.matcher == Acceptor::Matcher::kStatus && acceptor.expected == "404" &&
         (code == "NoSuchEntity" || absl::StrContains(code, "NotFound"));
}

// What a path of all things selects, each value once.
std::string Seen(const std::vector<Acceptor>& acceptors, const Answer& answer) {
  std::vector<std::string> values;
  for (const Acceptor& acceptor : acceptors) {
    if (acceptor.matcher != Acceptor::Matcher::kPathAll) continue;
    for (const Answer& value : Selected(acceptor.argument, answer)) {
      const std::string text = Printable(AsText(value));
      if (std::find(values.begin(), values.end(), text) == values.end()) values.push_back(text);
    }
    break;
  }
  return values.empty() ? "not there yet" : absl::StrJoin(values, ", ");
}

}  // namespace

const std::vector<AwsWaiter>& AwsWaiters() {
  using enum Acceptor::State;
  using enum Acceptor::Matcher;
  static const auto* const waiters = new std::vector<AwsWaiter>{
      {"ec2",
       "internet-gateway-exists",
       "describe-internet-gateways",
       {{kSuccess, kPath, "length(InternetGateways[].InternetGatewayId) > `0`", "true"},
        {kRetry, kError, "", "InvalidInternetGateway.NotFound"}}},
      {"ec2",
       "nat-gateway-available",
       "describe-nat-gateways",
       {{kSuccess, kPathAll, "NatGateways[].State", "available"},
        {kFailure, kPathAny, "NatGateways[].State", "failed"},
        {kFailure, kPathAny, "NatGateways[].State", "deleting"},
        {kFailure, kPathAny, "NatGateways[].State", "deleted"},
        {kRetry, kError, "", "NatGatewayNotFound"}}},
      {"ec2",
       "nat-gateway-deleted",
       "describe-nat-gateways",
       {{kSuccess, kPathAll, "NatGateways[].State", "deleted"}, {kSuccess, kError, "", "NatGatewayNotFound"}}},
      {"ec2",
       "network-interface-available",
       "describe-network-interfaces",
       {{kSuccess, kPathAll, "NetworkInterfaces[].Status", "available"},
        {kFailure, kError, "", "InvalidNetworkInterfaceID.NotFound"}}},
      {"ec2",
       "password-data-available",
       "get-password-data",
       {{kSuccess, kPath, "length(PasswordData) > `0`", "true"}}},
      {"ec2",
       "snapshot-completed",
       "describe-snapshots",
       {{kSuccess, kPathAll, "Snapshots[].State", "completed"}, {kFailure, kPathAny, "Snapshots[].State", "error"}}},
      {"ec2",
       "snapshot-imported",
       "describe-import-snapshot-tasks",
       {{kSuccess, kPathAll, "ImportSnapshotTasks[].SnapshotTaskDetail.Status", "completed"},
        {kFailure, kPathAny, "ImportSnapshotTasks[].SnapshotTaskDetail.Status", "error"}}},
      {"ec2",
       "store-image-task-complete",
       "describe-store-image-tasks",
       {{kSuccess, kPathAll, "StoreImageTaskResults[].StoreTaskState", "Completed"},
        {kFailure, kPathAny, "StoreImageTaskResults[].StoreTaskState", "Failed"},
        {kRetry, kPathAny, "StoreImageTaskResults[].StoreTaskState", "InProgress"}}},
      {"ec2", "subnet-available", "describe-subnets", {{kSuccess, kPathAll, "Subnets[].State", "available"}}},
      {"ec2",
       "volume-available",
       "describe-volumes",
       {{kSuccess, kPathAll, "Volumes[].State", "available"}, {kFailure, kPathAny, "Volumes[].State", "deleted"}}},
      {"ec2",
       "volume-deleted",
       "describe-volumes",
       {{kSuccess, kPathAll, "Volumes[].State", "deleted"}, {kSuccess, kError, "", "InvalidVolume.NotFound"}}},
      {"ec2",
       "volume-in-use",
       "describe-volumes",
       {{kSuccess, kPathAll, "Volumes[].State", "in-use"}, {kFailure, kPathAny, "Volumes[].State", "deleted"}}},
      {"ec2", "vpc-available", "describe-vpcs", {{kSuccess, kPathAll, "Vpcs[].State", "available"}}},
      {"ec2",
       "vpc-exists",
       "describe-vpcs",
       {{kSuccess, kStatus, "", "200"}, {kRetry, kError, "", "InvalidVpcID.NotFound"}}},
      {"ec2",
       "vpc-peering-connection-deleted",
       "describe-vpc-peering-connections",
       {{kSuccess, kPathAll, "VpcPeeringConnections[].Status.Code", "deleted"},
        {kSuccess, kError, "", "InvalidVpcPeeringConnectionID.NotFound"}}},
      {"ec2",
       "vpc-peering-connection-exists",
       "describe-vpc-peering-connections",
       {{kSuccess, kStatus, "", "200"}, {kRetry, kError, "", "InvalidVpcPeeringConnectionID.NotFound"}}},
      {"cloudwatch", "alarm-exists", "describe-alarms", {{kSuccess, kPath, "length(MetricAlarms[]) > `0`", "true"}}},
      {"cloudwatch",
       "composite-alarm-exists",
       "describe-alarms",
       {{kSuccess, kPath, "length(CompositeAlarms[]) > `0`", "true"}}},
      {"iam",
       "instance-profile-exists",
       "get-instance-profile",
       {{kSuccess, kStatus, "", "200"}, {kRetry, kStatus, "", "404"}}},
      {"iam", "policy-exists", "get-policy", {{kSuccess, kStatus, "", "200"}, {kRetry, kError, "", "NoSuchEntity"}}},
      {"iam", "role-exists", "get-role", {{kSuccess, kStatus, "", "200"}, {kRetry, kError, "", "NoSuchEntity"}}},
      {"iam", "user-exists", "get-user", {{kSuccess, kStatus, "", "200"}, {kRetry, kError, "", "NoSuchEntity"}}}};
  return *waiters;
}

std::string WaiterSummary(const std::string& name) {
  const size_t dash = name.rfind('-');
  const std::string thing = absl::StrReplaceAll(name.substr(0, dash), {{"-", " "}});
  const std::string state = name.substr(dash + 1);
  if (absl::EndsWith(thing, " in")) {
    return absl::StrCat("until the ", thing.substr(0, thing.size() - 3), " is in ", state);
  }
  return absl::StrCat("until the ", thing, state == "exists" ? " " : " is ", state);
}

std::string WhyOf(const std::string& why, const Answer& answer) {
  if (why.empty()) return "";
  std::vector<std::string> texts;
  for (const Answer& text : Selected(why, answer)) {
    if (text.is_string() && !text.get<std::string>().empty()) texts.push_back(Printable(text.get<std::string>()));
  }
  return absl::StrJoin(texts, ", ");
}

Accepted Accept(const std::vector<Acceptor>& acceptors, const Answer& answer, const std::string& error_code) {
  Accepted accepted;
  if (error_code.empty()) accepted.seen = Seen(acceptors, answer);
  for (const Acceptor& acceptor : acceptors) {
    if (error_code.empty() ? !FitsAnswer(acceptor, answer) : !FitsError(acceptor, error_code)) continue;
    accepted.state = acceptor.state;
    accepted.fits = true;
    return accepted;
  }
  return accepted;
}

}  // namespace brume::cli
