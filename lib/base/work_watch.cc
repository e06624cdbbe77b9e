#include "lib/base/work_watch.h"

#include <chrono>
#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "lib/base/log.h"
#include "lib/base/mutex.h"

namespace brume {
namespace {

using Instant = std::chrono::steady_clock::time_point;

struct Begun {
  std::string what;
  Instant at;
};

// Of the process, as its threads are.
struct Registry {
  Mutex mutex;
  int64_t latest ABSL_GUARDED_BY(mutex) = 0;
  std::map<int64_t, Begun> under_way ABSL_GUARDED_BY(mutex);  // by number, so by age
};

// Never destroyed: threads may outlive main's end.
Registry& TheRegistry() {
  static Registry* const registry = new Registry;
  return *registry;
}

int64_t Begin(std::string what) {
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  registry.under_way.emplace(++registry.latest, Begun{.what = std::move(what), .at = std::chrono::steady_clock::now()});
  return registry.latest;
}

}  // namespace

WatchedWork::WatchedWork(std::string what) : number_(Begin(std::move(what))) {}

WatchedWork::~WatchedWork() {
  Registry& registry = TheRegistry();
  const MutexLock lock(registry.mutex);
  registry.under_way.erase(number_);
}

std::vector<WorkUnderWay> WorkOlderThan(absl::Duration age) {
  Registry& registry = TheRegistry();
  const Instant now = std::chrono::steady_clock::now();
  std::vector<WorkUnderWay> old;
  const MutexLock lock(registry.mutex);
  for (const auto& [number, begun] : registry.under_way) {
    const absl::Duration taken = absl::FromChrono(now - begun.at);
    if (taken < age) break;
    old.push_back({.number = number, .what = begun.what, .age = taken});
  }
  return old;
}

void WorkWatch::Look() {
  std::set<int64_t> long_ones;
  for (const WorkUnderWay& work : WorkOlderThan(kLongWork)) {
    long_ones.insert(work.number);
    if (!told_.emplace(work.number, work.what).second) continue;
    log::Warn("{} has been under way for {} s", work.what, absl::ToInt64Seconds(work.age));
  }
  std::erase_if(told_, [&](const auto& told) {
    if (long_ones.contains(told.first)) return false;
    log::Info("{} has ended", told.second);
    return true;
  });
}

}  // namespace brume
