// Hears from the kernel, by netlink, that links, addresses, routes, switches of the router or packet rules changed, in
// as many namespaces as there are: one thread and one epoll for all of them, two sockets for each.
//
// It says where something changed, not what and not who: whoever listens looks. What the kernel announces to nobody (a
// process that ended, a name of a namespace that was unmounted) is not heard.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/mutex.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/network/fabric.h"

namespace brume::network {

// Thread-safe.
class ChangeWatch {
 public:
  static absl::StatusOr<std::unique_ptr<ChangeWatch>> Start();
  ~ChangeWatch();
  ChangeWatch(const ChangeWatch&) = delete;
  ChangeWatch& operator=(const ChangeWatch&) = delete;

  // Hears of the network namespace of the calling thread, which is `part`, until it is removed. OK when it does.
  absl::Status Add(const FabricPart& part);
  void Remove(const FabricPart& part);

  // Called on the watch's thread, which waits for it; it must not block nor call this watch. Null = nobody. The former
  // one is not called any more once this has returned.
  void SetListener(ChangeListener listener);

 private:
  ChangeWatch(UniqueFd epoll, UniqueFd stop) : epoll_(std::move(epoll)), stop_(std::move(stop)) {}
  void Run();
  void Notify(const std::set<int>& ready);

  const UniqueFd epoll_;
  const UniqueFd stop_;  // an eventfd
  Mutex mutex_;
  ChangeListener listener_ ABSL_GUARDED_BY(mutex_);
  struct Source {
    FabricPart part;
    UniqueFd socket;
  };
  std::map<int, Source> sources_ ABSL_GUARDED_BY(mutex_);  // by the socket's number
  std::thread thread_;
};

}  // namespace brume::network
