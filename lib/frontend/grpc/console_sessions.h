// Attached consoles: bytes both ways between a gRPC stream and the stream socket of a guest's serial console.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/base/unique_fd.h"
#include "lib/frontend/grpc/peers.h"
#include "lib/gateway/caller.h"
#include "lib/gateway/dispatcher.h"

namespace brume::frontend {

struct ConsoleOptions {
  int max_sessions = 16;
  bool simulated = false;  // answers say so
};

// Thread-safe. One thread for each console that is attached; at most `max_sessions` at once, and one of an instance, as
// in EC2: QEMU talks to one at a time and lets a second one wait without a word.
class ConsoleSessions {
 public:
  using Open = std::function<absl::StatusOr<UniqueFd>(const std::string& id, const Caller& caller)>;
  using Reactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

  // Each call goes through the dispatcher: asked of policies, limited, recorded.
  ConsoleSessions(const gateway::Dispatcher& dispatcher, Peers& peers, Open open, ConsoleOptions options)
      : dispatcher_(dispatcher), peers_(peers), open_(std::move(open)), options_(options) {}
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

  const gateway::Dispatcher& dispatcher_;
  Peers& peers_;
  const Open open_;
  const ConsoleOptions options_;
  Mutex mutex_;
  CondVar left_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<Session*> running_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> claimed_ ABSL_GUARDED_BY(mutex_);  // instances
};

}  // namespace brume::frontend
