// The bytes of one attached console, between gRPC's threads and a poll loop.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "cli/rpc_client.h"

namespace brume::cli {

// Thread-safe. Received bytes wait in a bounded buffer: a slow reader slows the daemon's sending, not our memory.
class ConsoleStream {
 public:
  // Attaches to the instance. Errors come by Finished().
  ConsoleStream(Client& client, const std::string& instance_id);
  // Cancels what is under way and waits for its end.
  ~ConsoleStream();

  // Readable (poll) whenever TakeOutput or Finished may have something new.
  int event_fd() const;

  // What the console showed since the last call.
  std::string TakeOutput();
  // True at the end, with why: OK when the console ended by itself.
  bool Finished(absl::Status* status);

  // Types at the console. False while much typed before is still on its way: try again after the next event.
  bool Send(const std::string& bytes);

 private:
  class Reactor;
  std::unique_ptr<Reactor> reactor_;
};

}  // namespace brume::cli
