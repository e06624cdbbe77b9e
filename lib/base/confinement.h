// A helper program that reads what strangers made, with as few rights as it can do its work with.
//
// It runs as another user, without capabilities and without a way to get any, in a network namespace of its own (unless
// it is to have the network), with bounds on memory, CPU time, files and file sizes, may open no file but those it is
// given (Landlock, where the kernel has it: Debian 12's does), and may not make the system calls that a program of this
// kind never needs (seccomp). It dies with the thread that started it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace brume {

struct Confinement {
  // As whom it runs. Where the caller is not root itself (development), as the caller, with its network.
  uid_t uid = 0;
  gid_t gid = 0;
  bool network = false;
  // Whether it may listen by a socket that it is given. It makes none.
  bool listens = false;
  // Files and directories it may open, beside programs and libraries below /usr. Each must be there.
  std::vector<std::string> readable = {};
  // Files it may write as well, as their modes allow. Each must be there: it makes none.
  std::vector<std::string> writable = {};
  int64_t memory_bytes = int64_t{2} << 30;  // address space
  int64_t cpu_seconds = 600;
  int64_t file_bytes = int64_t{1} << 30;  // the largest file it may write, its standard output included
  int64_t open_files = 64;
};

// What becomes 0, 1 and 2 of the program.
struct StandardFds {
  int input = -1, output = -1, error = -1;
};

// Starts argv[0], looked up in /usr/bin and /bin, in a process group of its own with LC_ALL=C and PATH as its whole
// environment. Returns its pid, which the caller waits for. Errors: NotFound when there is no such program; Unavailable
// when it cannot be confined, and then it has not run.
absl::StatusOr<pid_t> SpawnConfined(const std::vector<std::string>& argv, const StandardFds& fds,
                                    const Confinement& confinement);

// Whether this kernel can hold a program to the files it is given.
bool CanConfineFiles();

}  // namespace brume
