// A disk for SQLite that can lose its power: what is written stays in a cache until it is synced, and a cut keeps an
// arbitrary part of what was not. It stands in the place of SQLite's own VFS for all files below one directory.
//
//   VolatileDisk disk(directory.path());
//   disk.BeforeEachChange([&] { images.push_back(disk.Cut(random, 512)); });
//   Database::Open(directory / "brume.db");
//
// Modelled: content and length of files, their names, and which sync makes what of them durable. As with SQLite's
// VFS for Unix, the first sync of a log or journal that SQLite made also syncs the directory. Sectors are lost and
// kept each on its own, in any of the versions that they had since the last sync, so writes are dropped, reordered
// and torn. A sector itself is written whole or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lib/base/random.h"

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

  // What the disk could hold if its power went now. Takes nothing from this disk.
  Image Cut(Random& random, size_t sector_bytes);
  // As after an orderly end.
  Image Now();

 private:
  friend struct VolatileFile;
  friend struct VolatileVfs;

  struct Change {
    uint64_t offset = 0;
    std::string bytes;       // of a write
    bool truncates = false;  // to `offset`
  };
  struct Node {
    std::string content;
    std::string durable;
    std::vector<Change> unsynced;
    bool syncs_directory = false;  // its next sync does
    std::vector<struct VolatileFile*> open;
    std::vector<std::unique_ptr<char[]>> shared_memory;
    std::map<int, std::pair<struct VolatileFile*, int>> shared_memory_locks;  // exclusive owner, sharers
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  void Changes() const {
    if (before_change_) before_change_();
  }
  static std::string SurvivorOf(const Node& node, Random& random, size_t sector_bytes);
  void SyncDirectory();

  const std::string directory_;
  std::function<void()> before_change_;
  bool ignores_syncs_ = false;
  std::mutex mutex_;
  Names names_;
  Names durable_names_;
  // What each name stood for since the last sync of the directory; null = nothing.
  std::map<std::string, std::vector<std::shared_ptr<Node>>> unsynced_names_;
};

}  // namespace brume::store
