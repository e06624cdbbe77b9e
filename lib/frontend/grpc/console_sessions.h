// Attached consoles: bytes both ways between a gRPC stream and the stream socket of a guest's serial console.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "lib/base/unique_fd.h"
#include "lib/frontend/grpc/peers.h"
#include "lib/gateway/caller.h"

namespace brume::frontend {

// Thread-safe. One thread for each console that is attached; at most `most` at once, and one of an instance, as in EC2:
// QEMU talks to one at a time and lets a second one wait without a word.
class ConsoleSessions {
 public:
  using Open = std::function<absl::StatusOr<UniqueFd>(const std::string& id, const Caller& caller)>;
  using Reactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

  ConsoleSessions(Open open, Peers& peers, int most, bool simulated)
      : open_(std::move(open)), peers_(peers), most_(most), simulated_(simulated) {}
  // Waits for the threads.
  ~ConsoleSessions();

  // The reactor of a new Attach call; it ends itself.
  Reactor* Start(grpc::CallbackServerContext* context);
  // Ends every session. None can begin afterwards.
  void Close();

 private:
  class Session;
  // False when there are too many, or after Close.
  bool Enter(Session* session);
  void Leave(Session* session);
  // Makes the caller the one who has the instance's console. Waits a moment for one who is just leaving; false when
  // there is one who stays.
  bool Claim(const std::string& instance_id);
  void Unclaim(const std::string& instance_id);

  const Open open_;
  Peers& peers_;
  const int most_;
  const bool simulated_;
  std::mutex mutex_;
  std::condition_variable left_;
  bool closed_ = false;
  std::set<Session*> running_;
  std::set<std::string> claimed_;  // instances
};

}  // namespace brume::frontend
