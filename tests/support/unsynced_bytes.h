// Content of a file on a disk that can lose its power: what is durable, and what was written since.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/random.h"

namespace brume {

struct UnsyncedBytes {
  struct Change {
    uint64_t offset = 0;
    std::string bytes;       // of a write
    bool truncates = false;  // to `offset`
  };

  // All of it is durable now.
  void Sync(std::string whole) {
    content = durable = std::move(whole);
    unsynced.clear();
  }
  void Add(Change change);
  // What the disk could hold if its power went now: sectors are lost and kept each on its own, in any of the versions
  // that they had since the last sync, so writes are dropped, reordered and torn. A sector is written whole or not.
  std::string SurvivorOf(Random& random, size_t sector_bytes) const;

  std::string content;
  std::string durable;
  std::vector<Change> unsynced;
};

}  // namespace brume
