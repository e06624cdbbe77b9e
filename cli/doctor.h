// `brume doctor`: what works on this host, and what to do about what does not.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/api_schema.h"
#include "cli/args.h"

namespace brume::host::v1 {
class DescribeHostResponse;
}

namespace brume::cli {

struct DoctorCheck {
  std::string name;
  bool ok = false;
  std::string detail;
  std::string fix;
};

// The checks as lines, faults with their fixes; control characters made visible. `width`: where lines are broken, 0 =
// nowhere.
std::string RenderChecks(const std::vector<DoctorCheck>& checks, int width = 0);

// A fault where the daemon runs as a user who cannot make guests; nothing where it is root, simulates or is not here.
std::vector<DoctorCheck> CheckUser(int daemon_uid, int daemon_pid, bool simulated);

// The daemon's answer for a reader.
std::string RenderHost(const host::v1::DescribeHostResponse& host, int width = 0);

// Asks the daemon; when it cannot be reached, looks for why from here. Exit code 0 when all is well, else 1.
absl::StatusOr<int> RunDoctor(const Schema& schema, const GlobalOptions& global,
                              const std::vector<std::string>& tokens);

}  // namespace brume::cli
