// A connection to libvirt that comes back: opened in the background, watched, opened again with backoff.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/ec2/compute/libvirt/deadline_pool.h"
#include "lib/ec2/compute/libvirt/virt.h"

namespace brume::compute {

struct ConnectionOptions {
  std::string uri;
  // A connection to the embedded driver is never closed: with it libvirt takes down the driver, and guests it is just
  // finding again die with it ("shutting down, reason=daemon", libvirt 9.0).
  bool embedded = false;
  absl::Duration open_deadline = absl::Seconds(30);
  // Called before each attempt to open; an error is the reason why there is no connection.
  std::function<absl::Status()> prepare;
  // Called on each new connection before anyone else gets it: registers for its events. Returns what to pass to
  // virConnectDomainEventDeregisterAny at its end.
  std::function<absl::StatusOr<std::vector<int>>(virConnectPtr)> subscribe;
  // Called when a connection stands; `again` when someone may have met its absence before. On the connection's thread.
  std::function<void(const ConnectHandle& handle, bool again)> on_open;
};

// Thread-safe. StartEventLoop() comes first.
class LibvirtConnection {
 public:
  // Makes a first attempt and waits for its end, at most the open deadline; its failure is not an error.
  LibvirtConnection(ConnectionOptions options, DeadlinePool& pool);
  ~LibvirtConnection();
  LibvirtConnection(const LibvirtConnection&) = delete;
  LibvirtConnection& operator=(const LibvirtConnection&) = delete;

  // Unavailable, with the reason, while there is none.
  absl::StatusOr<ConnectHandle> Get();
  // A call on `handle` failed as Unavailable: the connection is given up and a new one opened.
  void ReportBroken(const ConnectHandle& handle, const absl::Status& why);

 private:
  struct Shared;

  void Keep();
  absl::StatusOr<ConnectHandle> Open();

  const ConnectionOptions options_;
  DeadlinePool& pool_;
  const std::shared_ptr<Shared> shared_;
  std::thread keeper_;
};

// Starts libvirt's default event loop on a thread of its own, once, for the life of the process: libvirt knows one
// loop, must find it registered before the first connection, and drops connections whose loop stands still. The
// first time it sets environment variables, so call it before there are other threads, and ignores SIGPIPE.
void StartEventLoop();

}  // namespace brume::compute
