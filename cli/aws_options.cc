#include "cli/aws_options.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/api_schema.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/output_query.h"
#include "cli/spelling.h"
#include "cli/text.h"

namespace brume::cli {
namespace {

// An address of this host is the daemon's Query API, which the socket stands for. Another host is not what we would
// call.
absl::Status CheckEndpointUrl(absl::string_view url) {
  absl::string_view rest = url;
  if (absl::ConsumePrefix(&rest, "http://") || absl::ConsumePrefix(&rest, "https://")) {
    absl::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    if (!absl::StrContains(host, "@")) {
      const size_t colon = host.rfind(':');
      const size_t bracket = host.find(']');
      if (colon != absl::string_view::npos && (bracket == absl::string_view::npos || colon > bracket)) {
        host = host.substr(0, colon);
      }
      for (const absl::string_view local : {"localhost", "127.0.0.1", "[::1]"}) {
        if (absl::EqualsIgnoreCase(host, local)) return absl::OkStatus();
      }
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--endpoint-url names a Query API of another host, '", Printable(url),
                   "', and brume speaks gRPC. Use --endpoint HOST:PORT, or the aws command line."));
}

}  // namespace

const std::vector<AwsOption>& AwsOptions() {
  static const auto* const options = new std::vector<AwsOption>{{"--query"},
                                                                {"--color"},
                                                                {"--region"},
                                                                {"--profile"},
                                                                {"--endpoint-url"},
                                                                {"--ca-bundle"},
                                                                {"--cli-read-timeout"},
                                                                {"--cli-connect-timeout"},
                                                                {"--cli-binary-format"},
                                                                {"--no-cli-pager", false},
                                                                {"--cli-auto-prompt", false},
                                                                {"--no-cli-auto-prompt", false},
                                                                {"--no-verify-ssl", false},
                                                                {"--no-sign-request", false},
                                                                {"--debug", false}};
  return *options;
}

const AwsOption* FindAwsOption(absl::string_view name, absl::string_view command) {
  // It writes lines for the aws command line, and has its options.
  if (command == "configure") return nullptr;
  for (const AwsOption& option : AwsOptions()) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

absl::Status ApplyAwsOption(const AwsOption& option, const std::string& value, GlobalOptions* global) {
  if (option.name == "--query") global->query = value;
  if (option.name == "--endpoint-url") return CheckEndpointUrl(value);
  if (option.name == "--color") {
    if (value != "on" && value != "off" && value != "auto") {
      return absl::InvalidArgumentError(absl::StrCat("--color is on, off or auto, not '", Printable(value), "'.",
                                                     DidYouMean(value, {"on", "off", "auto"})));
    }
    global->color = value;
  }
  return absl::OkStatus();
}

absl::Status CheckQuery(const Schema& schema, const CommandLine& line) {
  if (line.global.query.empty() || schema.HasFamily(line.command) || schema.FindAction(line.command) != nullptr) {
    return absl::OkStatus();
  }
  const Command* const command = FindCommand(line.command);
  if (command == nullptr) return absl::OkStatus();  // that there is none is said elsewhere
  if (command->has_answer) return ParseQuery(line.global.query).status();
  return absl::InvalidArgumentError(
      absl::StrCat("--query selects from a response, and brume ", line.command, " prints none"));
}

const std::vector<std::pair<std::string, std::string>>& AwsOptionHelp() {
  static const auto* const options = new std::vector<std::pair<std::string, std::string>>{
      {"--query EXPRESSION", "Show only what this JMESPath expression selects from the response."},
      {"--color on|off|auto", "Colours in tables. Default: auto, which is on for a terminal unless NO_COLOR is set."},
      {"--region, --profile, --endpoint-url, --no-cli-pager …",
       "Options of the aws command line are accepted without effect, so that its commands can be pasted: the daemon is "
       "a single region, and identifies callers by the socket."}};
  return *options;
}

}  // namespace brume::cli
