#include "cli/configure.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "brume/host/v1/host.pb.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(30);
constexpr char kExampleUrl[] = "http://127.0.0.1:8773";
constexpr char kOldTools[] =
    "# What is older than aws-cli 2.13 and botocore 1.31, as Debian 12's are, takes no endpoint from here.\n";

// One word to a shell, whatever is in it.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

bool AllOf(absl::string_view text, absl::string_view punctuation) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains(punctuation, c);
  });
}

absl::Status CheckUrl(const std::string& url) {
  absl::string_view rest = url;
  const bool good =
      (absl::ConsumePrefix(&rest, "http://") || absl::ConsumePrefix(&rest, "https://")) && AllOf(rest, "-._~:/[]");
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--endpoint-url: '", url, "' is no address such as ", kExampleUrl));
}

absl::Status CheckProfile(const std::string& name) {
  if (AllOf(name, "-._")) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--profile: '", name, "' is not made of letters, digits and -._"));
}

}  // namespace

std::string ShellLines(const Signpost& to) {
  std::string lines = "# For a shell: eval \"$(brume configure)\"\n";
  if (to.key.id.empty()) {
    absl::StrAppend(&lines, "export AWS_SHARED_CREDENTIALS_FILE=", Quoted(to.credentials_file), "\n");
  } else {
    absl::StrAppend(&lines, "export AWS_ACCESS_KEY_ID=", Quoted(to.key.id), "\n");
    absl::StrAppend(&lines, "export AWS_SECRET_ACCESS_KEY=", Quoted(to.key.secret), "\n");
  }
  absl::StrAppend(&lines, "export AWS_DEFAULT_REGION=", Quoted(to.region), "\n");
  absl::StrAppend(&lines, "export AWS_ENDPOINT_URL=", Quoted(to.url), "\n");
  absl::StrAppend(&lines, kOldTools, "alias aws=", Quoted(absl::StrCat("aws --endpoint-url ", to.url)), "\n");
  return lines;
}

std::string ProfileLines(const Signpost& to, const std::string& profile) {
  // As the aws CLI wants it: one profile has no word before its name.
  const std::string section = profile == "default" ? profile : absl::StrCat("profile ", profile);
  std::string lines =
      absl::StrCat("# ~/.aws/config\n[", section, "]\nregion = ", to.region, "\nendpoint_url = ", to.url, "\n");
  absl::StrAppend(&lines, kOldTools, "# Give them the option --endpoint-url or the argument endpoint_url.\n\n");
  if (to.key.id.empty()) {
    absl::StrAppend(&lines, "# ~/.aws/credentials: --show-secret prints what belongs there. ", to.credentials_file,
                    " has it too.\n");
  } else {
    absl::StrAppend(&lines, "# ~/.aws/credentials\n[", profile, "]\naws_access_key_id = ", to.key.id,
                    "\naws_secret_access_key = ", to.key.secret, "\n");
  }
  return lines;
}

absl::StatusOr<RootKey> ReadRootKey(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return absl::FailedPreconditionError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  }
  RootKey key;
  for (std::string line; std::getline(file, line) && (key.id.empty() || key.secret.empty());) {
    const std::pair<absl::string_view, absl::string_view> field = absl::StrSplit(line, absl::MaxSplits('=', 1));
    const absl::string_view name = absl::StripAsciiWhitespace(field.first);
    const absl::string_view value = absl::StripAsciiWhitespace(field.second);
    if (name == "aws_access_key_id") key.id = std::string(value);
    if (name == "aws_secret_access_key") key.secret = std::string(value);
  }
  if (key.id.empty() || key.secret.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(path, " has no access key"));
  }
  return key;
}

std::string CredentialsFileOf(const std::string& endpoint) {
  absl::string_view path = endpoint;
  const bool local = absl::ConsumePrefix(&path, "unix:");
  absl::ConsumePrefix(&path, "//");
  const size_t slash = path.rfind('/');
  const std::string directory = local && slash != path.npos ? std::string(path.substr(0, slash)) : StateDir();
  return directory + "/credentials";
}

absl::StatusOr<std::string> ReachableUrl(const std::string& served, const std::string& endpoint) {
  if (served.empty()) {
    return absl::FailedPreconditionError(
        "brumed serves no Query API: ec2.listen in brumed.toml is empty. --endpoint-url names another address");
  }
  const bool local = absl::StartsWith(endpoint, "unix:");
  const std::string host = endpoint.substr(0, endpoint.rfind(':'));
  return absl::StrReplaceAll(served, {{"://0.0.0.0:", absl::StrCat("://", local ? "127.0.0.1" : host, ":")},
                                      {"://[::]:", absl::StrCat("://", local ? "[::1]" : host, ":")}});
}

absl::StatusOr<int> RunConfigure(const GlobalOptions& global, const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options,
                   ParseOptions(tokens, {{"profile"}, {"endpoint-url"}, {"show-secret", false}, {"help", false}}));
  if (options.Find("help") != nullptr) {
    RETURN_IF_ERROR(Print(CommandHelpText("configure", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  if (!options.positional.empty() || !options.after_dashes.empty()) {
    return absl::InvalidArgumentError("brume configure takes only flags; see brume help configure");
  }
  const std::string* profile = options.Find("profile");
  if (profile != nullptr) RETURN_IF_ERROR(CheckProfile(*profile));
  const std::string* url = options.Find("endpoint-url");
  if (url != nullptr) RETURN_IF_ERROR(CheckUrl(*url));

  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  const auto& method =
      *host::v1::DescribeHostRequest::descriptor()->file()->FindServiceByName("Host")->FindMethodByName("DescribeHost");
  host::v1::DescribeHostResponse host;
  RETURN_IF_ERROR(client->Call(method, host::v1::DescribeHostRequest(), &host, kDeadline));
  Signpost to{.credentials_file = CredentialsFileOf(global.endpoint),
              .region = host.region(),
              .url = url == nullptr ? "" : *url};
  if (url == nullptr) {
    ASSIGN_OR_RETURN(to.url, ReachableUrl(host.ec2_url(), global.endpoint));
  }
  if (options.Find("show-secret") != nullptr) {
    ASSIGN_OR_RETURN(to.key, ReadRootKey(to.credentials_file));
  }
  RETURN_IF_ERROR(Print(profile == nullptr ? ShellLines(to) : ProfileLines(to, *profile)));
  return 0;
}

Command ConfigureCommand() {
  return {
      "configure",
      "configure [--profile NAME] [--endpoint-url URL] [--show-secret]",
      "Prints settings that make the aws command line, boto3 and other SDKs use the daemon.",
      "Without --profile they are for a shell: eval \"$(brume configure)\". They name the file with root's access key, "
      "which only root may read. Nothing is written.",
      {{"--profile NAME", "Print lines for ~/.aws/config and ~/.aws/credentials instead."},
       {"--endpoint-url URL", "The URL of the EC2 Query API. Default: the one the daemon reports."},
       {"--show-secret", "Also print root's access key itself."}},
      WithoutSchema<RunConfigure>};
}

}  // namespace brume::cli
