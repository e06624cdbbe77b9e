// A disk for SQLite that can lose its power: what is written stays in a cache until it is synced, and a cut keeps an
// arbitrary part of what was not. It stands in the place of SQLite's own VFS for all files below one directory.
//
//   VolatileDisk disk(directory.path());
//   disk.BeforeEachChange([&] { images.push_back(disk.Cut(random, 512)); });
//   Database::Open(directory / "brume.db");
//
// Modelled: content and length of files, their names, and which sync makes what of them durable. As with SQLite's
// VFS for Unix, the first sync of a log or journal that SQLite made also syncs the directory. What becomes of content
// is UnsyncedBytes' matter.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/base/random.h"
#include "tests/support/unsynced_bytes.h"

namespace brume::store {

class VolatileDisk {
 public:
  // What a disk holds: content by name.
  using Image = std::map<std::string, std::string>;

  // All of `image` is durable. One disk at a time for a directory.
  explicit VolatileDisk(std::string directory, const Image& image = {});
  ~VolatileDisk();
  VolatileDisk(const VolatileDisk&) = delete;
  VolatileDisk& operator=(const VolatileDisk&) = delete;

  // Called before each write, truncation, sync, creation and removal, on the thread that does it.
  void BeforeEachChange(std::function<void()> call) { before_change_ = std::move(call); }
  // Syncs do nothing from now on, as with a disk that answers them from a volatile cache.
  void IgnoreSyncs() { ignores_syncs_ = true; }

  // It takes that many changes more, and then fails every one, as for a machine that is going down.
  void FailAfter(uint64_t changes) { changes_left_ = changes; }
  bool failed() const { return failed_; }

  // What the disk could hold if its power went now. Takes nothing from this disk.
  Image Cut(Random& random, size_t sector_bytes);
  // As after an orderly end.
  Image Now();

 private:
  friend struct VolatileFile;
  friend struct VolatileVfs;

  struct Node {
    UnsyncedBytes bytes;
    bool syncs_directory = false;  // its next sync does
    std::vector<struct VolatileFile*> open;
    std::vector<std::unique_ptr<char[]>> shared_memory;
    std::map<int, std::pair<struct VolatileFile*, int>> shared_memory_locks;  // exclusive owner, sharers
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  // Before each change; false = it fails.
  bool Changes() {
    if (changes_left_.has_value() && (*changes_left_)-- == 0) {
      failed_ = true;
      changes_left_.reset();
    }
    if (!failed_ && before_change_) before_change_();
    return !failed_;
  }
  void SyncDirectory();

  const std::string directory_;
  std::function<void()> before_change_;
  bool ignores_syncs_ = false;
  std::optional<uint64_t> changes_left_;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  Names names_;
  Names durable_names_;
  // What each name stood for since the last sync of the directory; null = nothing.
  std::map<std::string, std::vector<std::shared_ptr<Node>>> unsynced_names_;
};

}  // namespace brume::store
