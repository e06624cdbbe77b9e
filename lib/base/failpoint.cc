#include "lib/base/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/log.h"

namespace brume {
namespace {

struct Action {
  std::string verb;
  int delay_ms = 0;
  int at_passing = 0;  // 0 = at each
  std::atomic<int> passings = 0;
};

std::map<std::string, std::unique_ptr<Action>> Parse(const char* text) {
  std::map<std::string, std::unique_ptr<Action>> actions;
  for (absl::string_view item : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(item, absl::MaxSplits('=', 1));
    auto action = std::make_unique<Action>();
    const std::pair<std::string, std::string> at = absl::StrSplit(pair.second, absl::MaxSplits('@', 1));
    const std::pair<std::string, std::string> verb = absl::StrSplit(at.first, absl::MaxSplits(':', 1));
    action->verb = verb.first;
    const bool numbers_fine = (at.second.empty() || absl::SimpleAtoi(at.second, &action->at_passing)) &&
                              (verb.second.empty() || absl::SimpleAtoi(verb.second, &action->delay_ms));
    if (!numbers_fine || (action->verb != "crash" && action->verb != "error" && action->verb != "delay")) {
      log::Error("BRUME_FAILPOINTS: cannot read '{}'", item);
      abort();
    }
    actions[pair.first] = std::move(action);
  }
  return actions;
}

}  // namespace

absl::Status Failpoint(absl::string_view name) {
  static const char* const text = getenv("BRUME_FAILPOINTS");
  if (text == nullptr) return absl::OkStatus();
  static const std::map<std::string, std::unique_ptr<Action>> actions = Parse(text);
  const auto it = actions.find(std::string(name));
  if (it == actions.end()) return absl::OkStatus();
  Action& action = *it->second;
  const int passing = ++action.passings;
  if (action.at_passing != 0 && passing != action.at_passing) return absl::OkStatus();
  if (action.verb == "crash") kill(getpid(), SIGKILL);
  if (action.verb == "error") return absl::InternalError(absl::StrCat("failpoint ", name));
  std::this_thread::sleep_for(std::chrono::milliseconds(action.delay_ms));
  return absl::OkStatus();
}

}  // namespace brume
