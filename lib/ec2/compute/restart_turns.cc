#include "lib/ec2/compute/restart_turns.h"

#include <algorithm>
#include <utility>

namespace brume::compute {

RestartTurns::RestartTurns(Limits limits, const Clock& clock) : limits_(limits), clock_(clock) {}

void RestartTurns::Fill(std::vector<InstanceId> waiting) {
  MutexLock lock(mutex_);
  if (waiting.size() > static_cast<size_t>(limits_.parallel)) waiting_ = std::move(waiting);
}

void RestartTurns::EndTurns() {
  const absl::Time now = clock_.Now();
  std::erase_if(turns_, [now](const auto& turn) { return turn.second <= now; });
}

RestartTurns::Answer RestartTurns::Take(const InstanceId& id) {
  MutexLock lock(mutex_);
  const auto found = std::find(waiting_.begin(), waiting_.end(), id);
  if (found == waiting_.end()) return {};
  EndTurns();
  const auto place = static_cast<size_t>(found - waiting_.begin());
  const size_t parallel = static_cast<size_t>(limits_.parallel), taken = std::min(turns_.size(), parallel);
  if (place < parallel - taken) {
    waiting_.erase(found);
    turns_[id] = absl::InfiniteFuture();
    return {.turn = Turn::kTaken};
  }
  std::vector<absl::Time> ends;
  ends.reserve(turns_.size());
  for (const auto& [other, end] : turns_) ends.push_back(end);
  std::sort(ends.begin(), ends.end());
  const size_t awaited = place - (parallel - taken);
  return {.turn = Turn::kWaits,
          .wait = awaited < ends.size() ? ends[awaited] - clock_.Now() : absl::InfiniteDuration()};
}

void RestartTurns::Started(const InstanceId& id) {
  MutexLock lock(mutex_);
  if (const auto turn = turns_.find(id); turn != turns_.end()) turn->second = clock_.Now() + limits_.boot_time;
}

bool RestartTurns::Leave(const InstanceId& id) {
  MutexLock lock(mutex_);
  if (std::erase(waiting_, id) > 0) return true;
  const auto turn = turns_.find(id);
  if (turn == turns_.end() || turn->second != absl::InfiniteFuture()) return false;
  turns_.erase(turn);
  return true;
}

std::vector<InstanceId> RestartTurns::Front() const {
  MutexLock lock(mutex_);
  const size_t count = std::min(waiting_.size(), static_cast<size_t>(limits_.parallel));
  return {waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace brume::compute
