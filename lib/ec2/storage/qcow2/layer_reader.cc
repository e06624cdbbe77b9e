#include "lib/ec2/storage/qcow2/layer_reader.h"

#include <fcntl.h>
#include <libnbd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/confinement.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"
#include "lib/ec2/storage/qcow2/disk_keys.h"
#include "lib/ec2/storage/qcow2/manifest.h"
#include "lib/ec2/storage/qcow2/qcow2_header.h"
#include "lib/ec2/storage/qcow2/qemu_img.h"

namespace brume::storage {
namespace {

constexpr char kDepth[] = "qemu:allocation-depth", kExport[] = "layer";
// One request asks for no more than NBD's 32 bits can say.
constexpr int64_t kMaxMapBytes = int64_t{1} << 30;

absl::Status NbdError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("reading a layer: ", what, ": ", nbd_get_error()));
}

// A directory that nobody else may enter, for the socket's moment.
absl::StatusOr<std::string> SocketPath(const std::string& state_dir) {
  static std::atomic<int> number = 0;
  const std::string directory = absl::StrCat(state_dir, "/readers");
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return FileError(errno, directory);
  return absl::StrCat(directory, "/", getpid(), ".", ++number);
}

absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return absl::InvalidArgumentError("the state directory's path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

struct Sockets {
  UniqueFd listener, client;
};

// Two ends that have met: whoever holds the listener accepts the client's connection, and nobody else can make one.
absl::StatusOr<Sockets> Meet(const std::string& state_dir) {
  ASSIGN_OR_RETURN(const std::string path, SocketPath(state_dir));
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  unlink(path.c_str());
  Sockets sockets{.listener = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
                  .client = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  const auto* const name = reinterpret_cast<const sockaddr*>(&address);
  const bool met = sockets.listener && sockets.client && bind(sockets.listener.get(), name, sizeof address) == 0 &&
                   listen(sockets.listener.get(), 1) == 0 && connect(sockets.client.get(), name, sizeof address) == 0;
  const int error = errno;
  unlink(path.c_str());
  if (!met) return FileError(error, "making a socket to read a layer by");
  return sockets;
}

// A file without a name, in memory.
absl::StatusOr<UniqueFd> KeyFile(const std::string& state_dir, const std::string& data_key_id) {
  ASSIGN_OR_RETURN(const std::string key, DiskKeys(absl::StrCat(state_dir, "/secret.key")).KeyOf(data_key_id));
  UniqueFd file(memfd_create("key", MFD_CLOEXEC));
  if (!file) return FileError(errno, "making a file in memory");
  RETURN_IF_ERROR(WriteAt(file.get(), 0, key));
  return file;
}

// How the uppermost file is opened, with those below it, where a key is needed: each that is encrypted is told it.
absl::StatusOr<nlohmann::json> DiskOptions(const std::vector<std::string>& files, size_t at) {
  const UniqueFd file(open(files[at].c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return FileError(errno, files[at]);
  ASSIGN_OR_RETURN(const std::string start, ReadStart(file.get(), kMaxHeaderBytes));
  nlohmann::json options = {{"driver", "qcow2"},
                            {"read-only", true},
                            {"file", {{"driver", "file"}, {"read-only", true}, {"filename", files[at]}}}};
  if (IsEncrypted(start)) options["encrypt"] = {{"format", "luks"}, {"key-secret", kSecretId}};
  if (at + 1 < files.size()) {
    ASSIGN_OR_RETURN(options["backing"], DiskOptions(files, at + 1));
  }
  return options;
}

absl::StatusOr<std::vector<std::string>> ProgramFor(const std::vector<std::string>& files, bool has_key) {
  std::vector<std::string> program = {"qemu-storage-daemon"};
  if (has_key) {
    ASSIGN_OR_RETURN(nlohmann::json disk, DiskOptions(files, 0));
    disk["node-name"] = "disk";
    program.insert(program.end(),
                   {"--object", absl::StrCat("secret,id=", kSecretId, ",file=/dev/stdout"), "--blockdev", disk.dump()});
  } else {
    program.insert(program.end(),
                   {"--blockdev", absl::StrCat("driver=file,node-name=file,read-only=on,filename=", files.front()),
                    "--blockdev", "driver=qcow2,node-name=disk,read-only=on,file=file"});
  }
  program.insert(program.end(),
                 {"--nbd-server", "addr.type=fd,addr.str=0,max-connections=1", "--export",
                  absl::StrCat("type=nbd,id=e,node-name=disk,writable=off,allocation-depth=on,name=", kExport)});
  return program;
}

}  // namespace

// One layer that is open. One thread at a time.
class LayerSession {
 public:
  explicit LayerSession(LayerChain chain) : chain_(std::move(chain)) {}
  ~LayerSession() {
    if (nbd_ != nullptr) nbd_close(nbd_);
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  LayerSession(const LayerSession&) = delete;
  LayerSession& operator=(const LayerSession&) = delete;

  absl::Status Start(const LayerReaderOptions& options) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Map(int64_t first, int64_t count, std::vector<LayerBlock>& found) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Read(int64_t index, std::string& data) ABSL_LOCKS_EXCLUDED(mutex_);

  const LayerChain& chain() const { return chain_; }
  // When it was last asked for; under the reader's lock.
  absl::Time used = absl::Now();

 private:
  const LayerChain chain_;
  Mutex mutex_;
  nbd_handle* nbd_ ABSL_GUARDED_BY(mutex_) = nullptr;
  pid_t pid_ ABSL_GUARDED_BY(mutex_) = -1;
  int64_t size_ ABSL_GUARDED_BY(mutex_) = 0;
};

absl::Status LayerSession::Start(const LayerReaderOptions& options) {
  MutexLock lock(mutex_);
  std::vector<std::string> files;
  for (const std::string& layer : chain_.layers) {
    files.push_back(absl::StrCat(options.state_dir, "/layers/", layer, "/", kLayerDisk));
    if (access(files.back().c_str(), F_OK) != 0) return FileError(errno, files.back());
  }
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  UniqueFd key;
  if (!chain_.data_key_id.empty()) {
    ASSIGN_OR_RETURN(key, KeyFile(options.state_dir, chain_.data_key_id));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> program, ProgramFor(files, static_cast<bool>(key)));
  ASSIGN_OR_RETURN(Sockets sockets, Meet(options.state_dir));
  Confinement confinement{.uid = options.reader.uid, .gid = options.reader.gid};
  confinement.listens = true;
  confinement.readable = files;
  confinement.memory_bytes = int64_t{4} << 30;
  confinement.cpu_seconds = 24 * 3600;
  confinement.open_files = 1024;
  // It says nothing on its standard output, which is where it finds the key.
  const int output = key ? key.get() : null.get();
  ASSIGN_OR_RETURN(
      pid_,
      SpawnConfined(program, {.input = sockets.listener.get(), .output = output, .error = null.get()}, confinement));
  // The program's alone from here on: where it ends at once, for want of a key, nobody waits for its greeting.
  sockets.listener = UniqueFd();
  nbd_ = nbd_create();
  if (nbd_ == nullptr) return NbdError("starting");
  const int client = dup(sockets.client.get());  // libnbd closes what it is given
  if (nbd_add_meta_context(nbd_, kDepth) < 0 || nbd_set_export_name(nbd_, kExport) < 0 ||
      nbd_connect_socket(nbd_, client) < 0) {
    return NbdError("connecting");
  }
  size_ = nbd_get_size(nbd_);
  return size_ < 0 ? NbdError("asking for the size") : absl::OkStatus();
}

absl::Status LayerSession::Map(int64_t first, int64_t count, std::vector<LayerBlock>& found) {
  MutexLock lock(mutex_);
  struct Walk {
    std::vector<LayerBlock>& found;
    int64_t at;
  } walk{found, first * kBlockBytes};
  const auto take = [](void* data, const char* context, uint64_t, uint32_t* entries, size_t size, int*) {
    auto& walk = *static_cast<Walk*>(data);
    if (std::strcmp(context, kDepth) != 0) return 0;
    for (size_t i = 0; i + 1 < size; i += 2) {
      const int64_t end = walk.at + entries[i];
      const int depth = static_cast<int>(entries[i + 1]);
      for (int64_t block = walk.at / kBlockBytes; depth > 0 && block * kBlockBytes < end; ++block) {
        if (walk.found.empty() || walk.found.back().index < block) {
          walk.found.push_back({.index = block, .depth = depth});
        } else {
          walk.found.back().depth = std::min(walk.found.back().depth, depth);
        }
      }
      walk.at = end;
    }
    return 0;
  };
  const int64_t end = std::min((first + count) * kBlockBytes, size_);
  while (walk.at < end) {
    const int64_t before = walk.at, length = std::min(end - walk.at, kMaxMapBytes);
    if (nbd_block_status(nbd_, static_cast<uint64_t>(length), static_cast<uint64_t>(walk.at),
                         nbd_extent_callback{.callback = take, .user_data = &walk, .free = nullptr}, 0) < 0) {
      return NbdError("asking what is there");
    }
    if (walk.at <= before) return absl::UnavailableError("reading a layer: the program says nothing of it");
  }
  std::erase_if(found, [&](const LayerBlock& block) { return block.index >= first + count; });
  return absl::OkStatus();
}

absl::Status LayerSession::Read(int64_t index, std::string& data) {
  MutexLock lock(mutex_);
  data.assign(kBlockBytes, '\0');
  const int64_t offset = index * kBlockBytes, length = std::min(kBlockBytes, size_ - offset);
  if (length <= 0) return absl::OkStatus();  // the volume is larger than what it was made of
  return nbd_pread(nbd_, data.data(), static_cast<size_t>(length), static_cast<uint64_t>(offset), 0) < 0
             ? NbdError("reading")
             : absl::OkStatus();
}

LayerReader::LayerReader(LayerReaderOptions options)
    : options_(std::move(options)), closer_(options_.idle, [this] { CloseIdle(); }) {
  closer_.Start(options_.idle);
}

LayerReader::~LayerReader() { closer_.Stop(); }

void LayerReader::CloseIdle() {
  std::list<std::shared_ptr<LayerSession>> closed;  // outside of the lock
  MutexLock lock(mutex_);
  const absl::Time since = absl::Now() - options_.idle;
  for (auto each = sessions_.begin(); each != sessions_.end();) {
    const auto next = std::next(each);
    if ((*each)->used < since) closed.splice(closed.end(), sessions_, each);
    each = next;
  }
}

absl::StatusOr<std::shared_ptr<LayerSession>> LayerReader::Open(const LayerChain& chain, bool anew) {
  std::list<std::shared_ptr<LayerSession>> closed;
  {
    MutexLock lock(mutex_);
    const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                    [&](const auto& session) { return session->chain() == chain; });
    if (found != sessions_.end() && anew) {
      closed.splice(closed.end(), sessions_, found);
    } else if (found != sessions_.end()) {
      sessions_.splice(sessions_.begin(), sessions_, found);
      sessions_.front()->used = absl::Now();
      return sessions_.front();
    }
  }
  auto session = std::make_shared<LayerSession>(chain);
  RETURN_IF_ERROR(session->Start(options_));
  MutexLock lock(mutex_);
  sessions_.push_front(session);
  while (sessions_.size() > options_.max_open) closed.splice(closed.end(), sessions_, std::prev(sessions_.end()));
  return session;
}

// The program dies with the thread that started it: what fails is tried once more with another.
template <typename Work>
auto LayerReader::With(const LayerChain& chain, const Work& work) -> decltype(work(std::declval<LayerSession&>())) {
  for (const bool anew : {false, true}) {
    ASSIGN_OR_RETURN(const std::shared_ptr<LayerSession> session, Open(chain, anew));
    auto done = work(*session);
    if (done.ok() || anew) return done;
  }
  return absl::InternalError("unreachable");
}

absl::StatusOr<std::vector<LayerBlock>> LayerReader::Map(const LayerChain& chain, int64_t first, int64_t count) {
  std::vector<LayerBlock> found;
  RETURN_IF_ERROR(With(chain, [&](LayerSession& session) {
    found.clear();
    return session.Map(first, count, found);
  }));
  return found;
}

absl::StatusOr<std::string> LayerReader::Read(const LayerChain& chain, int64_t index) {
  std::string data;
  RETURN_IF_ERROR(With(chain, [&](LayerSession& session) { return session.Read(index, data); }));
  return data;
}

}  // namespace brume::storage
