#include "cli/instance_logs.h"

#include <poll.h>
#include <unistd.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/call.h"
#include "cli/console_history.h"
#include "cli/instances.h"
#include "cli/short_options.h"
#include "cli/short_wait.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

// A guest's bytes steer no terminal of ours.
std::string ForReader(const std::string& text) {
  if (!IsTerminal(STDOUT_FILENO)) return text;
  return Printable(absl::StrReplaceAll(text, {{"\r", ""}}), /*keep_lines=*/true);
}

// Asks again rather than attaching: a console has room for one.
absl::Status FollowLogs(Client& client, const std::string& instance_id, std::string shown) {
  const NotedInterrupt interrupt;
  while (!NotedInterrupt::Came()) {
    ASSIGN_OR_RETURN(const std::string text, ConsoleText(client, instance_id));
    RETURN_IF_ERROR(Print(ForReader(NewText(shown, text))));
    shown = text;
    poll(nullptr, 0, 1000);  // Ctrl-C ends it early
  }
  return absl::OkStatus();
}

absl::StatusOr<int> RunLogs(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  const ShortUsage usage{.command = "logs", .usage = "brume logs NAME [--follow]", .least = 1, .most = 1};
  std::vector<std::string> words = tokens;
  for (std::string& word : words) {
    if (word == "-f") word = "--follow";
  }
  ASSIGN_OR_RETURN(const auto options, ParseShort(usage, words, {{"follow", false}}));
  if (!options.has_value()) return 0;
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, Client::Create(global));
  ASSIGN_OR_RETURN(const ec2::v1::Instance instance, FindInstance(*client, options->positional[0]));
  ASSIGN_OR_RETURN(const std::string text, ConsoleText(*client, instance.instance_id()));
  RETURN_IF_ERROR(Print(ForReader(text)));
  if (options->Find("follow") != nullptr) RETURN_IF_ERROR(FollowLogs(*client, instance.instance_id(), text));
  return 0;
}

}  // namespace

std::string NewText(const std::string& before, const std::string& now) {
  if (before.empty()) return now;
  constexpr size_t kEnough = 4096;
  const std::string tail = before.size() > kEnough ? before.substr(before.size() - kEnough) : before;
  const size_t at = now.rfind(tail);
  return at == std::string::npos ? now : now.substr(at + tail.size());
}

Command LogsCommand() {
  return {"logs",
          "logs NAME [-f | --follow]",
          "Shows the console output of an instance.",
          "The last 64 KiB. To use the console, see brume console.",
          {{"--follow", "Keep showing new output; Ctrl-C ends it. Also -f."}},
          WithoutSchema<RunLogs>};
}

}  // namespace brume::cli
