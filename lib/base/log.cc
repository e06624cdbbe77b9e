#include "lib/base/log.h"

#include <fcntl.h>
#include <fmt/args.h>
#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "lib/base/log_file.h"
#include "lib/base/mutex.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"

namespace brume::log {
namespace {

thread_local std::string current_request;

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// Who called what from where is for the administrators alone.
absl::StatusOr<UniqueFd> OpenLog(const std::string& path) {
  constexpr mode_t kMode = 0640;
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode));
  struct stat info;
  if (!fd || fstat(fd.get(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot log to ", path));
  // A file of an earlier version, or one that somebody made with another umask.
  if (S_ISREG(info.st_mode) && (info.st_mode & 0777 & ~kMode) != 0 && fchmod(fd.get(), info.st_mode & kMode) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path, " unreadable for others"));
  }
  return fd;
}

// Any thread; a line is written whole.
class FileSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  FileSink(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  absl::Status Reopen() {
    ASSIGN_OR_RETURN(UniqueFd fresh, OpenLog(path_));
    MutexLock lock(lock_);
    fd_ = std::move(fresh);
    return absl::OkStatus();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    MutexLock lock(lock_);
    formatter_->format(message, line);
    // A full disk loses lines of the log and nothing else.
    for (size_t written = 0; written < line.size();) {
      const ssize_t count = write(fd_.get(), line.data() + written, line.size() - written);
      if (count < 0 && errno != EINTR) return;
      if (count > 0) written += count;
    }
  }
  void flush_() override {}

 private:
  const std::string path_;
  Mutex lock_;
  UniqueFd fd_ ABSL_GUARDED_BY(lock_);
};

std::shared_ptr<FileSink>& File() {
  static std::shared_ptr<FileSink> file;
  return file;
}

std::shared_ptr<spdlog::logger> MakeLogger(Level min_level, spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("brumed", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z level=%l thread=%t %v");
  logger->set_level(ToSpdlog(min_level));
  logger->flush_on(spdlog::level::info);
  return logger;
}

std::shared_ptr<spdlog::logger>& Logger() {
  static std::shared_ptr<spdlog::logger> logger =
      MakeLogger(Level::kInfo, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  return logger;
}

// A guest's or a client's text must not be able to forge a second line.
std::string OneLine(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (const char c : text) {
    if (c == '\n') {
      line += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      line += c;
    }
  }
  return line;
}

}  // namespace

absl::Status Configure(Level min_level, const std::string& path) {
  if (path.empty()) {
    Logger() = MakeLogger(min_level, std::make_shared<spdlog::sinks::stderr_sink_mt>());
    return absl::OkStatus();
  }
  absl::StatusOr<UniqueFd> fd = OpenLog(path);
  if (!fd.ok()) return absl::InvalidArgumentError(fd.status().message());
  File() = std::make_shared<FileSink>(path, *std::move(fd));
  Logger() = MakeLogger(min_level, File());
  return absl::OkStatus();
}

absl::Status ReopenFile() { return File() == nullptr ? absl::OkStatus() : File()->Reopen(); }

bool Enabled(Level level) { return Logger()->should_log(ToSpdlog(level)); }

void Write(Level level, std::string_view text) {
  const std::string line = OneLine(text);
  if (current_request.empty()) {
    Logger()->log(ToSpdlog(level), "{}", line);
  } else {
    Logger()->log(ToSpdlog(level), "request={} {}", OneLine(current_request), line);
  }
}

void WriteFormatted(Level level, std::string_view format, std::initializer_list<Argument> arguments) {
  fmt::dynamic_format_arg_store<fmt::format_context> store;
  for (const Argument& argument : arguments) {
    std::visit([&](const auto& value) { store.push_back(value); }, argument.value());
  }
  Write(level, fmt::vformat(format, store));
}

RequestScope::RequestScope(std::string request_id) : previous_(std::exchange(current_request, std::move(request_id))) {}
RequestScope::~RequestScope() { current_request = std::move(previous_); }

}  // namespace brume::log
