// Waiting of the short commands: with progress, until a state, Ctrl-C or the end of patience.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "brume/ec2/v1/instance.pb.h"
#include "cli/rpc_client.h"

namespace brume::cli {

// While one lives, Ctrl-C and SIGTERM are noted instead of ending the program, so that it can say what goes on.
class NotedInterrupt {
 public:
  NotedInterrupt();
  ~NotedInterrupt();
  NotedInterrupt(const NotedInterrupt&) = delete;
  NotedInterrupt& operator=(const NotedInterrupt&) = delete;

  static bool Came();

 private:
  struct sigaction interrupt_before_ = {}, terminate_before_ = {};
};

// Cancelled, with `goes_on` as the message, once Ctrl-C came.
absl::Status CheckNotInterrupted(const std::string& goes_on);

// Waits until all instances are in the state and leaves them as they are then. An error says which will not get there,
// why, and what its console said last. `goes_on`: what is said when Ctrl-C ends the waiting.
absl::Status WaitForState(Client& client, std::vector<ec2::v1::Instance>* instances, const std::string& wanted,
                          absl::Duration timeout, const std::string& goes_on);

// Why an instance is in its state, as EC2 says it; "" where it does not.
std::string ReasonOf(const ec2::v1::Instance& instance);

// The console's last lines for an error message, or "" where there are none.
std::string LastWords(Client& client, const std::string& instance_id);

}  // namespace brume::cli
