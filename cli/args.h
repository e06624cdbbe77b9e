// The command line before any action looks at it: global options, the command's name, the rest.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace brume::cli {

enum class OutputFormat { kTable, kJson, kText, kYaml };

// Exit codes, the aws CLI's.
inline constexpr int kExitUsage = 252;       // the command line is wrong; nothing was called
inline constexpr int kExitApiError = 254;    // the daemon refused
inline constexpr int kExitOtherError = 255;  // anything else

struct GlobalOptions {
  std::string endpoint;  // unix:PATH or HOST:PORT
  std::string tls_ca = {}, tls_cert = {}, tls_key = {};
  OutputFormat output = OutputFormat::kJson;
  bool output_chosen = false;  // by --output or BRUME_OUTPUT
  bool wide = false;           // --output wide: a table with every column
  std::string query = {};      // JMESPath; empty = the whole answer
  std::string color = "auto";  // on, off or auto
};

struct CommandLine {
  GlobalOptions global;
  std::string command;  // empty = none
  std::vector<std::string> rest;
  bool help = false;     // -h or --help anywhere before "--"
  bool version = false;  // --version before the command, or `brume version`
};

// The directory of the daemon's state: BRUME_STATE_DIR, else /var/lib/brume.
std::string StateDir();

// Global options are taken out wherever they stand before "--", those of the aws command line too; BRUME_ENDPOINT and
// BRUME_OUTPUT are their defaults. `terminal`: whether standard output is one, for the default of --output.
absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& argv, bool terminal);

// Every global option, "--output".
std::vector<std::string> GlobalOptionNames();

// Options of a hand-made command.
struct OptionSpec {
  std::string name;  // without dashes
  bool takes_value = true;
};
struct ParsedOptions {
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::string> positional;
  std::vector<std::string> after_dashes;  // what follows "--"

  const std::string* Find(const std::string& name) const;
};
absl::StatusOr<ParsedOptions> ParseOptions(const std::vector<std::string>& tokens,
                                           const std::vector<OptionSpec>& specs);

}  // namespace brume::cli
