// The daemon's log: one structured line an event, through spdlog and fmt, without their headers in ours.
//
//   log::Info("instance {} is {}", id.text(), "running");
//
// Never pass a secret. Lines carry the request id of the call that runs on this thread, when one does.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace brume::log {

enum class Level { kDebug, kInfo, kWarn, kError };

// Sets where lines go and the minimum level; call once at start. Without it lines go to standard error from kInfo up.
// `path` empty = standard error. Error: InvalidArgument when the file cannot be written; lines go where they went.
absl::Status Configure(Level min_level, const std::string& path);

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

// One argument of a line, of whatever type, for as long as the call.
class Argument {
 public:
  Argument(bool value) : value_(value) {}  // NOLINT(google-explicit-constructor): a call names values, not Arguments
  Argument(double value) : value_(value) {}
  Argument(const char* value) : value_(std::string_view(value)) {}
  Argument(const std::string& value) : value_(std::string_view(value)) {}
  Argument(std::string_view value) : value_(value) {}
  // Debian's absl::string_view is a class of its own.
  Argument(absl::string_view value) : value_(std::string_view(value.data(), value.size())) {}
  template <typename T>
  requires std::is_integral_v<T> Argument(T value) : value_(Widened(value)) {}

  const std::variant<bool, int64_t, uint64_t, double, std::string_view>& value() const { return value_; }

 private:
  template <typename T>
  static auto Widened(T value) {
    if constexpr (std::is_signed_v<T>) {
      return static_cast<int64_t>(value);
    } else {
      return static_cast<uint64_t>(value);
    }
  }

  std::variant<bool, int64_t, uint64_t, double, std::string_view> value_;
};

// A format as of fmt::format, whose "{…}" are counted when it is compiled.
template <typename... Args>
struct Format {
  consteval Format(const char* format) : text(format) {  // NOLINT(google-explicit-constructor)
    size_t places = 0;
    for (const char c : text) places += c == '{';
    if (places != sizeof...(Args)) throw "a format needs one {} for each argument";
  }
  std::string_view text;
};

void WriteFormatted(Level level, std::string_view format, std::initializer_list<Argument> arguments);

template <typename... Args>
void Debug(Format<std::type_identity_t<Args>...> format, const Args&... args) {
  if (Enabled(Level::kDebug)) WriteFormatted(Level::kDebug, format.text, {Argument(args)...});
}
template <typename... Args>
void Info(Format<std::type_identity_t<Args>...> format, const Args&... args) {
  if (Enabled(Level::kInfo)) WriteFormatted(Level::kInfo, format.text, {Argument(args)...});
}
template <typename... Args>
void Warn(Format<std::type_identity_t<Args>...> format, const Args&... args) {
  if (Enabled(Level::kWarn)) WriteFormatted(Level::kWarn, format.text, {Argument(args)...});
}
template <typename... Args>
void Error(Format<std::type_identity_t<Args>...> format, const Args&... args) {
  if (Enabled(Level::kError)) WriteFormatted(Level::kError, format.text, {Argument(args)...});
}

}  // namespace brume::log
