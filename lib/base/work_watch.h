// What the threads are at, so that work that hangs is noticed while it hangs.
//
//   const WatchedWork work(absl::StrCat("instance: ", key.text()));
//
//   WorkWatch watch;  // one a process: says in the log what takes long
//   watch.Start();
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/base/periodic.h"

namespace brume {

// What has been under way for so long is worth a line in the log; looked for every kWatchPeriod, so that it is there
// within ten seconds.
inline constexpr absl::Duration kLongWork = absl::Seconds(7);
inline constexpr absl::Duration kWatchPeriod = absl::Seconds(2);

// While it lives, the thread is at this work.
class WatchedWork {
 public:
  explicit WatchedWork(std::string what);
  ~WatchedWork();
  WatchedWork(const WatchedWork&) = delete;
  WatchedWork& operator=(const WatchedWork&) = delete;

 private:
  const int64_t number_;
};

struct WorkUnderWay {
  int64_t number = 0;  // no other work of the process has it
  std::string what;
  absl::Duration age;
};

// The oldest first. Thread-safe.
std::vector<WorkUnderWay> WorkOlderThan(absl::Duration age);

// Warns once of each work that takes longer than kLongWork, and says when it has ended after all.
class WorkWatch {
 public:
  void Start() { periodic_.Start(kWatchPeriod); }

 private:
  void Look();

  std::map<int64_t, std::string> told_;
  Periodic periodic_{kWatchPeriod, [this] { Look(); }};  // last: it uses what is above
};

}  // namespace brume
