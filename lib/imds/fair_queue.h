// Work of several sources, taken in turn: one piece of each source that has any, before the next one of the same. So
// what a source waits for grows with the number of sources, and not with what another one asks.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "lib/base/mutex.h"

namespace brume::imds {

// Thread-safe.
template <typename Source, typename Work>
class FairQueue {
 public:
  // Dropped when the queue was stopped.
  void Push(const Source& source, Work work) {
    {
      MutexLock lock(mutex_);
      if (stopped_) return;
      std::deque<Work>& waiting = waiting_[source];
      if (waiting.empty()) turns_.push_back(source);
      waiting.push_back(std::move(work));
    }
    changed_.NotifyOne();
  }

  // Waits for some. Unset once the queue was stopped.
  std::optional<Work> Take() {
    MutexLock lock(mutex_);
    while (!stopped_ && turns_.empty()) changed_.Wait(mutex_);
    if (stopped_) return std::nullopt;
    const Source source = std::move(turns_.front());
    turns_.pop_front();
    const auto waiting = waiting_.find(source);
    std::optional<Work> work = std::move(waiting->second.front());
    waiting->second.pop_front();
    if (waiting->second.empty()) {
      waiting_.erase(waiting);
    } else {
      turns_.push_back(source);
    }
    return work;
  }

  // What waits is dropped, and nothing is taken any more.
  void Stop() {
    std::map<Source, std::deque<Work>> dropped;
    {
      MutexLock lock(mutex_);
      stopped_ = true;
      dropped.swap(waiting_);
      turns_.clear();
    }
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<Source, std::deque<Work>> waiting_ ABSL_GUARDED_BY(mutex_);  // none of them is empty
  std::deque<Source> turns_ ABSL_GUARDED_BY(mutex_);                    // each source of `waiting_` once
};

}  // namespace brume::imds
