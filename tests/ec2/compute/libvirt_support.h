// State directories that QEMU can enter, QEMU processes, and a process of its own that holds guests.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "lib/base/unique_fd.h"
#include "lib/ec2/compute/hypervisor.h"
#include "tests/support/temp_dir.h"

namespace brume::compute {

// Of this process: it can open one embedded root, ever.
const std::string& StateDir();
// The embedded driver in StateDir().
std::unique_ptr<Hypervisor> Embedded(absl::Duration disk_statistics_period = absl::ZeroDuration());

// A guest with a disk over a layer that others share: libvirt leaves the owners and modes of both as they are.
void CheckOwnersKept(Hypervisor& hypervisor);

// The pid of the guest's QEMU; fails the test when there is none.
pid_t QemuOf(const std::string& guest);
// Whether there is such a process, zombies aside.
bool Lives(pid_t pid);
std::string ReadText(const std::string& path);

// tests/ec2/compute/libvirt_holder.cc as a child, which ends by itself at the end.
class Holder {
 public:
  explicit Holder(const std::string& state_dir);
  ~Holder();
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  // Waits until it has opened libvirt.
  void AwaitReady();
  // Its answer; "" when it is gone.
  std::string Ask(const std::string& command);
  void Send(const std::string& command);
  // kill -9, and waits.
  void Kill();
  // Lets it end by itself; its exit code.
  int Quit();

 private:
  std::string ReadLine();

  pid_t pid_ = -1;
  UniqueFd to_, from_;
};

// Talks to a shell at a guest's console. While one is open something must read it: QEMU sends a byte at a time, so a
// few hundred unread ones fill the socket, and the guest waits for ever at the next.
class Console {
 public:
  explicit Console(UniqueFd fd) : fd_(std::move(fd)) {}
  // Runs a command and returns what was printed until it ended.
  std::string Run(const std::string& command);
  // Types a line. What the guest has not read when this object goes is lost.
  void Type(const std::string& line);
  // Reads until `text` comes, the guest closes, or a minute is over; what was read.
  std::string ReadUntil(const std::string& text);

 private:
  UniqueFd fd_;
};

}  // namespace brume::compute
