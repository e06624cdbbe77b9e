#include "lib/ec2/network/linux/netlink_socket.h"

#include <linux/netlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/side_effect.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/network/linux/high_fd.h"

namespace brume::network {
namespace {

// What the callbacks of one Talk fill in.
struct Answers {
  NetlinkSocket::AnswerFunction on_answer;
  uint32_t sequence;
  int error = 0;  // positive errno
  bool done = false;
  bool interrupted = false;
};

int OnAnswer(nl_msg* message, void* argument) {
  auto* exchange = static_cast<Answers*>(argument);
  exchange->on_answer(nlmsg_hdr(message));
  return NL_OK;
}

int OnInterruptedDump(nl_msg*, void* argument) {
  static_cast<Answers*>(argument)->interrupted = true;
  return NL_OK;
}

// Answers of an earlier request that was given up half way are not ours.
int OnSequence(nl_msg* message, void* argument) {
  return nlmsg_hdr(message)->nlmsg_seq == static_cast<Answers*>(argument)->sequence ? NL_OK : NL_SKIP;
}

int OnEnd(nl_msg*, void* argument) {
  static_cast<Answers*>(argument)->done = true;
  return NL_STOP;
}

int OnError(sockaddr_nl*, nlmsgerr* error, void* argument) {
  auto* exchange = static_cast<Answers*>(argument);
  if (error->msg.nlmsg_seq != exchange->sequence) return NL_SKIP;
  exchange->error = -error->error;
  exchange->done = true;
  return NL_STOP;
}

absl::Status LibraryError(int code, absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": netlink: ", nl_geterror(code)));
}

absl::Status KernelError(int error, absl::string_view what) {
  // absl files these elsewhere; netlink means by each that the thing is not there.
  if (error == ESRCH || error == ENODEV || error == EADDRNOTAVAIL) {
    return absl::NotFoundError(absl::StrCat(what, ": ", strerrordesc_np(error)));
  }
  return absl::ErrnoToStatus(error, what);
}

}  // namespace

NlMessage NewRequest(int type, int flags) { return NlMessage(nlmsg_alloc_simple(type, flags | NLM_F_REQUEST)); }

void NetlinkSocket::Free::operator()(nl_sock* socket) const { nl_socket_free(socket); }

absl::StatusOr<NetlinkSocket> NetlinkSocket::Open(int protocol) {
  NetlinkSocket socket(nl_socket_alloc());
  if (socket.socket_ == nullptr) return absl::ResourceExhaustedError("netlink: no memory for a socket");
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  sockaddr_nl local = {};
  local.nl_family = AF_NETLINK;  // and a port that the kernel chooses
  if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof(local)) != 0) {
    return absl::ErrnoToStatus(errno, "cannot open a netlink socket");
  }
  fd = MoveHigh(std::move(fd));
  if (const int code = nl_socket_set_fd(socket.socket_.get(), protocol, fd.get()); code < 0) {
    return LibraryError(code, "cannot open a netlink socket");
  }
  fd.release();
  const int on = 1;
  // Lets the kernel honour the filters of dump requests. One that cannot sends the whole table, and every caller checks
  // what it gets anyway, so a failure changes nothing but time.
  setsockopt(nl_socket_get_fd(socket.socket_.get()), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
  nl_socket_set_buffer_size(socket.socket_.get(), 1 << 20, 1 << 18);
  nl_socket_set_msg_buf_size(socket.socket_.get(), 1 << 16);
  return socket;
}

absl::Status NetlinkSocket::Execute(NlMessage message, absl::string_view what) {
  const SideEffect effect("netlink", what);
  RETURN_IF_ERROR(effect.status());
  return Exchange(std::move(message), NLM_F_ACK, what, [](nlmsghdr*) {});
}

absl::Status NetlinkSocket::Get(NlMessage message, absl::string_view what, AnswerFunction on_answer) {
  return Exchange(std::move(message), NLM_F_ACK, what, on_answer);
}

absl::Status NetlinkSocket::Dump(NlMessage message, absl::string_view what, AnswerFunction on_answer) {
  return Exchange(std::move(message), NLM_F_DUMP, what, on_answer);
}

absl::Status NetlinkSocket::Exchange(NlMessage message, int flags, absl::string_view what, AnswerFunction on_answer) {
  if (message == nullptr) return absl::ResourceExhaustedError(absl::StrCat(what, ": no memory"));
  nl_sock* socket = socket_.get();
  nlmsg_hdr(message.get())->nlmsg_flags |= flags;
  nl_complete_msg(socket, message.get());
  if (const int code = nl_send(socket, message.get()); code < 0) return LibraryError(code, what);
  return Receive(nlmsg_hdr(message.get())->nlmsg_seq, what, on_answer);
}

absl::Status NetlinkSocket::ExecuteBatch(std::vector<NlMessage> messages, absl::string_view what) {
  const SideEffect effect("netlink", what);
  RETURN_IF_ERROR(effect.status());
  nl_sock* socket = socket_.get();
  const uint32_t sequence = nl_socket_use_seq(socket);
  std::string batch;
  for (const NlMessage& message : messages) {
    if (message == nullptr) return absl::ResourceExhaustedError(absl::StrCat(what, ": no memory"));
    nlmsghdr* header = nlmsg_hdr(message.get());
    header->nlmsg_seq = sequence;
    header->nlmsg_pid = nl_socket_get_local_port(socket);
    batch.append(reinterpret_cast<const char*>(header), NLMSG_ALIGN(header->nlmsg_len));
  }
  if (const int code = nl_sendto(socket, batch.data(), batch.size()); code < 0) return LibraryError(code, what);
  return Receive(sequence, what, [](nlmsghdr*) {});
}

absl::Status NetlinkSocket::Receive(uint32_t sequence, absl::string_view what, AnswerFunction on_answer) {
  nl_sock* socket = socket_.get();
  Answers exchange = {on_answer, sequence};
  const std::unique_ptr<nl_cb, decltype(&nl_cb_put)> callbacks(nl_cb_alloc(NL_CB_DEFAULT), nl_cb_put);
  if (callbacks == nullptr) return absl::ResourceExhaustedError(absl::StrCat(what, ": no memory"));
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, OnAnswer, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_DUMP_INTR, NL_CB_CUSTOM, OnInterruptedDump, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_SEQ_CHECK, NL_CB_CUSTOM, OnSequence, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_FINISH, NL_CB_CUSTOM, OnEnd, &exchange);
  nl_cb_set(callbacks.get(), NL_CB_ACK, NL_CB_CUSTOM, OnEnd, &exchange);
  nl_cb_err(callbacks.get(), NL_CB_CUSTOM, OnError, &exchange);

  while (!exchange.done) {
    if (const int code = nl_recvmsgs(socket, callbacks.get()); code < 0 && !exchange.done) {
      if (code == -NLE_INTR || code == -NLE_AGAIN) continue;
      return LibraryError(code, what);
    }
  }
  if (exchange.error != 0) return KernelError(exchange.error, what);
  // The table changed while it was read: the caller sees parts of two.
  if (exchange.interrupted) return absl::UnavailableError(absl::StrCat(what, ": changed while being read"));
  return absl::OkStatus();
}

}  // namespace brume::network
