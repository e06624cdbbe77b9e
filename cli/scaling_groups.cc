#include "cli/scaling_groups.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "brume/autoscaling/v1/activity.pb.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "cli/call.h"
#include "cli/short_options.h"
#include "cli/short_table.h"
#include "cli/short_wait.h"
#include "cli/spelling.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

using autoscaling::v1::AutoScalingGroup;

int InService(const AutoScalingGroup& group) {
  return static_cast<int>(std::count_if(group.instances().begin(), group.instances().end(), [](const auto& instance) {
    return instance.lifecycle_state() == "InService";
  }));
}

// EC2 has a word only for a group that is being deleted.
std::string StateOf(const AutoScalingGroup& group) {
  if (!group.status().empty()) return "deleting";
  const int in_service = InService(group), members = group.instances_size();
  return in_service == group.desired_capacity() && members == in_service ? "steady" : "scaling";
}

std::string TemplateOf(const AutoScalingGroup& group) {
  const auto& within = group.mixed_instances_policy().launch_template().launch_template_specification();
  for (const std::string& name : {group.launch_template().launch_template_name(), within.launch_template_name()}) {
    if (!name.empty()) return name;
  }
  return group.launch_configuration_name();
}

absl::StatusOr<AutoScalingGroup> FindGroup(Client& client, const std::string& name) {
  ASSIGN_OR_RETURN(const auto all, CallAllPages<autoscaling::v1::DescribeAutoScalingGroupsResponse>(
                                       client, autoscaling::v1::DescribeAutoScalingGroupsRequest()));
  std::vector<std::string> names;
  for (const AutoScalingGroup& group : all.auto_scaling_groups()) {
    if (group.auto_scaling_group_name() == name) return group;
    names.push_back(group.auto_scaling_group_name());
  }
  return absl::NotFoundError(absl::StrCat("there is no Auto Scaling group '", name, "'.", DidYouMean(name, names),
                                          " brume groups shows what there is."));
}

// What the newest activity that failed says; "" where none did since then.
std::string LatestFailure(Client& client, const std::string& name, absl::Time since) {
  autoscaling::v1::DescribeScalingActivitiesRequest request;
  request.set_auto_scaling_group_name(name);
  const auto answer = Call<autoscaling::v1::DescribeScalingActivitiesResponse>(client, request);
  // It only adds to what is told anyway.
  if (!answer.ok()) return "";
  for (const autoscaling::v1::Activity& activity : answer->activities()) {
    absl::Time begun;
    std::string error;
    const bool dated = absl::ParseTime(absl::RFC3339_full, activity.start_time(), &begun, &error);
    if (activity.status_code() == "Failed" && dated && begun >= since) return activity.status_message();
  }
  return "";
}

absl::Status WaitUntilScaled(Client& client, const std::string& name, int wanted, absl::Duration timeout) {
  const absl::Time start = absl::Now();
  const NotedInterrupt interrupt;
  Progress progress;
  while (true) {
    ASSIGN_OR_RETURN(const AutoScalingGroup group, FindGroup(client, name));
    const int in_service = InService(group);
    if (in_service == wanted && group.instances_size() == wanted) return absl::OkStatus();
    const std::string counts = absl::StrCat(name, " has ", in_service, " in service of ", wanted);
    const absl::Duration waited = absl::Now() - start;
    progress.Show(counts, absl::StrCat(absl::ToInt64Seconds(waited), " s"));
    const std::string failure = LatestFailure(client, name, start - absl::Seconds(1));
    if (!failure.empty()) return absl::FailedPreconditionError(absl::StrCat(counts, ": ", failure));
    const std::string goes_on =
        absl::StrCat(counts, ". It goes on: brume groups shows it, brume scale ", name, " N sets another number.");
    RETURN_IF_ERROR(CheckNotInterrupted(goes_on));
    if (waited > timeout) return absl::DeadlineExceededError(goes_on);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
}

absl::StatusOr<int> RunGroups(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "groups", .usage = "brume groups"};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, {}));
  if (!options.has_value()) return 0;
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const auto groups, CallAllPages<autoscaling::v1::DescribeAutoScalingGroupsResponse>(
                                          *client, autoscaling::v1::DescribeAutoScalingGroupsRequest()));
  RETURN_IF_ERROR(PrintTable(GroupTable(groups, absl::Now()), groups, global,
                             "No Auto Scaling groups. brume help create-auto-scaling-group says how one is made."));
  return 0;
}

absl::StatusOr<int> RunScale(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "scale", .usage = "brume scale GROUP N", .least = 2, .most = 2};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, {{"no-wait", false}, {"timeout"}}));
  if (!options.has_value()) return 0;
  int wanted = 0;
  if (!absl::SimpleAtoi(options->positional[1], &wanted) || wanted < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("brume scale takes a number of instances, not '", options->positional[1], "'"));
  }
  ASSIGN_OR_RETURN(const absl::Duration timeout, TimeoutOf(*options, absl::Minutes(10)));
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const AutoScalingGroup group, FindGroup(*client, options->positional[0]));
  const std::string& name = group.auto_scaling_group_name();
  if (wanted < group.min_size() || wanted > group.max_size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " has at least ", group.min_size(), " and at most ", group.max_size(),
                     " instances: brume update-auto-scaling-group --auto-scaling-group-name ", name, " --",
                     wanted < group.min_size() ? "min" : "max", "-size ", wanted));
  }
  autoscaling::v1::SetDesiredCapacityRequest request;
  request.set_auto_scaling_group_name(name);
  request.set_desired_capacity(wanted);
  RETURN_IF_ERROR(Call<autoscaling::v1::SetDesiredCapacityResponse>(*client, request).status());
  if (options->Find("no-wait") != nullptr) return 0;
  RETURN_IF_ERROR(WaitUntilScaled(*client, name, wanted, timeout));
  if (!ShowsTables(global)) return 0;
  RETURN_IF_ERROR(Print(absl::StrCat(Printable(name), " has ", Counted(wanted, "instance"), " in service.\n")));
  return 0;
}

}  // namespace

ShortTable GroupTable(const autoscaling::v1::DescribeAutoScalingGroupsResponse& groups, absl::Time now) {
  ShortTable table({{"NAME"},
                    {"STATE"},
                    {"DESIRED", 1},
                    {"IN SERVICE", 1},
                    {"MIN", 2},
                    {"MAX", 2},
                    {"AGE", 4},
                    {"TEMPLATE", 3},
                    {"INSTANCES", 5}});
  for (const AutoScalingGroup& group : groups.auto_scaling_groups()) {
    std::vector<std::string> members;
    for (const auto& instance : group.instances()) members.push_back(instance.instance_id());
    table.Add({group.auto_scaling_group_name(), StateOf(group), absl::StrCat(group.desired_capacity()),
               absl::StrCat(InService(group)), absl::StrCat(group.min_size()), absl::StrCat(group.max_size()),
               AgeCell(group.created_time(), now), TemplateOf(group), absl::StrJoin(members, ",")});
  }
  return table;
}

Command GroupsCommand() {
  return {"groups",
          "groups",
          "Lists Auto Scaling groups.",
          "STATE is steady if the desired capacity is in service, scaling until then, or deleting.",
          {},
          WithoutSchema<RunGroups>,
          /*has_answer=*/true};
}

Command ScaleCommand() {
  return {"scale",
          "scale GROUP N [--no-wait] [--timeout SECONDS]",
          "Sets the desired capacity of an Auto Scaling group, and waits until it is in service.",
          "Like set-desired-capacity. N must be within the group's minimum and maximum size.",
          {{"--no-wait", "Do not wait."}, {"--timeout SECONDS", "Give up after this long. Default: 600."}},
          WithoutSchema<RunScale>};
}

}  // namespace brume::cli
