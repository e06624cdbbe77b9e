// Who makes a call: the user behind a Unix connection, or the name in a client's certificate.
#pragma once

#include <grpcpp/server_context.h>
#include <sys/types.h>

#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lib/base/mutex.h"
#include "lib/base/random.h"
#include "lib/frontend/grpc/certificate_user.h"
#include "lib/gateway/caller.h"

namespace brume::frontend {

// Thread-safe.
//
// gRPC calls the peer of a connection that was handed to it "fd:N", so N leads to the user the acceptor saw. N may be
// used again once a connection is closed; a call that was received just before and is looked up just after would be
// put down to the new connection's user. That is harmless, because all users let in have the same rights.
class Peers {
 public:
  // With `certificate_user` the common name of a client's certificate is a user's; without, certificates are
  // administrators'.
  explicit Peers(CertificateUser certificate_user = {}) : certificate_user_(std::move(certificate_user)) {}

  // Before the connection is handed to gRPC.
  void Add(int fd, uid_t uid);

  // With a new request id. Who is a user by a certificate is nobody yet, and may do nothing.
  Caller CallerOf(const grpc::CallbackServerContext& context);
  // Makes a caller by certificate its user, where certificates are users'. May block. Error: AuthFailure.
  absl::Status Complete(const grpc::CallbackServerContext& context, Caller& caller) const;

 private:
  const CertificateUser certificate_user_;
  Mutex mutex_;
  absl::flat_hash_map<int, uid_t> users_ ABSL_GUARDED_BY(mutex_);
  SystemRandom random_;
};

// The bare address in what gRPC calls a TCP peer: "10.0.0.1" of "ipv4:10.0.0.1:5000", "::1" of "ipv6:%5B::1%5D:5000".
// What is of another form stays as it is.
std::string AddressOf(absl::string_view peer);

}  // namespace brume::frontend
