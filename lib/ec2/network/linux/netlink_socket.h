// One netlink socket: a request, its answers, the kernel's errno as a status. No knowledge of any message.
#pragma once

#include <netlink/msg.h>

#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace brume::network {

struct NlMsgFree {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using NlMessage = std::unique_ptr<nl_msg, NlMsgFree>;

// A request of `type`, to which the caller adds its parts.
NlMessage NewRequest(int type, int flags = 0);

// Belongs to the network namespace of the thread that opens it. Not thread-safe.
//
// Errors are the kernel's errno with `what` before it: EEXIST is AlreadyExists; what is not there (ESRCH, ENODEV,
// EADDRNOTAVAIL, ENOENT) is NotFound.
class NetlinkSocket {
 public:
  using AnswerFunction = absl::FunctionRef<void(nlmsghdr*)>;

  // `protocol`: NETLINK_ROUTE, NETLINK_NETFILTER.
  static absl::StatusOr<NetlinkSocket> Open(int protocol);

  absl::Status Execute(NlMessage message, absl::string_view what);
  // Sent in one piece, for a subsystem that takes all of them or none. The kernel may refuse any of them.
  absl::Status ExecuteBatch(std::vector<NlMessage> messages, absl::string_view what);
  // One answer.
  absl::Status Get(NlMessage message, absl::string_view what, AnswerFunction on_answer);
  // Many answers. Unavailable when the table changed meanwhile: ask again.
  absl::Status Dump(NlMessage message, absl::string_view what, AnswerFunction on_answer);

 private:
  struct Free {
    void operator()(nl_sock* socket) const;
  };
  explicit NetlinkSocket(nl_sock* socket) : socket_(socket) {}
  absl::Status Exchange(NlMessage message, int flags, absl::string_view what, AnswerFunction on_answer);
  // Until the request of this number is answered in full.
  absl::Status Receive(uint32_t sequence, absl::string_view what, AnswerFunction on_answer);

  std::unique_ptr<nl_sock, Free> socket_;
};

}  // namespace brume::network
