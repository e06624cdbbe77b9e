#include "lib/ec2/network/linux/change_watch.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/linux/high_fd.h"

namespace brume::network {
namespace {

// Messages of one socket that are read before the others have their turn.
constexpr int kMaxMessages = 256;
constexpr int kEvents = 64;

// Of a transaction of nftables only the message that ends it passes: its rules and elements, which may be thousands,
// are not copied.
absl::Status LetGenerationsThrough(int socket) {
  constexpr uint16_t kNewGeneration = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWGEN;
  std::array<sock_filter, 4> program = {{
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(nlmsghdr, nlmsg_type)),
      // The filter reads in network order what the kernel wrote in the host's.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(kNewGeneration), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
      BPF_STMT(BPF_RET | BPF_K, 0),
  }};
  const sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "cannot filter netlink's messages");
}

absl::StatusOr<UniqueFd> Subscribe(int protocol, const std::vector<int>& groups) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  sockaddr_nl local = {};
  local.nl_family = AF_NETLINK;
  if (!fd) return absl::ErrnoToStatus(errno, "cannot open a netlink socket");
  fd = MoveHigh(std::move(fd));
  if (protocol == NETLINK_NETFILTER) RETURN_IF_ERROR(LetGenerationsThrough(fd.get()));
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&local), sizeof(local)) != 0) {
    return absl::ErrnoToStatus(errno, "cannot open a netlink socket");
  }
  for (const int group : groups) {
    if (setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
      return absl::ErrnoToStatus(errno, "cannot subscribe to changes by netlink");
    }
  }
  return fd;
}

// Takes away what waits. More than there was room for (ENOBUFS) is news like any other.
void Drain(int socket) {
  char byte;
  for (int i = 0; i < kMaxMessages; ++i) {
    if (recv(socket, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) < 0 && errno != EINTR && errno != ENOBUFS) return;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChangeWatch>> ChangeWatch::Start() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC)), stop(eventfd(0, EFD_CLOEXEC));
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = stop.get();
  if (!epoll || !stop || epoll_ctl(epoll.get(), EPOLL_CTL_ADD, stop.get(), &event) != 0) {
    return absl::ErrnoToStatus(errno, "cannot wait for changes of the network");
  }
  std::unique_ptr<ChangeWatch> watch(new ChangeWatch(std::move(epoll), std::move(stop)));
  watch->thread_ = std::thread([self = watch.get()] { self->Run(); });
  pthread_setname_np(watch->thread_.native_handle(), "net-watch");
  return watch;
}

ChangeWatch::~ChangeWatch() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

absl::Status ChangeWatch::Add(const FabricPart& part) {
  {
    MutexLock lock(mutex_);
    for (const auto& [fd, source] : sources_) {
      if (source.part == part) return absl::OkStatus();
    }
  }
  std::vector<UniqueFd> sockets;
  ASSIGN_OR_RETURN(sockets.emplace_back(),
                   Subscribe(NETLINK_ROUTE, {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE,
                                             RTNLGRP_IPV4_NETCONF}));
  ASSIGN_OR_RETURN(sockets.emplace_back(), Subscribe(NETLINK_NETFILTER, {NFNLGRP_NFTABLES}));
  MutexLock lock(mutex_);
  for (UniqueFd& socket : sockets) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = socket.get();
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0) {
      return absl::ErrnoToStatus(errno, "cannot wait for changes of the network");
    }
    const int fd = socket.get();
    sources_.insert_or_assign(fd, Source{part, std::move(socket)});
  }
  return absl::OkStatus();
}

void ChangeWatch::Remove(const FabricPart& part) {
  MutexLock lock(mutex_);
  std::erase_if(sources_, [&](const auto& each) { return each.second.part == part; });
}

void ChangeWatch::SetListener(ChangeListener listener) {
  MutexLock lock(mutex_);
  listener_ = std::move(listener);
}

void ChangeWatch::Run() {
  std::array<epoll_event, kEvents> events;
  while (true) {
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      log::Error("changes of the network are seen by the sweep alone: {}", strerrordesc_np(errno));
      return;
    }
    std::set<int> ready;
    for (int i = 0; i < count; ++i) ready.insert(events[i].data.fd);
    if (ready.contains(stop_.get())) return;
    Notify(ready);
  }
}

void ChangeWatch::Notify(const std::set<int>& ready) {
  MutexLock lock(mutex_);
  std::set<FabricPart> parts;
  for (const int fd : ready) {
    const auto source = sources_.find(fd);
    if (source == sources_.end()) continue;  // removed at this moment
    Drain(fd);
    parts.insert(source->second.part);
  }
  if (listener_ == nullptr) return;
  for (const FabricPart& part : parts) listener_(part);
}

}  // namespace brume::network
