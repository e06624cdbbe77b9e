#include "lib/frontend/grpc/console_sessions.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "brume/host/v1/console.pb.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/base/undo.h"
#include "lib/frontend/grpc/grpc_error.h"
#include "lib/frontend/grpc/schema_service.h"
#include "lib/gateway/public_error.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"

namespace brume::frontend {
namespace {

constexpr size_t kChunk = 16 * 1024;
// A client that has ended is noticed a moment later; who comes right after it is not to be refused for that.
constexpr absl::Duration kLeaving = absl::Seconds(2);

const google::protobuf::MethodDescriptor& AttachMethod() {
  return *host::v1::ConsoleInput::descriptor()->file()->FindServiceByName("Console")->FindMethodByName("Attach");
}

absl::Status NotConsoleInput() {
  return ec2::Error("InvalidRequest", "The request is not a valid brume.host.v1.ConsoleInput");
}

}  // namespace

// One call. gRPC's threads call the On… methods; a thread of its own opens the console and moves the bytes. At any time
// at most one read and one write of the stream are under way: a slow side slows the other instead of filling memory.
class ConsoleSessions::Session final : public Reactor {
 public:
  Session(ConsoleSessions& sessions, grpc::CallbackServerContext* context)
      : sessions_(sessions),
        caller_(sessions.peers_.CallerOf(*context)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    AddTrailers(*context, caller_.request_id, sessions.options_.simulated);
    StartRead(&incoming_);
  }

  // From Close: as if the client had gone.
  void Cancel() {
    MutexLock lock(mutex_);
    cancelled_ = true;
    eventfd_write(wake_.get(), 1);
  }

 private:
  void OnReadDone(bool ok) override {
    MutexLock lock(mutex_);
    reading_ = false;
    if (!ok) {
      input_ended_ = true;
      if (started_) {
        eventfd_write(wake_.get(), 1);
        return;
      }
      started_ = true;
      lock.Unlock();
      Finish(ToGrpc(ec2::Error(ec2::kMissingParameter, "instanceId"), caller_.request_id));
      return;
    }
    host::v1::ConsoleInput input;
    if (!ParseBytes(incoming_, input)) {
      broken_ = true;
    } else {
      typed_.append(input.data());
    }
    if (started_) {
      eventfd_write(wake_.get(), 1);
      return;
    }
    started_ = true;
    first_ = std::move(input);
    lock.Unlock();
    Begin();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) cancelled_ = true;
    eventfd_write(wake_.get(), 1);
  }

  void OnCancel() override { Cancel(); }

  // The thread may still be on its way out of Run; the last of both ends the object.
  void OnDone() override { Release(); }
  void Release() {
    if (users_.fetch_sub(1) == 1) delete this;
  }

  void Begin() {
    if (!sessions_.Enter(this)) {
      Finish(ToGrpc(absl::ResourceExhaustedError("Request limit exceeded: too many consoles are attached"),
                    caller_.request_id));
      return;
    }
    users_.fetch_add(1);
    try {
      std::thread([this] { Run(); }).detach();
    } catch (const std::system_error& error) {
      sessions_.Leave(this);
      users_.fetch_sub(1);  // OnDone holds the other
      Finish(ToGrpc(absl::ResourceExhaustedError(absl::StrCat("Cannot start a thread: ", error.what())),
                    caller_.request_id));
    }
  }

  void Run() {
    const log::RequestScope scope(caller_.request_id);
    const absl::Time start = absl::Now();
    UniqueFd console;
    const gateway::Dispatcher& dispatcher = sessions_.dispatcher_;
    bool broken = false;
    {
      MutexLock lock(mutex_);
      broken = broken_;
    }
    const absl::Status opened =
        broken ? dispatcher.Refuse(AttachMethod(), first_, caller_, NotConsoleInput())
               : dispatcher.OpenStream(AttachMethod(), first_, caller_, [&] { return Open(console); });
    absl::Status status = opened;
    if (opened.ok()) {
      status = gateway::PublicError(Pump(console.get()), caller_.request_id);
      WaitForWrite();
      console = UniqueFd();
      sessions_.Unclaim(first_.instance_id());
      log::Info("the console of {} is left by {} after {:.3f} s: {}", first_.instance_id(), caller_.principal,
                absl::ToDoubleSeconds(absl::Now() - start), status.ok() ? "OK" : ec2::ErrorCode(status));
    }
    ConsoleSessions& sessions = sessions_;
    Finish(ToGrpc(status, caller_.request_id));
    // Before Release: Close must not find us when we are gone.
    sessions.Leave(this);
    Release();
  }

  // The instance's console is claimed when this succeeds.
  absl::Status Open(UniqueFd& console) {
    if (!wake_) return absl::ResourceExhaustedError(absl::StrCat("eventfd: ", strerror(errno)));
    if (!sessions_.Claim(first_.instance_id())) {
      return ec2::Error("SerialConsoleSessionLimitExceeded",
                        absl::StrCat("The instance '", first_.instance_id(),
                                     "' has an active console session; only one at a time is possible"));
    }
    Undo unclaim;
    unclaim.Push([this] { sessions_.Unclaim(first_.instance_id()); });
    absl::StatusOr<UniqueFd> opened = sessions_.open_(first_.instance_id(), caller_);
    if (absl::IsNotFound(opened.status()) && !ec2::HasErrorCode(opened.status())) {
      return ec2::Error("IncorrectInstanceState",
                        absl::StrCat("The instance '", first_.instance_id(), "' is not running: it has no console"));
    }
    RETURN_IF_ERROR(opened.status());
    console = *std::move(opened);
    fcntl(console.get(), F_SETFL, fcntl(console.get(), F_GETFL) | O_NONBLOCK);
    unclaim.Dismiss();
    return absl::OkStatus();
  }

  // Until either side ends it.
  absl::Status Pump(int console) {
    while (true) {
      short wanted = 0;
      bool read_on = false;
      {
        MutexLock lock(mutex_);
        if (broken_) return NotConsoleInput();
        if (cancelled_) return absl::OkStatus();
        if (!writing_) wanted |= POLLIN;
        if (!typed_.empty()) wanted |= POLLOUT;
        read_on = typed_.empty() && !reading_ && !input_ended_;
        reading_ = reading_ || read_on;
      }
      if (read_on) StartRead(&incoming_);
      // With nothing wanted a console that hung up would make poll return at once.
      pollfd watched[] = {{wake_.get(), POLLIN, 0}, {wanted != 0 ? console : -1, wanted, 0}};
      if (poll(watched, 2, -1) < 0 && errno != EINTR)
        return absl::InternalError(absl::StrCat("poll: ", strerror(errno)));
      if (watched[0].revents != 0) {
        eventfd_t count;
        eventfd_read(wake_.get(), &count);
      }
      if ((watched[1].revents & POLLOUT) != 0 && !Type(console)) return absl::OkStatus();
      if ((watched[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && (wanted & POLLIN) != 0 && !Show(console)) {
        return absl::OkStatus();
      }
    }
  }

  // From the client to the guest. False when the console has ended.
  bool Type(int console) {
    MutexLock lock(mutex_);
    const ssize_t sent = send(console, typed_.data(), typed_.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    typed_.erase(0, sent);
    return true;
  }

  // From the guest to the client. False when the console has ended.
  bool Show(int console) {
    char bytes[kChunk];
    const ssize_t got = recv(console, bytes, sizeof(bytes), 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    host::v1::ConsoleOutput output;
    output.set_data(bytes, got);
    outgoing_ = ToBytes(output);
    {
      MutexLock lock(mutex_);
      writing_ = true;
    }
    StartWrite(&outgoing_);
    return true;
  }

  // A write under way uses outgoing_; it ends, with an error when the client is gone.
  void WaitForWrite() {
    while (true) {
      {
        MutexLock lock(mutex_);
        if (!writing_) return;
      }
      pollfd watched = {wake_.get(), POLLIN, 0};
      poll(&watched, 1, -1);
      eventfd_t count;
      eventfd_read(wake_.get(), &count);
    }
  }

  ConsoleSessions& sessions_;
  const Caller caller_;
  const UniqueFd wake_;
  std::atomic<int> users_{1};
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  host::v1::ConsoleInput first_;  // written before the thread begins
  Mutex mutex_;
  std::string typed_ ABSL_GUARDED_BY(mutex_);
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = true;  // the constructor begins with a read
  bool input_ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
};

ConsoleSessions::~ConsoleSessions() {
  Close();
  MutexLock lock(mutex_);
  while (!running_.empty()) left_.Wait(mutex_);
}

ConsoleSessions::Reactor* ConsoleSessions::Start(grpc::CallbackServerContext* context) {
  return new Session(*this, context);
}

void ConsoleSessions::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  for (Session* session : running_) session->Cancel();
}

bool ConsoleSessions::Enter(Session* session) {
  MutexLock lock(mutex_);
  if (closed_ || running_.size() >= static_cast<size_t>(options_.max_sessions)) return false;
  running_.insert(session);
  return true;
}

void ConsoleSessions::Leave(Session* session) {
  MutexLock lock(mutex_);
  running_.erase(session);
  left_.NotifyAll();
}

bool ConsoleSessions::Claim(const std::string& instance_id) {
  MutexLock lock(mutex_);
  const auto deadline = SteadyDeadline(kLeaving);
  while (!closed_ && claimed_.contains(instance_id) && left_.WaitUntil(mutex_, deadline)) {
  }
  return claimed_.insert(instance_id).second;
}

void ConsoleSessions::Unclaim(const std::string& instance_id) {
  MutexLock lock(mutex_);
  claimed_.erase(instance_id);
  left_.NotifyAll();
}

}  // namespace brume::frontend
