#include "lib/base/log.h"

#include <fmt/args.h>
#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "absl/strings/str_cat.h"

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

std::shared_ptr<spdlog::logger> MakeLogger(Level least, const std::string& path) {
  spdlog::sink_ptr sink;
  if (path.empty()) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  }
  auto logger = std::make_shared<spdlog::logger>("brumed", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z level=%l thread=%t %v");
  logger->set_level(ToSpdlog(least));
  logger->flush_on(spdlog::level::info);
  return logger;
}

std::shared_ptr<spdlog::logger>& Logger() {
  static std::shared_ptr<spdlog::logger> logger = MakeLogger(Level::kInfo, "");
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

absl::Status Configure(Level least, const std::string& path) {
  try {
    Logger() = MakeLogger(least, path);
  } catch (const spdlog::spdlog_ex& error) {
    return absl::InvalidArgumentError(absl::StrCat("cannot log to ", path, ": ", error.what()));
  }
  return absl::OkStatus();
}

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
