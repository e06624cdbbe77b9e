// How long a group waits with its next launch after launches that failed and guests that died young, so that a broken
// image or a full host does not make a storm of launches.
#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace brume::scaling {

struct Backoff {
  static constexpr absl::Duration kFirst = absl::Seconds(10);
  static constexpr absl::Duration kMaxLength = absl::Minutes(10);

  int failures = 0;
  absl::Time last = absl::InfinitePast();

  // Failures at the same time are one: a host that goes down takes all its guests along, and they come back together.
  // Those of long ago are discarded.
  void Fail(absl::Time now) {
    if (now == last) return;
    failures = now - last > 2 * kMaxLength ? 1 : failures + 1;
    last = now;
  }

  // The first failure costs no time; then 10 s, doubled with each, up to 10 minutes.
  absl::Time NotBefore() const {
    if (failures < 2) return absl::InfinitePast();
    constexpr int kDoublings = 6;
    return last + std::min(kMaxLength, kFirst * (1 << std::min(failures - 2, kDoublings)));
  }
};

}  // namespace brume::scaling
