#include "cli/instance_list.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/call.h"
#include "cli/instances.h"
#include "cli/short_options.h"
#include "cli/short_wait.h"
#include "cli/terminal.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

constexpr char kGroupTag[] = "aws:autoscaling:groupName";

// Those that are there, or all; as the API lists them.
absl::StatusOr<ec2::v1::DescribeInstancesResponse> ListInstances(Client& client, bool all) {
  ec2::v1::DescribeInstancesRequest request;
  if (!all) {
    ec2::v1::Filter& states = *request.add_filters();
    states.set_name("instance-state-name");
    for (const char* state : {"pending", "running", "stopping", "stopped", "shutting-down"}) states.add_values(state);
  }
  return CallAllPages<ec2::v1::DescribeInstancesResponse>(client, request);
}

ShortTable TableOf(const ec2::v1::DescribeInstancesResponse& answer) {
  std::vector<ec2::v1::Instance> instances;
  for (const ec2::v1::Reservation& reservation : answer.reservations()) {
    instances.insert(instances.end(), reservation.instances().begin(), reservation.instances().end());
  }
  return InstanceTable(instances, absl::Now());
}

std::string NoInstances(bool all) {
  return all ? "No instances. Launch one: brume launch"
             : "No instances. Launch one: brume launch. Those that ended lately: brume ls --all";
}

// Anew every two seconds, from the top of the screen.
absl::Status WatchInstances(Client& client, bool all) {
  NotedInterrupt interrupt;
  while (!NotedInterrupt::Came()) {
    ASSIGN_OR_RETURN(const auto answer, ListInstances(client, all));
    const ShortTable table = TableOf(answer);
    const std::string text = table.empty() ? NoInstances(all) + "\n" : table.Render(TerminalWidth(STDOUT_FILENO));
    RETURN_IF_ERROR(Print(absl::StrCat("\x1b[H\x1b[2J", text)));
    poll(nullptr, 0, 2000);  // Ctrl-C ends it early
  }
  return absl::OkStatus();
}

absl::StatusOr<int> RunLs(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "ls", .usage = "brume ls [--all] [--watch]"};
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, tokens, {{"all", false}, {"watch", false}}));
  if (!options.has_value()) return 0;
  const bool all = options->Find("all") != nullptr, watch = options->Find("watch") != nullptr;
  if (watch && !global.query.empty()) return absl::InvalidArgumentError("--watch shows a table, and takes no --query");
  if (watch && !IsTerminal(STDOUT_FILENO)) return absl::InvalidArgumentError("--watch needs a terminal");
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  if (watch) {
    RETURN_IF_ERROR(WatchInstances(*client, all));
    return 0;
  }
  ASSIGN_OR_RETURN(const auto answer, ListInstances(*client, all));
  RETURN_IF_ERROR(PrintTable(TableOf(answer), answer, global, NoInstances(all)));
  return 0;
}

}  // namespace

ShortTable InstanceTable(const std::vector<ec2::v1::Instance>& instances, absl::Time now) {
  std::vector<const ec2::v1::Instance*> sorted;
  for (const ec2::v1::Instance& instance : instances) sorted.push_back(&instance);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    const std::string first = TagOf(*a, "Name"), second = TagOf(*b, "Name");
    // Those without a name come last.
    if (first.empty() != second.empty()) return second.empty();
    return std::pair(first, a->instance_id()) < std::pair(second, b->instance_id());
  });
  ShortTable table({{"NAME"},
                    {"STATE"},
                    {"ADDRESS", 1},
                    {"AGE", 3},
                    {"TYPE", 4},
                    {"ID", 2},
                    {"GROUP", 5},
                    {"PRIVATE", 6},
                    {"IMAGE", 8},
                    {"KEY", 7}});
  for (const ec2::v1::Instance* instance : sorted) {
    const std::string& address =
        instance->public_ip_address().empty() ? instance->ipv6_address() : instance->public_ip_address();
    table.Add({TagOf(*instance, "Name"), instance->state().name(), address, AgeCell(instance->launch_time(), now),
               instance->instance_type(), instance->instance_id(), TagOf(*instance, kGroupTag),
               instance->private_ip_address(), instance->image_id(), instance->key_name()});
  }
  return table;
}

Command LsCommand() {
  return {"ls",
          "ls [--all] [--watch]",
          "Lists instances.",
          "Sorted by name. In a pipe, each line is an instance: name, state, address, launch time, type, id, group, "
          "private address, image and key, separated by tabs; --output json prints the response of describe-instances.",
          {{"--all", "Include terminated instances."}, {"--watch", "Update every two seconds; Ctrl-C ends it."}},
          WithoutSchema<RunLs>,
          /*has_answer=*/true};
}

}  // namespace brume::cli
