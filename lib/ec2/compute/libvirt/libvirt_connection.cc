#include "lib/ec2/compute/libvirt/libvirt_connection.h"

#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/mutex.h"
#include "lib/base/status_macros.h"

namespace brume::compute {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kMaxBackoff = absl::Seconds(5);
// A server that is stuck, or gone without a word, is noticed after 15 s.
constexpr int kKeepaliveSeconds = 5;
constexpr unsigned kKeepaliveCount = 3;

}  // namespace

// Shared with libvirt's close callback, which may come at any time.
struct LibvirtConnection::Shared {
  Mutex mutex;
  CondVar changed;
  ConnectHandle handle ABSL_GUARDED_BY(mutex);  // null while there is none
  // Given up, to be closed by the keeper: closing inside libvirt's close callback would wait for itself.
  std::vector<ConnectHandle> broken ABSL_GUARDED_BY(mutex);
  absl::Status reason ABSL_GUARDED_BY(mutex) = absl::UnavailableError("libvirt is not connected yet");
  int attempts ABSL_GUARDED_BY(mutex) = 0;
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  // Gives `connection` up, if it is still in use.
  void Drop(virConnectPtr connection, const std::string& why) ABSL_LOCKS_EXCLUDED(mutex) {
    MutexLock lock(mutex);
    if (handle == nullptr || handle.get() != connection) return;
    broken.push_back(std::exchange(handle, nullptr));
    reason = absl::UnavailableError(why);
    log::Warn("the connection to libvirt is lost: {}", why);
    changed.NotifyAll();
  }
};

namespace {

struct CloseWatch {
  std::function<void(virConnectPtr)> on_close;
};

void OnClose(virConnectPtr connection, int /*reason*/, void* opaque) {
  static_cast<CloseWatch*>(opaque)->on_close(connection);
}

}  // namespace

void StartEventLoop() {
  static const bool started = [] {
    // Errors are returned to the caller of the failed call; libvirt would print each to standard error as well.
    virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
    // Errors alone: its warnings name each guest we start ("tainted", for the capability we turn off).
    setenv("LIBVIRT_DEBUG", "4", /*overwrite=*/0);
    // libvirt writes to a server that has gone; the signal would end this process.
    signal(SIGPIPE, SIG_IGN);
    virInitialize();
    virEventRegisterDefaultImpl();
    std::thread([] {
      while (true) {
        if (virEventRunDefaultImpl() < 0) {
          log::Error("libvirt's event loop failed: {}", LastVirtError("wait for events").message());
        }
      }
    }).detach();
    return true;
  }();
  (void)started;
}

LibvirtConnection::LibvirtConnection(ConnectionOptions options, DeadlinePool& pool)
    : options_(std::move(options)), pool_(pool), shared_(std::make_shared<Shared>()) {
  keeper_ = std::thread([this] { Keep(); });
  MutexLock lock(shared_->mutex);
  while (shared_->attempts == 0) shared_->changed.Wait(shared_->mutex);
}

LibvirtConnection::~LibvirtConnection() {
  ConnectHandle last;
  {
    MutexLock lock(shared_->mutex);
    shared_->stopping = true;
    last = std::exchange(shared_->handle, nullptr);
    shared_->reason = absl::UnavailableError("the daemon is stopping");
    shared_->changed.NotifyAll();
  }
  keeper_.join();
}

absl::StatusOr<ConnectHandle> LibvirtConnection::Get() {
  MutexLock lock(shared_->mutex);
  if (shared_->handle == nullptr) return shared_->reason;
  return shared_->handle;
}

void LibvirtConnection::ReportBroken(const ConnectHandle& handle, const absl::Status& why) {
  shared_->Drop(handle.get(), std::string(why.message()));
}

absl::StatusOr<ConnectHandle> LibvirtConnection::Open() {
  if (options_.prepare) RETURN_IF_ERROR(options_.prepare());
  // The closure may outlive this object, so it takes copies.
  return pool_.RunFor<ConnectHandle>(absl::StrCat("connecting to ", options_.uri), options_.open_deadline,
                                     [uri = options_.uri, embedded = options_.embedded, subscribe = options_.subscribe,
                                      shared = shared_]() -> absl::StatusOr<ConnectHandle> {
                                       const virConnectPtr connection = virConnectOpen(uri.c_str());
                                       if (connection == nullptr)
                                         return LastVirtError(absl::StrCat("connect to ", uri));
                                       absl::StatusOr<std::vector<int>> events = subscribe(connection);
                                       const auto watch = std::make_shared<CloseWatch>(
                                           CloseWatch{[weak = std::weak_ptr<Shared>(shared)](virConnectPtr closed) {
                                             if (const auto alive = weak.lock())
                                               alive->Drop(closed, "the server closed it");
                                           }});
                                       // Drivers without a server cannot lose a connection: they fail here, or succeed
                                       // and forget the watch, for which reason it is not theirs to free. No callback
                                       // runs once it is unregistered.
                                       virConnectRegisterCloseCallback(connection, OnClose, watch.get(), nullptr);
                                       // Local drivers answer 1, "not supported", which is right for them.
                                       virConnectSetKeepAlive(connection, kKeepaliveSeconds, kKeepaliveCount);
                                       ConnectHandle handle(connection, [embedded, watch, events](virConnectPtr last) {
                                         if (events.ok()) {
                                           for (const int id : *events) virConnectDomainEventDeregisterAny(last, id);
                                         }
                                         virConnectUnregisterCloseCallback(last, OnClose);
                                         if (!embedded) virConnectClose(last);
                                       });
                                       if (!events.ok()) return events.status();
                                       return handle;
                                     });
}

void LibvirtConnection::Keep() {
  absl::Duration backoff = kFirstBackoff;
  bool missed = false;
  MutexLock lock(shared_->mutex);
  while (!shared_->stopping) {
    if (!shared_->broken.empty()) {
      std::vector<ConnectHandle> closing = std::exchange(shared_->broken, {});
      lock.Unlock();
      closing.clear();
      lock.Lock();
      continue;
    }
    if (shared_->handle != nullptr) {
      shared_->changed.Wait(shared_->mutex);
      continue;
    }
    // After a connection was lost, or not there at the first attempt, someone has been told so.
    missed = missed || shared_->attempts > 0;
    lock.Unlock();
    absl::StatusOr<ConnectHandle> handle = Open();
    if (handle.ok()) {
      if (missed) log::Info("connected to libvirt at {}", options_.uri);
    } else if (backoff == kFirstBackoff) {
      log::Warn("no libvirt: {}; trying on", handle.status().message());
    }
    lock.Lock();
    ++shared_->attempts;
    if (handle.ok()) {
      shared_->handle = *handle;
      backoff = kFirstBackoff;
    } else {
      shared_->reason = absl::UnavailableError(handle.status().message());
    }
    shared_->changed.NotifyAll();
    if (handle.ok()) {
      lock.Unlock();
      options_.on_open(*handle, missed);
      lock.Lock();
    } else {
      const auto next_attempt = SteadyDeadline(backoff);
      while (!shared_->stopping && shared_->changed.WaitUntil(shared_->mutex, next_attempt)) {
      }
      backoff = std::min(backoff * 2, kMaxBackoff);
    }
  }
}

}  // namespace brume::compute
