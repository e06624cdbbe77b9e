// The recycle bin: deleted snapshots and images that can be restored for a while.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "lib/resource/settings.h"
#include "lib/resource/tags.h"

namespace brume {

// How long what is deleted can be restored; zero = it is deleted for good at once.
struct Retention {
  absl::Duration snapshots, images;
};
inline Retention RetentionOf(const Settings& settings) {
  return {.snapshots = settings.recycle_bin_snapshots, .images = settings.recycle_bin_images};
}

// One thing in the bin. Its own row is a deleted one and stays, with its files, as long as this one is there.
struct BinEntry {
  std::string id;  // of a snapshot or an image
  absl::Time entered;
  absl::Time exits;       // from then on it is deleted for good
  TagMap tags = {};       // that it had
  bool disabled = false;  // it is an image that was disabled
};

}  // namespace brume
