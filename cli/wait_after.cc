#include "cli/wait_after.h"

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "cli/aws_waiters.h"
#include "cli/fill.h"
#include "cli/interrupt.h"
#include "cli/output_json.h"
#include "cli/ready.h"
#include "cli/table_columns.h"
#include "cli/text.h"
#include "cli/wait.h"
#include "lib/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

const Waiter* WaiterNamed(const std::string& name) {
  for (const Waiter& waiter : Waiters()) {
    if (waiter.name == name) return &waiter;
  }
  return nullptr;
}

std::vector<std::string> IdsAt(const Json& answer, const std::string& path) {
  std::vector<std::string> ids;
  for (const Json* value : ValuesAt(answer, path)) {
    if (value->is_string()) ids.push_back(Printable(value->get<std::string>()));
  }
  return ids;
}

// The request of the waiter's describe action.
Json LookFor(const WaitedOutcome& outcome, const std::vector<std::string>& ids, const Json& request) {
  Json look = Json::object();
  absl::string_view parameter = outcome.parameter;
  if (absl::ConsumePrefix(&parameter, "Filters:")) {
    look["Filters"] = Json::array({Json{{"Name", std::string(parameter)}, {"Values", ids}}});
  } else {
    look[std::string(parameter)] = ids;
  }
  if (outcome.scope != nullptr) look[outcome.scope] = request.value(outcome.scope, "");
  return look;
}

absl::Status AwaitByWaiter(const Schema& schema, Client& client, const WaitedOutcome& outcome, absl::Duration timeout,
                           const Json& request, const Json& answer) {
  const Waiter* waiter = WaiterNamed(outcome.waiter);
  const ApiAction* describe = waiter == nullptr ? nullptr : schema.FindActionOf(waiter->family, waiter->action);
  if (describe == nullptr) return absl::InternalError(absl::StrCat("there is no waiter ", outcome.waiter));
  std::vector<std::string> ids = IdsAt(answer, outcome.id);
  if (ids.empty()) ids = IdsAt(request, outcome.id);
  if (ids.empty()) return absl::InternalError(absl::StrCat("--wait: the answer names no ", outcome.id));
  std::unique_ptr<google::protobuf::Message> look = schema.NewMessage(describe->method->input_type());
  RETURN_IF_ERROR(FillMessage(LookFor(outcome, ids, request), "", look.get()));
  return AwaitWaiter(schema, client, *waiter, look.get(), ids.size(), timeout);
}

}  // namespace

const std::vector<WaitedOutcome>& WaitedOutcomes() {
  static constexpr char kScaling[] = "autoscaling", kGroup[] = "AutoScalingGroupName";
  static constexpr char kGroups[] = "AutoScalingGroupNames", kActivities[] = "ActivityIds";
  static constexpr char kRefreshes[] = "InstanceRefreshIds";
  static const auto* const outcomes = new std::vector<WaitedOutcome>{
      {"CreateVolume", "volume-available", "VolumeIds", "VolumeId"},
      {"AttachVolume", "volume-in-use", "VolumeIds", "VolumeId"},
      {"DetachVolume", "volume-available", "VolumeIds", "VolumeId"},
      {"DeleteVolume", "volume-deleted", "VolumeIds", "VolumeId"},
      {"CreateSnapshot", "snapshot-completed", "SnapshotIds", "SnapshotId"},
      {"CreateSnapshots", "snapshot-completed", "SnapshotIds", "Snapshots.SnapshotId"},
      {"CompleteSnapshot", "snapshot-completed", "SnapshotIds", "SnapshotId", "ebs"},
      {"CopySnapshot", "snapshot-completed", "SnapshotIds", "SnapshotId"},
      {"ImportSnapshot", "snapshot-imported", "ImportTaskIds", "ImportTaskId"},
      {"CreateImage", "image-available", "ImageIds", "ImageId"},
      {"RegisterImage", "image-available", "ImageIds", "ImageId"},
      {"CopyImage", "image-available", "ImageIds", "ImageId"},
      {"CreateStoreImageTask", "store-image-task-complete", "ImageIds", "ImageId"},
      {"CreateNatGateway", "nat-gateway-available", "NatGatewayIds", "NatGateway.NatGatewayId"},
      {"DeleteNatGateway", "nat-gateway-deleted", "NatGatewayIds", "NatGatewayId"},
      {"CreateNetworkInterface", "network-interface-available", "NetworkInterfaceIds",
       "NetworkInterface.NetworkInterfaceId"},
      {"CreateVpc", "vpc-exists", "VpcIds", "Vpc.VpcId"},
      {"CreateInternetGateway", "internet-gateway-exists", "InternetGatewayIds", "InternetGateway.InternetGatewayId"},
      {"CreateVpcPeeringConnection", "vpc-peering-connection-exists", "VpcPeeringConnectionIds",
       "VpcPeeringConnection.VpcPeeringConnectionId"},
      {"DeleteVpcPeeringConnection", "vpc-peering-connection-deleted", "VpcPeeringConnectionIds",
       "VpcPeeringConnectionId"},
      {"CreateKeyPair", "key-pair-exists", "KeyNames", "KeyName"},
      {"ImportKeyPair", "key-pair-exists", "KeyNames", "KeyName"},
      {"CreateSecurityGroup", "security-group-exists", "GroupIds", "GroupId"},
      {"CreateRestoreImageTask", "image-available", "ImageIds", "ImageId"},
      {"CreateReplaceRootVolumeTask", "replace-root-volume-task-succeeded", "ReplaceRootVolumeTaskIds",
       "ReplaceRootVolumeTask.ReplaceRootVolumeTaskId"},
      {"ModifyVolume", "volume-modified", "VolumeIds", "VolumeModification.VolumeId"},
      {"EnableFastSnapshotRestores", "fast-restores-enabled", "Filters:snapshot-id", "Successful.SnapshotId"},
      {"AttachNetworkInterface", "network-interface-attached", "NetworkInterfaceIds", "NetworkInterfaceId"},
      {"DetachNetworkInterface", "network-interface-detached", "Filters:attachment.attachment-id", "AttachmentId"},
      {"CreateVpcEndpoint", "vpc-endpoint-available", "VpcEndpointIds", "VpcEndpoint.VpcEndpointId"},
      {"DeleteVpcEndpoints", "vpc-endpoint-deleted", "VpcEndpointIds", "VpcEndpointIds"},
      {"StartNetworkInsightsAnalysis", "network-insights-analysis-succeeded", "NetworkInsightsAnalysisIds",
       "NetworkInsightsAnalysis.NetworkInsightsAnalysisId"},
      {"CreateAutoScalingGroup", "group-in-service", kGroups, kGroup, kScaling},
      {"UpdateAutoScalingGroup", "group-in-service", kGroups, kGroup, kScaling},
      {"SetDesiredCapacity", "group-in-service", kGroups, kGroup, kScaling},
      {"AttachInstances", "group-in-service", kGroups, kGroup, kScaling},
      {"ExecutePolicy", "group-in-service", kGroups, kGroup, kScaling},
      {"DeleteAutoScalingGroup", "group-deleted", kGroups, kGroup, kScaling},
      {"DetachInstances", "activity-successful", kActivities, "Activities.ActivityId", kScaling},
      {"EnterStandby", "activity-successful", kActivities, "Activities.ActivityId", kScaling},
      {"ExitStandby", "activity-successful", kActivities, "Activities.ActivityId", kScaling},
      {"TerminateInstanceInAutoScalingGroup", "activity-successful", kActivities, "Activity.ActivityId", kScaling},
      {"StartInstanceRefresh", "instance-refresh-successful", kRefreshes, "InstanceRefreshId", kScaling, kGroup},
      {"CancelInstanceRefresh", "instance-refresh-cancelled", kRefreshes, "InstanceRefreshId", kScaling, kGroup},
      {"RollbackInstanceRefresh", "instance-refresh-rolled-back", kRefreshes, "InstanceRefreshId", kScaling, kGroup},
  };
  return *outcomes;
}

const WaitedOutcome* WaitedOutcomeOf(const ApiAction& action) {
  for (const WaitedOutcome& outcome : WaitedOutcomes()) {
    if (action.family == outcome.family && action.api_name == outcome.action) return &outcome;
  }
  return nullptr;
}

bool CanWait(const ApiAction& action) { return !action.wait_state.empty() || WaitedOutcomeOf(action) != nullptr; }

std::string WaitedFor(const ApiAction& action) {
  if (action.wait_state.empty()) {
    const std::string name = absl::StrReplaceAll(WaitedOutcomeOf(action)->waiter, {{"-", " "}});
    const size_t last = name.rfind(' ');
    absl::string_view thing = absl::string_view(name).substr(0, last);
    const std::string state = name.substr(last + 1);
    const bool in = absl::ConsumeSuffix(&thing, " in");
    const char* verb = state == "exists" ? " " : absl::EndsWith(thing, "restores") ? " are " : " is ";
    return absl::StrCat("the ", thing, verb, in ? "in " : "", state);
  }
  return absl::StrCat(BeginsTask(action) ? "the task is " : "the instances are ", action.wait_state);
}

bool CanWaitForReady(const ApiAction& action) { return action.wait_state == "running"; }

std::string GoesOn(const ApiAction& action, const Json& answer) {
  const WaitedOutcome* outcome = WaitedOutcomeOf(action);
  std::vector<std::string> ids;
  for (const char* path : {"Instances.InstanceId", "StartingInstances.InstanceId", "StoppingInstances.InstanceId",
                           "TerminatingInstances.InstanceId", "ImportTaskId", "ExportImageTaskId"}) {
    if (ids.empty()) ids = IdsAt(answer, path);
  }
  if (ids.empty() && outcome != nullptr) ids = IdsAt(answer, outcome->id);
  const std::string named = absl::StrJoin(ids, " ");
  std::string text = "No longer waiting. Nothing was undone: ";
  if (BeginsTask(action)) {
    const char* flag = answer.contains("ImportTaskId") ? "import-task-id" : "export-task-id";
    const char* cancel = answer.contains("ImportTaskId") ? "cancel-import-task" : "cancel-export-task";
    return absl::StrCat(text, "the task ", named, " goes on. End it: brume ", cancel, " --", flag, " ", named);
  }
  if (action.wait_state.empty())
    return absl::StrCat(text, action.name, " goes on", ids.empty() ? "" : " with ", named, ".");
  absl::StrAppend(&text, named, action.wait_state == "running" ? " goes on starting." : " goes on to be ",
                  action.wait_state == "running" ? "" : absl::StrCat(action.wait_state, "."),
                  "\nSee it: brume describe-instances --instance-ids ", named);
  if (action.api_name == "RunInstances")
    absl::StrAppend(&text, "\nEnd it: brume terminate-instances --instance-ids ", named);
  if (action.api_name == "StartInstances")
    absl::StrAppend(&text, "\nEnd it: brume stop-instances --instance-ids ", named);
  if (action.api_name == "StopInstances") {
    absl::StrAppend(&text, "\nHasten it: brume stop-instances --force --instance-ids ", named);
  }
  return text;
}

absl::Status AwaitOutcome(const Schema& schema, Client& client, const ApiAction& action, const WaitWishes& wishes,
                          const google::protobuf::Message& request, google::protobuf::Message* response) {
  const Json answer = ToJson(*response);
  const InterruptNotice notice(GoesOn(action, answer));
  const absl::Time start = absl::Now();
  const WaitedOutcome* outcome = action.wait_state.empty() ? WaitedOutcomeOf(action) : nullptr;
  if (outcome != nullptr) return AwaitByWaiter(schema, client, *outcome, wishes.timeout, ToJson(request), answer);
  const absl::Status waited = WaitAfterAction(schema, client, action, wishes.timeout, response);
  if (!waited.ok()) return WithConsole(client, ToJson(*response), waited);
  if (!wishes.ready) return absl::OkStatus();
  return AwaitReady(schema, client, ToJson(*response), wishes.timeout - (absl::Now() - start));
}

}  // namespace brume::cli
