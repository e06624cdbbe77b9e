// A tmpfs of a given size in a mount namespace of its own, for tests of full and read-only disks. Needs root.
#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <string>

#include "tests/support/temp_dir.h"

namespace brume {

class SmallDisk {
 public:
  explicit SmallDisk(const std::string& size) {
    REQUIRE(unshare(CLONE_NEWNS) == 0);
    REQUIRE(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    REQUIRE(mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, ("mode=0755,size=" + size).c_str()) == 0);
  }
  ~SmallDisk() { umount2(dir_.path().c_str(), MNT_DETACH); }
  bool MakeReadOnly() { return mount("tmpfs", dir_.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0; }
  std::string operator/(const std::string& name) const { return dir_ / name; }
  const std::string& path() const { return dir_.path(); }

 private:
  TempDir dir_;
};

}  // namespace brume
