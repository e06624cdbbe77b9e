#include "cli/snapshot_transfer.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "brume/ebs/v1/block.pb.h"
#include "brume/ec2/v1/snapshot.pb.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/rpc_client.h"
#include "cli/snapshot_by_name.h"
#include "cli/terminal.h"
#include "cli/typed_call.h"
#include "lib/base/status_macros.h"
#include "lib/base/undo.h"
#include "lib/base/unique_fd.h"

namespace brume::cli {
namespace {

constexpr int64_t kBlockBytes = 512 << 10, kSnapshotGib = int64_t{1} << 30;
constexpr char kSha256[] = "SHA256";

volatile std::sig_atomic_t interrupted = 0;

void OnSignal(int) { interrupted = 1; }

void CatchSignals() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

absl::Status CheckGoesOn() {
  return interrupted == 0 ? absl::OkStatus() : absl::CancelledError("interrupted; what was begun is taken away");
}

absl::Status FileFault(const std::string& path) {
  return absl::UnavailableError(absl::StrCat(path, ": ", strerror(errno)));
}

// One line on a terminal that shows how far it is; nothing elsewhere.
class TransferBar {
 public:
  explicit TransferBar(int64_t all) : all_(std::max<int64_t>(all, 1)), shows_(isatty(STDERR_FILENO) == 1) {}
  ~TransferBar() {
    if (shows_ && begun_) std::fputs("\n", stderr);
  }
  void Show(int64_t done) {
    const absl::Time now = absl::Now();
    if (!shows_ || (begun_ && now < shown_ + absl::Milliseconds(100) && done < all_)) return;
    begun_ = true;
    shown_ = now;
    constexpr int kWidth = 30;
    const auto full = static_cast<int>(done * kWidth / all_);
    const std::string line =
        absl::StrFormat("\r[%s%s] %3d%% of %d MiB", std::string(static_cast<size_t>(full), '#'),
                        std::string(static_cast<size_t>(kWidth - full), ' '), done * 100 / all_, all_ >> 20);
    std::fputs(line.c_str(), stderr);
  }

 private:
  const int64_t all_;
  const bool shows_;
  bool begun_ = false;
  absl::Time shown_;
};

std::string DigestOf(const std::string& data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

absl::Status WriteAll(int file, const std::string& data, int64_t offset, const std::string& path) {
  size_t done = 0;
  while (done < data.size()) {
    const ssize_t wrote = pwrite(file, data.data() + done, data.size() - done, offset + static_cast<off_t>(done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return FileFault(path);
    done += static_cast<size_t>(wrote);
  }
  return absl::OkStatus();
}

absl::Status ExportBlock(Client& client, const std::string& snapshot, const ebs::v1::Block& block, int file,
                         const std::string& path) {
  ebs::v1::GetSnapshotBlockRequest request;
  request.set_snapshot_id(snapshot);
  request.set_block_index(block.block_index());
  request.set_block_token(block.block_token());
  ASSIGN_OR_RETURN(const auto got, Call<ebs::v1::GetSnapshotBlockResponse>(client, request));
  if (got.checksum() != absl::Base64Escape(DigestOf(got.block_data()))) {
    return absl::DataLossError(absl::StrCat("the block ", block.block_index(), " came damaged: try again"));
  }
  return WriteAll(file, got.block_data(), block.block_index() * kBlockBytes, path);
}

absl::Status ExportBlocks(Client& client, const std::string& snapshot, int file, const std::string& path) {
  ebs::v1::ListSnapshotBlocksRequest list;
  list.set_snapshot_id(snapshot);
  std::unique_ptr<TransferBar> progress;
  do {
    ASSIGN_OR_RETURN(const auto page, Call<ebs::v1::ListSnapshotBlocksResponse>(client, list));
    if (progress == nullptr) {
      progress = std::make_unique<TransferBar>(page.volume_size() * kSnapshotGib);
      if (ftruncate(file, page.volume_size() * kSnapshotGib) != 0) return FileFault(path);
    }
    for (const ebs::v1::Block& block : page.blocks()) {
      RETURN_IF_ERROR(CheckGoesOn());
      RETURN_IF_ERROR(ExportBlock(client, snapshot, block, file, path));
      progress->Show(block.block_index() * kBlockBytes);
    }
    if (!page.has_next_token()) progress->Show(page.volume_size() * kSnapshotGib);
    list.set_next_token(page.next_token());
  } while (!list.next_token().empty());
  return absl::OkStatus();
}

absl::Status Export(Client& client, const std::string& snapshot, const std::string& path, bool force) {
  if (!force && access(path.c_str(), F_OK) == 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is there already: --force replaces it"));
  }
  const std::string partial = absl::StrCat(path, ".partial");
  const UniqueFd file(open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return FileFault(partial);
  Undo undo;
  undo.Push([&] { unlink(partial.c_str()); });
  RETURN_IF_ERROR(ExportBlocks(client, snapshot, file.get(), partial));
  if (fsync(file.get()) != 0) return FileFault(partial);
  if (rename(partial.c_str(), path.c_str()) != 0) return FileFault(path);
  undo.Dismiss();
  return absl::OkStatus();
}

// The next block that is no hole; with its data, whose end is zeros where the file ends within it. Empty at the end.
absl::StatusOr<std::string> NextBlock(int file, int64_t size, int64_t& index, const std::string& path) {
  const off_t data = lseek(file, index * kBlockBytes, SEEK_DATA);
  if (data < 0 && errno == ENXIO) return "";
  if (data >= 0) index = std::max(index, data / kBlockBytes);
  if (index * kBlockBytes >= size) return "";
  std::string block(kBlockBytes, '\0');
  for (size_t done = 0; done < block.size();) {
    const ssize_t got = pread(file, block.data() + done, block.size() - done,
                              static_cast<off_t>(index * kBlockBytes + static_cast<int64_t>(done)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileFault(path);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return block;
}

absl::StatusOr<ebs::v1::CompleteSnapshotRequest> ImportBlocks(Client& client, const std::string& snapshot, int file,
                                                              const std::string& path) {
  struct stat info;
  if (fstat(file, &info) != 0) return FileFault(path);
  TransferBar progress(info.st_size);
  const std::string zeros(kBlockBytes, '\0');
  std::string digests;
  int count = 0;
  for (int64_t index = 0;; ++index) {
    RETURN_IF_ERROR(CheckGoesOn());
    ASSIGN_OR_RETURN(const std::string block, NextBlock(file, info.st_size, index, path));
    if (block.empty()) break;
    progress.Show(std::min<int64_t>(index * kBlockBytes, info.st_size));
    if (block == zeros) continue;
    const std::string digest = DigestOf(block);
    ebs::v1::PutSnapshotBlockRequest put;
    put.set_snapshot_id(snapshot);
    put.set_block_index(static_cast<int32_t>(index));
    put.set_block_data(block);
    put.set_data_length(kBlockBytes);
    put.set_checksum(absl::Base64Escape(digest));
    put.set_checksum_algorithm(kSha256);
    RETURN_IF_ERROR(Call<ebs::v1::PutSnapshotBlockResponse>(client, put).status());
    digests += digest;
    ++count;
  }
  progress.Show(info.st_size);
  ebs::v1::CompleteSnapshotRequest complete;
  complete.set_snapshot_id(snapshot);
  complete.set_changed_blocks_count(count);
  complete.set_checksum(absl::Base64Escape(DigestOf(digests)));
  complete.set_checksum_algorithm(kSha256);
  complete.set_checksum_aggregation_method("LINEAR");
  return complete;
}

absl::Status AwaitCompleted(Client& client, const std::string& snapshot) {
  ec2::v1::DescribeSnapshotsRequest request;
  request.add_snapshot_ids(snapshot);
  while (true) {
    RETURN_IF_ERROR(CheckGoesOn());
    ASSIGN_OR_RETURN(const auto answer, Call<ec2::v1::DescribeSnapshotsResponse>(client, request));
    const ec2::v1::Snapshot& shown = answer.snapshots(0);
    if (shown.state() == "completed") return absl::OkStatus();
    if (shown.state() == "error") return absl::InternalError(absl::StrCat(snapshot, ": ", shown.state_message()));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

absl::StatusOr<UniqueFd> OpenDisk(const std::string& path, int64_t& size) {
  UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info;
  if (!file || fstat(file.get(), &info) != 0) return FileFault(path);
  if (!S_ISREG(info.st_mode) || info.st_size == 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is no file, or an empty one"));
  }
  char start[4] = {};
  if (pread(file.get(), start, sizeof start, 0) == sizeof start && std::memcmp(start, "QFI\xfb", 4) == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        path,
        " is a qcow2 image, and a raw one is needed: brume import-snapshot --disk-container Url=PATH takes it, or "
        "qemu-img convert -O raw"));
  }
  size = info.st_size;
  return file;
}

absl::StatusOr<std::string> Import(Client& client, const std::string& path, const std::string& description) {
  int64_t size = 0;
  ASSIGN_OR_RETURN(const UniqueFd file, OpenDisk(path, size));
  ebs::v1::StartSnapshotRequest start;
  start.set_volume_size((size + kSnapshotGib - 1) / kSnapshotGib);
  if (!description.empty()) start.set_description(description);
  ASSIGN_OR_RETURN(const auto started, Call<ebs::v1::StartSnapshotResponse>(client, start));
  const std::string& snapshot = started.snapshot_id();
  Undo undo;
  undo.Push([&] {
    ec2::v1::DeleteSnapshotRequest remove;
    remove.set_snapshot_id(snapshot);
    // What failed before is the one to be told; without this call the daemon gives the snapshot up by itself.
    Call<ec2::v1::DeleteSnapshotResponse>(client, remove).status().IgnoreError();
  });
  ASSIGN_OR_RETURN(const auto complete, ImportBlocks(client, snapshot, file.get(), path));
  RETURN_IF_ERROR(Call<ebs::v1::CompleteSnapshotResponse>(client, complete).status());
  RETURN_IF_ERROR(AwaitCompleted(client, snapshot));
  undo.Dismiss();
  return snapshot;
}

}  // namespace

absl::StatusOr<int> RunSnapshot(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options,
                   ParseOptions(tokens, {{"description"}, {"force", false}, {"no-wait", false}, {"help", false}}));
  if (options.Find("help") != nullptr) {
    RETURN_IF_ERROR(Print(CommandHelpText("snapshot", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  const std::vector<std::string>& words = options.positional;
  const bool exports = words.size() == 3 && words[0] == "export", imports = words.size() == 2 && words[0] == "import";
  const std::string* const description = options.Find("description");
  const bool named = words.size() == 1 && words[0] != "export" && words[0] != "import";
  if (!exports && !imports && !named) {
    return absl::InvalidArgumentError(
        "snapshot NAME, snapshot export SNAPSHOT FILE, or snapshot import FILE; see brume help snapshot");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  if (named) {
    return SnapshotByName(*client, words[0], description == nullptr ? "" : *description,
                          options.Find("no-wait") == nullptr);
  }
  CatchSignals();
  if (exports) {
    RETURN_IF_ERROR(Export(*client, words[1], words[2], options.Find("force") != nullptr));
    return 0;
  }
  ASSIGN_OR_RETURN(const std::string snapshot, Import(*client, words[1], description == nullptr ? "" : *description));
  RETURN_IF_ERROR(Print(snapshot + "\n"));
  return 0;
}

Command SnapshotCommand() {
  return {
      "snapshot",
      "snapshot NAME [--description TEXT] [--no-wait] | snapshot export SNAPSHOT FILE [--force] | snapshot import FILE "
      "[--description TEXT]",
      "Creates snapshots of an instance's volumes or of one volume, and copies snapshots to and from files.",
      "NAME is the Name tag or id of an instance or a volume. The snapshots of all volumes of an instance are of the "
      "same moment; their ids are printed once they are completed.\n\nFILE is a raw disk image; zeros take no space in "
      "it. An import prints the new snapshot's id once it is completed. If a transfer fails or is interrupted, no "
      "partial file or snapshot is left behind. The checksum of every block is verified on both sides.",
      {{"--force", "Replace an existing file."},
       {"--description TEXT", "A description of the snapshot."},
       {"--no-wait", "For snapshot NAME: do not wait."}},
      WithoutSchema<RunSnapshot>};
}

}  // namespace brume::cli
