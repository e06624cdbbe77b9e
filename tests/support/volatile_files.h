// The files below a directory as a disk that loses its power would have them: what this program does to them through
// the C library is recorded on its way, and a cut makes a directory that holds an arbitrary part of what was not
// synced.
//
//   VolatileFiles files(state.path());
//   files.BeforeEachChange([&] { files.Cut(random, 512, NewDirectory()); });
//   disks->EnsureVolume(volume);
//
// A program that uses it is linked with --wrap of each call (tests/ec2/storage/disks_power_loss.cmake). What other
// programs do is seen at the next sync of the same file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/unsynced_bytes.h"

namespace brume {

class VolatileFiles {
 public:
  // What is below `root` is durable. One at a time.
  explicit VolatileFiles(std::string root);
  ~VolatileFiles();
  VolatileFiles(const VolatileFiles&) = delete;
  VolatileFiles& operator=(const VolatileFiles&) = delete;

  // Called before each write, truncation, sync, creation, new name and removal.
  void BeforeEachChange(std::function<void()> call) { before_change_ = std::move(call); }
  // The n-th sync from now fails with EIO; 1 = the next.
  void FailSync(int n) { fails_in_ = n; }

  // Fills the empty directory `to` with what the disk could hold if its power went now.
  void Cut(Random& random, size_t sector_bytes, const std::string& to);

  // For the functions in the place of the C library's.
  static VolatileFiles* Current();
  bool Begin(bool is_sync);  // false = a sync is to fail
  void Made(int directory, const std::string& name, bool is_directory);
  void Gone(int directory, const std::string& name);
  void Named(int directory, const std::string& name, int from_directory, const std::string& from, bool moved);
  void Wrote(int file, uint64_t offset, std::string bytes);
  void Truncated(int file, uint64_t size);
  void Synced(int file);

 private:
  struct Node {
    bool is_directory = false;
    UnsyncedBytes bytes;
    std::map<std::string, std::shared_ptr<Node>> names, durable_names;
    std::map<std::string, std::vector<std::shared_ptr<Node>>> unsynced_names;  // null = none
  };
  std::shared_ptr<Node> Adopt(const std::string& path);
  Node* NodeOf(int file);
  void Put(int directory, const std::string& name, const std::shared_ptr<Node>& node);
  void Write(const Node& node, Random& random, size_t sector_bytes, const std::string& to,
             std::map<const Node*, std::string>& written);

  std::function<void()> before_change_;
  bool in_call_ = false;
  int fails_in_ = 0;
  std::map<uint64_t, std::shared_ptr<Node>> by_inode_;
  std::shared_ptr<Node> root_;
};

}  // namespace brume
