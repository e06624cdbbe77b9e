// Runs helper programs: an argument vector, never a shell.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/confinement.h"

namespace brume {

struct CommandResult {
  int exit_code = 0;  // 128 + signal number when a signal ended it
  std::string standard_output;
  std::string standard_error;
};

struct CommandOptions {
  // Past it the program and what it started in its process group are killed and DeadlineExceeded returned.
  absl::Duration timeout = absl::Seconds(30);
  std::string standard_input = {};  // so that {.timeout = …} alone is no warning
  // Instead of pipes: what it reads from, and what its output goes to. -1 = unset.
  int input_fd = -1, output_fd = -1;
  // Asked several times a second while it runs; when it answers no, the program is killed and Cancelled returned.
  std::function<bool()> goes_on = {};
  // How it is held; unset = it runs as we do.
  std::optional<Confinement> confinement = {};
};

// Runs argv[0] (looked up in PATH) to its end; what it leaves running in the background is not waited for. Both outputs
// are kept up to 1 MiB each. A non-zero exit code is not an error of this function. The child gets pipes as 0, 1 and 2
// and no other descriptor of ours, LC_ALL=C, default signals and a process group of its own. Thread-safe; blocks the
// calling thread. Errors: NotFound when there is no such program, DeadlineExceeded, Cancelled, and those of
// SpawnConfined.
absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& argv, const CommandOptions& options = {});

// RunCommand that turns a non-zero exit code into an Internal error quoting the program's last line of output.
absl::StatusOr<std::string> RunChecked(const std::vector<std::string>& argv, const CommandOptions& options = {});

}  // namespace brume
