#include "lib/ec2/storage/qcow2/import_fetch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/base/subprocess.h"
#include "lib/ec2/storage/qcow2/http_target.h"
#include "lib/ec2/storage/qcow2/room.h"

namespace brume::storage {
namespace {

constexpr size_t kMaxHeadBytes = 256 * 1024;
constexpr absl::Duration kMaxDuration = absl::Hours(24 * 7);
// Of curl.
enum CurlExit { kDone = 0, kHttpError = 22, kWriteError = 23, kNoRange = 33, kMaxFileSize = 63 };
// What is wrong with the request or the certificate, and not with the moment.
constexpr int kFinalExits[] = {1, 2, 3, 4, 5, 8, 51, 53, 54, 58, 59, 60, 61, 66, 77, 80, 82, 83, 90, 91};

std::string HeadName(const std::string& name) { return name + ".head"; }
std::string NewHeadName(const std::string& name) { return name + ".head.new"; }

absl::StatusOr<ResponseHead> ReadHead(int directory, const std::string& name) {
  const absl::StatusOr<std::string> text = ReadFileAt(directory, name, kMaxHeadBytes);
  if (absl::IsNotFound(text.status())) return ResponseHead();
  RETURN_IF_ERROR(text.status());
  return ParseResponseHead(*text);
}

bool HasContent(const ResponseHead& head) { return head.status == 200 || head.status == 206; }

// One request for one file.
class Fetcher {
 public:
  Fetcher(const FetchRequest& request, const FetchPlace& place, const FetchWatch& watch)
      : request_(request), place_(place), watch_(watch) {}

  absl::Status Run() {
    RETURN_IF_ERROR(Open());
    HttpUrl url = request_.url;
    bool restarted = false;
    for (int hops = 0; hops <= place_.options.max_redirects;) {
      ASSIGN_OR_RETURN(const Outcome outcome, Ask(url));
      switch (outcome.next) {
        case Next::kWhole:
          return absl::OkStatus();
        case Next::kFromStart:
          // Once: a server that is never content with where we go on does not mean it.
          if (std::exchange(restarted, true)) return absl::UnavailableError("the server changes the file all the time");
          RETURN_IF_ERROR(Truncate(0));
          break;
        case Next::kElsewhere: {
          ASSIGN_OR_RETURN(url, FollowLocation(url, outcome.location, request_.needs_tls));
          ++hops;
          break;
        }
      }
    }
    return absl::InvalidArgumentError(
        absl::StrCat("the server redirects more than ", place_.options.max_redirects, " times"));
  }

 private:
  enum class Next { kWhole, kFromStart, kElsewhere };
  struct Outcome {
    Next next = Next::kWhole;
    std::string location = {};
  };

  std::string PathOf(const std::string& name) const { return absl::StrCat(place_.path, "/", name); }

  // Opens what an earlier try left, with what its server said of it.
  absl::Status Open() {
    file_ = UniqueFd(
        openat(place_.directory, request_.name.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_) return FileError(errno, absl::StrCat("opening ", request_.name));
    RETURN_IF_ERROR(KeepHead());
    ASSIGN_OR_RETURN(known_, ReadHead(place_.directory, HeadName(request_.name)));
    return known_.validator.empty() ? Truncate(0) : absl::OkStatus();
  }

  // The head of a response that had content stays beside it; another's is discarded.
  absl::Status KeepHead() {
    ASSIGN_OR_RETURN(const ResponseHead head, ReadHead(place_.directory, NewHeadName(request_.name)));
    if (!HasContent(head)) return absl::OkStatus();
    const std::string from = NewHeadName(request_.name), to = HeadName(request_.name);
    if (renameat(place_.directory, from.c_str(), place_.directory, to.c_str()) != 0) return FileError(errno, from);
    known_ = head;
    return absl::OkStatus();
  }

  absl::Status Truncate(int64_t size) {
    if (ftruncate(file_.get(), size) != 0) return FileError(errno, absl::StrCat("shortening ", request_.name));
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> Size() const {
    struct stat info;
    if (fstat(file_.get(), &info) != 0) return FileError(errno, absl::StrCat("looking at ", request_.name));
    return static_cast<int64_t>(info.st_size);
  }

  absl::StatusOr<int64_t> Limit(int64_t have) {
    ASSIGN_OR_RETURN(const DiskSpace space, SpaceAt(place_.directory));
    const int64_t room = have + space.free_bytes - kReserveBytes;
    limit_is_room_ = room < MaxBytes();
    return std::max<int64_t>(limit_is_room_ ? room : MaxBytes(), 0);
  }
  int64_t MaxBytes() const { return request_.max_bytes > 0 ? request_.max_bytes : place_.options.max_bytes; }

  absl::StatusOr<std::vector<std::string>> Arguments(const HttpUrl& url, int64_t offset) {
    ASSIGN_OR_RETURN(std::vector<std::string> addresses, ResolveTarget(url, place_.options.private_urls));
    for (std::string& address : addresses) {
      if (absl::StrContains(address, ":")) address = absl::StrCat("[", address, "]");
    }
    const bool literal = absl::StrContains(url.host, ":");
    std::vector<std::string> argv = {
        "curl",
        "-q",
        "--silent",
        "--show-error",
        "--fail",
        "--globoff",
        "--path-as-is",
        "--noproxy",
        "*",
        "--proto",
        "=http,https",
        "--tlsv1.2",
        "--http1.1",
        "--max-redirs",
        "0",
        "--user-agent",
        "brume",
        "--connect-timeout",
        absl::StrCat(std::max<int64_t>(absl::ToInt64Seconds(place_.options.connect_timeout), 1)),
        "--speed-limit",
        "1",
        "--speed-time",
        absl::StrCat(std::max<int64_t>(absl::ToInt64Seconds(place_.options.stall_timeout), 1)),
        "--header",
        "Accept-Encoding: identity",
        "--dump-header",
        PathOf(NewHeadName(request_.name))};
    // So that it asks the address that was checked, and no other that the name has a moment later.
    if (!literal) {
      argv.insert(argv.end(), {"--resolve", absl::StrCat(url.host, ":", url.port, ":", absl::StrJoin(addresses, ","))});
    }
    if (offset > 0) {
      argv.insert(argv.end(),
                  {"--continue-at", absl::StrCat(offset), "--header", absl::StrCat("If-Range: ", known_.validator)});
    }
    argv.insert(argv.end(), {"--", url.text()});
    return argv;
  }

  absl::StatusOr<Outcome> Ask(const HttpUrl& url) {
    ASSIGN_OR_RETURN(const int64_t offset, Size());
    ASSIGN_OR_RETURN(const std::vector<std::string> argv, Arguments(url, offset));
    RETURN_IF_ERROR(RemoveTreeAt(place_.directory, NewHeadName(request_.name)));
    ASSIGN_OR_RETURN(const UniqueFd head, CreateFileAt(place_.directory, NewHeadName(request_.name)));
    RETURN_IF_ERROR(Settle(head.get(), 0600, place_.worker, NewHeadName(request_.name)));
    CommandOptions options;
    options.timeout = kMaxDuration;  // one that stalls is ended by curl itself, one that is too long by its size
    options.output_fd = file_.get();
    options.goes_on = [this] { return Watch(); };
    Confinement& worker = options.confinement.emplace();
    worker.uid = place_.worker.uid;
    worker.gid = place_.worker.gid;
    worker.network = true;
    if (access("/etc/ssl", F_OK) == 0) worker.readable = {"/etc/ssl"};
    worker.writable = {PathOf(NewHeadName(request_.name))};
    worker.cpu_seconds = absl::ToInt64Seconds(absl::Hours(4));
    ASSIGN_OR_RETURN(worker.file_bytes, Limit(offset));
    total_ = 0;
    ASSIGN_OR_RETURN(const CommandResult result, RunCommand(argv, options));
    return Judge(url, result, offset);
  }

  bool Watch() {
    const absl::StatusOr<int64_t> size = Size();
    if (total_ == 0) {
      const absl::StatusOr<ResponseHead> head = ReadHead(place_.directory, NewHeadName(request_.name));
      if (head.ok() && HasContent(*head)) total_ = head->total;
    }
    return watch_(size.value_or(0), total_);
  }

  absl::StatusOr<Outcome> Judge(const HttpUrl& url, const CommandResult& result, int64_t offset) {
    ASSIGN_OR_RETURN(const ResponseHead head, ReadHead(place_.directory, NewHeadName(request_.name)));
    if (!HasContent(head)) RETURN_IF_ERROR(Truncate(offset));  // what was written is no part of the file
    if (head.status >= 300 && head.status < 400 && !head.location.empty()) {
      return Outcome{Next::kElsewhere, head.location};
    }
    if (result.exit_code == kNoRange || (offset > 0 && head.status == 200)) return Outcome{Next::kFromStart};
    if (offset > 0 && head.status == 416) {
      // Nothing is behind what we have: then it is all, or not the same file.
      return Outcome{known_.total == offset ? Next::kWhole : Next::kFromStart};
    }
    RETURN_IF_ERROR(KeepHead());
    if (result.exit_code == kDone && HasContent(head)) return CheckWhole(head);
    return FaultOf(url, result, head);
  }

  absl::StatusOr<Outcome> CheckWhole(const ResponseHead& head) {
    ASSIGN_OR_RETURN(const int64_t size, Size());
    if (head.total == 0 || head.total == size) return Outcome{Next::kWhole};
    RETURN_IF_ERROR(Truncate(0));
    return absl::UnavailableError(
        absl::StrCat("the server said that the file has ", head.total, " bytes and sent ", size));
  }

  absl::Status FaultOf(const HttpUrl& url, const CommandResult& result, const ResponseHead& head) const {
    const std::string said = absl::StrCat(url.text(), ": ", absl::StripAsciiWhitespace(result.standard_error));
    if (result.exit_code == kTooLarge || result.exit_code == kWriteError || result.exit_code == kMaxFileSize) {
      if (limit_is_room_) return FileError(ENOSPC, absl::StrCat("downloading ", url.text()));
      return absl::InvalidArgumentError(absl::StrCat(url.text(), " is larger than ", MaxBytes(), " bytes"));
    }
    if (result.exit_code == kHttpError || head.status >= 300) {
      if (head.status == 404 || head.status == 410) return absl::NotFoundError(said);
      if (head.status == 401 || head.status == 403) return absl::PermissionDeniedError(said);
      const bool passes = head.status == 408 || head.status == 429 || head.status >= 500;
      return passes ? absl::UnavailableError(said) : absl::InvalidArgumentError(said);
    }
    const bool final =
        std::find(std::begin(kFinalExits), std::end(kFinalExits), result.exit_code) != std::end(kFinalExits);
    return final ? absl::InvalidArgumentError(said) : absl::UnavailableError(said);
  }

  const FetchRequest& request_;
  const FetchPlace& place_;
  const FetchWatch& watch_;
  UniqueFd file_;
  ResponseHead known_;  // of the response whose content the file has
  int64_t total_ = 0;
  bool limit_is_room_ = false;
};

}  // namespace

ResponseHead ParseResponseHead(absl::string_view text) {
  ResponseHead head;
  std::string modified;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::StartsWith(line, "HTTP/")) {
      head = {};  // an interim response was before it
      modified.clear();
      const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
      if (words.size() < 2 || !absl::SimpleAtoi(words[1], &head.status)) head.status = 0;
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    const std::string name = absl::AsciiStrToLower(line.substr(0, colon));
    const absl::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
    int64_t number = 0;
    if (name == "location") head.location = std::string(value);
    if (name == "etag" && absl::StartsWith(value, "\"")) head.validator = std::string(value);
    if (name == "last-modified") modified = std::string(value);
    if (name == "content-length" && head.status != 206 && absl::SimpleAtoi(value, &number) && number > 0) {
      head.total = number;
    }
    const size_t slash = value.rfind('/');
    if (name == "content-range" && slash != absl::string_view::npos &&
        absl::SimpleAtoi(value.substr(slash + 1), &number) && number > 0) {
      head.total = number;
    }
  }
  if (head.validator.empty()) head.validator = modified;
  return head;
}

absl::Status FetchFile(const FetchRequest& request, const FetchPlace& place, const FetchWatch& watch) {
  return Fetcher(request, place, watch).Run();
}

}  // namespace brume::storage
