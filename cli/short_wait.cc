#include "cli/short_wait.h"

#include <algorithm>
#include <csignal>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "cli/console_history.h"
#include "cli/instances.h"
#include "cli/short_table.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

volatile std::sig_atomic_t interrupt_came = 0;

void NoteInterrupt(int) { interrupt_came = 1; }

// From which states the wanted one does not come.
bool CannotCome(const std::string& state, const std::string& wanted) {
  if (state == wanted || wanted == "terminated") return false;
  if (wanted == "running") return state == "stopped" || state == "shutting-down" || state == "terminated";
  return state == "shutting-down" || state == "terminated";
}

// Those instances as they are now; one that is no longer described has ended.
absl::Status LookAgain(Client& client, std::vector<ec2::v1::Instance>* instances) {
  InstanceFilter filter{"instance-id", {}};
  for (const ec2::v1::Instance& instance : *instances) filter.values.push_back(instance.instance_id());
  ASSIGN_OR_RETURN(std::vector<ec2::v1::Instance> described, DescribeInstances(client, {filter}));
  std::map<std::string, ec2::v1::Instance> by_id;
  for (ec2::v1::Instance& instance : described) by_id[instance.instance_id()] = std::move(instance);
  for (ec2::v1::Instance& instance : *instances) {
    const auto now = by_id.find(instance.instance_id());
    if (now != by_id.end()) {
      instance = now->second;
    } else {
      instance.mutable_state()->set_name("terminated");
    }
  }
  return absl::OkStatus();
}

std::string StatesOf(const std::vector<ec2::v1::Instance>& instances, const std::string& wanted) {
  std::vector<std::string> parts;
  size_t there = 0;
  for (const ec2::v1::Instance& instance : instances) {
    if (instance.state().name() == wanted) {
      ++there;
    } else if (parts.size() < 3) {
      parts.push_back(absl::StrCat(ShortNameOf(instance), " is ", instance.state().name()));
    }
  }
  if (instances.size() > 1) parts.push_back(absl::StrCat(there, " of ", instances.size(), " ", wanted));
  return absl::StrJoin(parts, ", ");
}

}  // namespace

NotedInterrupt::NotedInterrupt() {
  struct sigaction action = {};
  action.sa_handler = NoteInterrupt;
  sigaction(SIGINT, &action, &interrupt_before_);
  sigaction(SIGTERM, &action, &terminate_before_);
}

NotedInterrupt::~NotedInterrupt() {
  sigaction(SIGINT, &interrupt_before_, nullptr);
  sigaction(SIGTERM, &terminate_before_, nullptr);
}

bool NotedInterrupt::Came() { return interrupt_came != 0; }

absl::Status CheckNotInterrupted(const std::string& goes_on) {
  return NotedInterrupt::Came() ? absl::CancelledError(goes_on) : absl::OkStatus();
}

absl::Status WaitForState(Client& client, std::vector<ec2::v1::Instance>* instances, const std::string& wanted,
                          absl::Duration timeout, const std::string& goes_on) {
  const absl::Time start = absl::Now();
  absl::Duration pause = absl::Milliseconds(50);
  Progress progress;
  while (true) {
    RETURN_IF_ERROR(LookAgain(client, instances));
    bool all = true;
    for (const ec2::v1::Instance& instance : *instances) {
      const std::string& state = instance.state().name();
      all = all && state == wanted;
      if (!CannotCome(state, wanted)) continue;
      const std::string reason = ReasonOf(instance);
      return absl::FailedPreconditionError(absl::StrCat(CalledAs(instance), " is ", state,
                                                        reason.empty() ? "" : absl::StrCat(": ", reason),
                                                        LastWords(client, instance.instance_id())));
    }
    if (all) return absl::OkStatus();
    const absl::Duration waited = absl::Now() - start;
    const std::string states = StatesOf(*instances, wanted);
    progress.Show(states, absl::StrCat(absl::ToInt64Seconds(waited), " s"));
    RETURN_IF_ERROR(CheckNotInterrupted(goes_on));
    if (waited > timeout) {
      return absl::DeadlineExceededError(
          absl::StrCat("not ", wanted, " after ", absl::ToInt64Seconds(waited), " s: ", states, ". ", goes_on));
    }
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(pause));
    pause = std::min(pause * 3 / 2, absl::Seconds(1));
  }
}

std::string ReasonOf(const ec2::v1::Instance& instance) {
  return instance.state_reason().message().empty() ? instance.state_transition_reason()
                                                   : instance.state_reason().message();
}

std::string LastWords(Client& client, const std::string& instance_id) {
  constexpr size_t kLines = 8;
  const absl::StatusOr<std::string> text = ConsoleText(client, instance_id);
  // It only adds to an error that is told anyway.
  if (!text.ok()) return "";
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    line = absl::StripSuffix(line, "\r");
    if (!line.empty()) lines.emplace_back(line);
  }
  if (lines.empty()) return "";
  if (lines.size() > kLines) lines.erase(lines.begin(), lines.end() - kLines);
  return absl::StrCat("\nThe last lines of its console:\n  ", absl::StrJoin(lines, "\n  "));
}

}  // namespace brume::cli
