// The daemon's log: one structured line an event, through spdlog, without its headers in ours.
//
//   log::Info("instance {} is {}", id.text(), "running");
//
// Never pass a secret. Lines carry the request id of the call that runs on this thread, when one does.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume::log {

enum class Level { kDebug, kInfo, kWarn, kError };

// Sets where lines go and the least level; call once at start. Without it lines go to standard error from kInfo up.
// `path` empty = standard error. Error: InvalidArgument when the file cannot be written; lines go where they went.
absl::Status Configure(Level least, const std::string& path);

void Write(Level level, std::string_view text);
bool Enabled(Level level);

// The request id shown on this thread's lines while it lives.
class RequestScope {
 public:
  explicit RequestScope(std::string request_id);
  ~RequestScope();
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;

 private:
  std::string previous_;
};

template <typename... Args>
void Log(Level level, fmt::string_view format, const Args&... args) {
  if (Enabled(level)) Write(level, fmt::vformat(format, fmt::make_format_args(args...)));
}
template <typename... Args>
void Debug(fmt::format_string<const Args&...> format, const Args&... args) {
  Log(Level::kDebug, format, args...);
}
template <typename... Args>
void Info(fmt::format_string<const Args&...> format, const Args&... args) {
  Log(Level::kInfo, format, args...);
}
template <typename... Args>
void Warn(fmt::format_string<const Args&...> format, const Args&... args) {
  Log(Level::kWarn, format, args...);
}
template <typename... Args>
void Error(fmt::format_string<const Args&...> format, const Args&... args) {
  Log(Level::kError, format, args...);
}

}  // namespace brume::log

// Debian's absl::string_view is a class of its own, which fmt does not know.
template <>
struct fmt::formatter<absl::string_view> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(absl::string_view text, Context& context) const {
    return fmt::formatter<std::string_view>::format(std::string_view(text.data(), text.size()), context);
  }
};
