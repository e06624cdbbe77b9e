#include "lib/base/failpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/log.h"
#include "lib/base/mutex.h"
#include "lib/base/side_effect.h"
#include "lib/base/unique_fd.h"

namespace brume {
namespace {

// So many words of what a side effect is about make its name.
constexpr size_t kMaxWords = 4;

struct Verb {
  std::string name;
  int delay_ms = 0;
};

struct Action {
  Verb verb;
  int at_passing = 0;  // 0 = at each
  std::atomic<int> passings = 0;
};

const char* Setting() {
  static const char* const text = getenv("BRUME_FAILPOINTS");
  return text;
}

const char* WalkDirectory() {
  static const char* const path = getenv("BRUME_FAILPOINT_WALK");
  return path;
}

bool ParseVerb(absl::string_view text, Verb& verb) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  verb.name = parts.first;
  if (!parts.second.empty() && !absl::SimpleAtoi(parts.second, &verb.delay_ms)) return false;
  return verb.name == "crash" || verb.name == "error" || verb.name == "delay" || verb.name == "hang";
}

std::map<std::string, std::unique_ptr<Action>> Parse(const char* text) {
  std::map<std::string, std::unique_ptr<Action>> actions;
  for (absl::string_view item : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(item, absl::MaxSplits('=', 1));
    auto action = std::make_unique<Action>();
    const std::pair<std::string, std::string> at = absl::StrSplit(pair.second, absl::MaxSplits('@', 1));
    if (!ParseVerb(at.first, action->verb) ||
        !(at.second.empty() || absl::SimpleAtoi(at.second, &action->at_passing))) {
      log::Error("BRUME_FAILPOINTS: cannot read '{}'", item);
      abort();
    }
    actions[pair.first] = std::move(action);
  }
  return actions;
}

absl::Status Act(const Verb& verb, absl::string_view name) {
  if (verb.name == "crash") kill(getpid(), SIGKILL);
  if (verb.name == "error") return absl::InternalError(absl::StrCat("failpoint ", name));
  if (verb.name == "hang") log::Warn("hangs at {}", name);
  while (verb.name == "hang") pause();
  std::this_thread::sleep_for(std::chrono::milliseconds(verb.delay_ms));
  return absl::OkStatus();
}

std::string& Operation() {
  thread_local std::string operation;
  return operation;
}

std::string ReadAll(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[4096];
  for (ssize_t count; file && (count = read(file.get(), buffer, sizeof(buffer))) > 0;) text.append(buffer, count);
  return text;
}

void AppendLine(const std::string& path, absl::string_view line) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const std::string text = absl::StrCat(line, "\n");
  if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    log::Error("BRUME_FAILPOINT_WALK: cannot write {}", path);
    abort();
  }
}

// Of the walk: one thread at a time acts, and looks at the directory.
struct Walk {
  Mutex mutex;
  std::set<std::string> seen ABSL_GUARDED_BY(mutex);
};

// What to do at `place`; a verb without a name = nothing.
Verb TakeStep(const std::string& directory, const std::string& place) {
  static auto* const walk = new Walk;
  const MutexLock lock(walk->mutex);
  if (walk->seen.insert(place).second) AppendLine(directory + "/passed", place);
  const std::string armed = ReadAll(directory + "/armed");
  const std::vector<std::string> words = absl::StrSplit(absl::StripAsciiWhitespace(armed), ' ');
  Verb verb;
  if (words.size() != 3 || (words[2] != "*" && words[2] != place) || !ParseVerb(words[0], verb)) return {};
  const std::string line = absl::StrCat(words[0], " ", words[1], " ", place);
  const std::string done = ReadAll(directory + "/done");
  if (words[2] == "*") {
    for (absl::string_view each : absl::StrSplit(done, '\n')) {
      if (each == line) return {};
    }
  }
  unlink((directory + "/armed").c_str());
  AppendLine(directory + "/done", line);
  return verb;
}

}  // namespace

bool FailpointsAreSet() { return Setting() != nullptr || WalkDirectory() != nullptr; }

absl::Status Failpoint(absl::string_view name) {
  if (!FailpointsAreSet()) return absl::OkStatus();
  const std::string place = Operation().empty() ? std::string(name) : absl::StrCat(Operation(), "/", name);
  if (WalkDirectory() != nullptr) {
    const Verb verb = TakeStep(WalkDirectory(), place);
    if (!verb.name.empty()) return Act(verb, place);
  }
  if (Setting() == nullptr) return absl::OkStatus();
  static const std::map<std::string, std::unique_ptr<Action>> actions = Parse(Setting());
  auto found = actions.find(std::string(name));
  if (found == actions.end()) found = actions.find(place);
  if (found == actions.end()) return absl::OkStatus();
  Action& action = *found->second;
  const int passing = ++action.passings;
  if (action.at_passing != 0 && passing != action.at_passing) return absl::OkStatus();
  return Act(action.verb, name);
}

std::string FailpointOperation() { return FailpointsAreSet() ? Operation() : std::string(); }

FailpointScope::FailpointScope(absl::string_view operation) {
  if (FailpointsAreSet()) outer_ = std::exchange(Operation(), std::string(operation));
}

FailpointScope::~FailpointScope() {
  if (FailpointsAreSet()) Operation() = std::move(outer_);
}

SideEffect::SideEffect(absl::string_view kind, absl::string_view what) {
  if (!FailpointsAreSet()) return;
  name_ = std::string(kind);
  size_t words = 0;
  for (absl::string_view word : absl::StrSplit(what, absl::ByAnyChar(" /.-:'"), absl::SkipEmpty())) {
    bool plain = true;
    for (const char c : word) plain &= absl::ascii_isalpha(c) || c == '_';
    if (plain && words++ < kMaxWords) absl::StrAppend(&name_, words == 1 ? "." : "_", word);
  }
  status_ = Failpoint(name_ + ".before");
}

SideEffect::~SideEffect() {
  if (name_.empty() || !status_.ok()) return;
  // What it stands behind has happened: an error here would be a lie.
  if (const absl::Status after = Failpoint(name_ + ".after"); !after.ok()) log::Warn("{}", after.message());
}

}  // namespace brume
