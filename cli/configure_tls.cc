#include "cli/configure_tls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "cli/args.h"
#include "cli/call.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/self_signed.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"

namespace brume::cli {
namespace {

// Clients must be able to read the certificate, which they may not in the daemon's state directory.
constexpr char kDirectory[] = "/etc/brume/tls";

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::UnavailableError(absl::StrCat("cannot ", what, " ", path, ": ", strerror(errno)));
}

absl::Status WriteAll(int file, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("write", path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(file) == 0 ? absl::OkStatus() : Failed("write", path);
}

// A file beside `path` that is to take its place.
absl::StatusOr<std::string> WriteDraft(const std::string& path, absl::string_view content, mode_t mode) {
  const std::string draft = path + ".new";
  if (unlink(draft.c_str()) != 0 && errno != ENOENT) return Failed("remove", draft);  // one that a crash left
  // No one but us may read it before its mode is set.
  const UniqueFd file(open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return Failed("make", draft);
  if (fchmod(file.get(), mode) != 0) return Failed("make", draft);
  RETURN_IF_ERROR(WriteAll(file.get(), content, draft));
  return draft;
}

// Without `replace` a file that is there, if only since a moment ago, stays.
absl::Status Place(const std::string& draft, const std::string& path, bool replace) {
  if (replace) return rename(draft.c_str(), path.c_str()) == 0 ? absl::OkStatus() : Failed("make", path);
  const bool linked = link(draft.c_str(), path.c_str()) == 0;
  const absl::Status made = linked ? absl::OkStatus() : Failed("make", path);
  if (unlink(draft.c_str()) != 0 && linked) return Failed("remove", draft);
  return made;
}

absl::Status WritePair(const TlsFiles& files, const SelfSigned& made, bool replace) {
  for (const std::string& path : {files.certificate, files.key}) {
    struct stat ignored = {};
    if (!replace && lstat(path.c_str(), &ignored) == 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          path, " is there already. Clients trust that one: --force makes a new certificate in its place."));
    }
  }
  ASSIGN_OR_RETURN(const std::string key, WriteDraft(files.key, made.key, 0600));
  ASSIGN_OR_RETURN(const std::string certificate, WriteDraft(files.certificate, made.certificate, 0644));
  RETURN_IF_ERROR(Place(key, files.key, replace));
  return Place(certificate, files.certificate, replace);
}

// localhost and this host's name, then those that are asked for, each once.
absl::StatusOr<std::vector<std::string>> NamesOf(const ParsedOptions& options) {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0) return Failed("read", "this host's name");
  if (IsServerName(host)) add(host);  // a name no client can ask for is of no use
  for (const auto& [option, value] : options.options) {
    if (option != "name") continue;
    if (!IsServerName(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--name takes a DNS name or an address, not '", Printable(value), "'"));
    }
    add(value);
  }
  return names;
}

std::string TomlString(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

std::string ShellWord(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::string_view("/._-+:,@").find(c) != absl::string_view::npos;
  });
  return plain ? text : absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

}  // namespace

std::string RenderTlsSettings(const TlsFiles& files, const std::vector<std::string>& names, absl::Time not_after) {
  return absl::StrCat(
      "A certificate for ", absl::StrJoin(names, ", "), ", good until ",
      absl::FormatTime("%Y-%m-%d", not_after, absl::UTCTimeZone()),
      ".\n\nIn brumed.toml, before brumed starts again:\n\n[ec2]\ntls_cert = ", TomlString(files.certificate),
      "\ntls_key = ", TomlString(files.key),
      "\n\nFor the aws CLI and the SDKs, which trust it by:\n\nexport AWS_CA_BUNDLE=", ShellWord(files.certificate),
      "\n");
}

absl::StatusOr<int> RunConfigureTls(const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(const ParsedOptions options,
                   ParseOptions(tokens, {{"dir"}, {"name"}, {"force", false}, {"help", false}}));
  if (options.Find("help") != nullptr) {
    RETURN_IF_ERROR(Print(CommandHelpText("configure-tls", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  if (!options.positional.empty() || !options.after_dashes.empty()) {
    return absl::InvalidArgumentError("brume configure-tls takes options only");
  }
  const std::string* const dir = options.Find("dir");
  const std::string named = dir == nullptr ? kDirectory : *dir;
  if (named.empty() || !IsUtf8(named) || std::any_of(named.begin(), named.end(), absl::ascii_iscntrl)) {
    return absl::InvalidArgumentError("--dir takes the path of a directory");
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesOf(options));
  std::error_code error;
  const std::filesystem::path directory = std::filesystem::absolute(named, error).lexically_normal();
  if (!error) std::filesystem::create_directories(directory, error);
  if (error) return absl::UnavailableError(absl::StrCat("cannot make ", named, ": ", error.message()));
  const TlsFiles files{.certificate = directory / "brumed.crt", .key = directory / "brumed.key"};
  ASSIGN_OR_RETURN(const SelfSigned made, MakeSelfSigned(names, absl::Now()));
  RETURN_IF_ERROR(WritePair(files, made, options.Find("force") != nullptr));
  RETURN_IF_ERROR(Print(RenderTlsSettings(files, names, made.not_after)));
  return 0;
}

Command ConfigureTlsCommand() {
  return {
      "configure-tls",
      "configure-tls [--dir DIRECTORY] [--name HOST …] [--force]",
      "Creates a certificate for serving the Query API over HTTPS.",
      "Creates brumed.crt and brumed.key, which only its owner can read: self-signed, ECDSA on P-256, valid for ten "
      "years, for localhost, 127.0.0.1, ::1 and this host's name. Then shows what to write into brumed.toml, and the "
      "variable that makes the aws CLI and the SDKs trust the certificate. The daemon is not contacted.",
      {{"--dir DIRECTORY", "Where to write them. Created if it does not exist. Default: /etc/brume/tls."},
       {"--name HOST", "An additional DNS name or address of the daemon; may be repeated."},
       {"--force", "Replace an existing certificate and key."}},
      [](const Schema&, const GlobalOptions&, const std::vector<std::string>& tokens) {
        return RunConfigureTls(tokens);
      }};
}

}  // namespace brume::cli
