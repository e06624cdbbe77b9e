#include "cli/console_stream.h"

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/client_callback.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "absl/base/thread_annotations.h"
#include "brume/host/v1/console.pb.h"
#include "lib/base/mutex.h"
#include "lib/base/unique_fd.h"

namespace brume::cli {
namespace {

constexpr size_t kBufferLimit = 256 << 10;
constexpr char kAttach[] = "/brume.host.v1.Console/Attach";

grpc::ByteBuffer Encode(const host::v1::ConsoleInput& input) {
  const grpc::Slice slice(input.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

class ConsoleStream::Reactor : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Reactor(Client& client, const std::string& instance_id)
      : client_(client), event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    host::v1::ConsoleInput first;
    first.set_instance_id(instance_id);
    writing_ = Encode(first);
    write_under_way_ = true;
    grpc::GenericStub(client.channel()).PrepareBidiStreamingCall(&context_, kAttach, {}, this);
    StartWrite(&writing_);
    StartRead(&reading_);
    // Reads and writes also start outside of reactions (Resume, Send), which a hold makes legal.
    AddHold();
    StartCall();
  }

  void Close() {
    context_.TryCancel();
    MutexLock lock(mutex_);
    ReleaseHold();
    while (!done_) done_changed_.Wait(mutex_);
  }

  int event_fd() const { return event_.get(); }

  std::string TakeOutput() {
    MutexLock lock(mutex_);
    std::string taken = std::exchange(output_, "");
    if (paused_ && !ended_) {
      paused_ = false;
      StartRead(&reading_);
    }
    return taken;
  }

  bool Finished(absl::Status* status) {
    MutexLock lock(mutex_);
    if (!done_) return false;
    *status = client_.Explain(status_, "Attach");
    return true;
  }

  bool Send(const std::string& bytes) {
    MutexLock lock(mutex_);
    if (pending_.size() + bytes.size() > kBufferLimit) return false;
    pending_ += bytes;
    WriteNext();
    return true;
  }

  void OnReadDone(bool ok) override {
    MutexLock lock(mutex_);
    if (!ok) {
      EndReading();
      return;
    }
    host::v1::ConsoleOutput message;
    grpc::ProtoBufferReader reader(&reading_);
    if (!message.ParseFromZeroCopyStream(&reader)) {
      context_.TryCancel();
      EndReading();
      return;
    }
    output_ += message.data();
    if (output_.size() < kBufferLimit) {
      StartRead(&reading_);
    } else {
      paused_ = true;
    }
    Signal();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(mutex_);
    write_under_way_ = false;
    if (!ok) ended_ = true;
    WriteNext();
    Signal();
  }

  void OnDone(const grpc::Status& status) override {
    MutexLock lock(mutex_);
    status_ = status;
    done_ = true;
    Signal();
    done_changed_.NotifyAll();
  }

 private:
  void EndReading() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ended_ = true;
    if (!std::exchange(hold_released_, true)) RemoveHold();
  }
  void ReleaseHold() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ended_ = true;
    if (!std::exchange(hold_released_, true)) RemoveHold();
  }
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (write_under_way_ || ended_ || pending_.empty()) return;
    host::v1::ConsoleInput input;
    input.set_data(std::exchange(pending_, ""));
    writing_ = Encode(input);
    write_under_way_ = true;
    StartWrite(&writing_);
  }
  void Signal() {
    const uint64_t one = 1;
    // Full means readable already, which is all that is wanted.
    [[maybe_unused]] const ssize_t written = write(event_.get(), &one, sizeof(one));
  }

  Client& client_;
  const UniqueFd event_;
  grpc::ClientContext context_;
  grpc::ByteBuffer reading_, writing_;
  Mutex mutex_;
  CondVar done_changed_;
  std::string output_ ABSL_GUARDED_BY(mutex_), pending_ ABSL_GUARDED_BY(mutex_);
  bool write_under_way_ ABSL_GUARDED_BY(mutex_) = false;
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;  // no read is under way because output_ is full
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;   // nothing more may be started
  bool hold_released_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
};

ConsoleStream::ConsoleStream(Client& client, const std::string& instance_id)
    : reactor_(std::make_unique<Reactor>(client, instance_id)) {}
ConsoleStream::~ConsoleStream() { reactor_->Close(); }

int ConsoleStream::event_fd() const { return reactor_->event_fd(); }
std::string ConsoleStream::TakeOutput() { return reactor_->TakeOutput(); }
bool ConsoleStream::Finished(absl::Status* status) { return reactor_->Finished(status); }
bool ConsoleStream::Send(const std::string& bytes) { return reactor_->Send(bytes); }

}  // namespace brume::cli
