// Who makes a call: the user behind a Unix connection, or the name in a client's certificate.
#pragma once

#include <grpcpp/server_context.h>
#include <sys/types.h>

#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "lib/base/random.h"
#include "lib/domain/caller.h"

namespace brume::frontend {

// Thread-safe.
//
// gRPC calls the peer of a connection that was handed to it "fd:N", so N leads to the user the acceptor saw. N may be
// used again once a connection is closed; a call that was received just before and is looked up just after would be
// put down to the new connection's user. That is harmless, because all users let in have the same rights.
class Peers {
 public:
  // Before the connection is handed to gRPC.
  void Add(int fd, uid_t uid);

  // With a new request id.
  Caller CallerOf(const grpc::CallbackServerContext& context);

 private:
  std::mutex mutex_;
  absl::flat_hash_map<int, uid_t> users_;
  SystemRandom random_;
};

}  // namespace brume::frontend
