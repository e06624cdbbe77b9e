#include "cli/args.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/aws_options.h"
#include "cli/spelling.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<OutputFormat> ParseOutput(const std::string& text, absl::string_view source) {
  if (text == "table" || text == "wide") return OutputFormat::kTable;
  if (text == "json") return OutputFormat::kJson;
  if (text == "text") return OutputFormat::kText;
  if (text == "yaml") return OutputFormat::kYaml;
  return absl::InvalidArgumentError(absl::StrCat(source, " is table, wide, json, text or yaml, not '", Printable(text),
                                                 "'.", DidYouMean(text, {"table", "wide", "json", "text", "yaml"})));
}

}  // namespace

std::string StateDir() {
  const std::string named = Environment("BRUME_STATE_DIR");
  return named.empty() ? "/var/lib/brume" : named;
}

std::vector<std::string> GlobalOptionNames() {
  std::vector<std::string> names = {"--socket",  "--endpoint", "--tls-ca", "--tls-cert",
                                    "--tls-key", "--output",   "--help",   "--version"};
  for (const AwsOption& option : AwsOptions()) names.emplace_back(option.name);
  return names;
}

absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<std::string>& argv, bool terminal) {
  CommandLine line;
  GlobalOptions& global = line.global;
  std::string output, socket;
  const std::pair<absl::string_view, std::string*> globals[] = {
      {"--socket", &socket},          {"--endpoint", &global.endpoint},
      {"--tls-ca", &global.tls_ca},   {"--tls-cert", &global.tls_cert},
      {"--tls-key", &global.tls_key}, {"--output", &output}};

  for (size_t i = 0; i < argv.size(); ++i) {
    const std::string& token = argv[i];
    if (token == "--" && !line.command.empty()) {
      line.rest.insert(line.rest.end(), argv.begin() + i, argv.end());
      break;
    }
    const size_t equals = token.find('=');
    const absl::string_view bare = absl::string_view(token).substr(0, equals);
    if (const AwsOption* option = FindAwsOption(bare, line.command)) {
      std::string value;
      if (option->takes_value) {
        if (equals == std::string::npos && i + 1 == argv.size()) {
          return absl::InvalidArgumentError(absl::StrCat(token, " needs a value"));
        }
        value = equals == std::string::npos ? argv[++i] : token.substr(equals + 1);
        if (value.empty()) return absl::InvalidArgumentError(absl::StrCat(bare, " needs a value"));
      } else if (equals != std::string::npos) {
        return absl::InvalidArgumentError(absl::StrCat(bare, " takes no value"));
      }
      RETURN_IF_ERROR(ApplyAwsOption(*option, value, &global));
      continue;
    }
    std::string* target = nullptr;
    absl::string_view inline_value = token;
    for (const auto& [name, value] : globals) {
      if (token == std::string(name)) target = value;
      if (absl::StartsWith(token, absl::StrCat(name, "="))) {
        target = value;
        inline_value.remove_prefix(name.size() + 1);
      }
    }
    if (target != nullptr) {
      if (inline_value.size() != token.size()) {
        *target = std::string(inline_value);
      } else if (i + 1 < argv.size()) {
        *target = argv[++i];
      } else {
        return absl::InvalidArgumentError(absl::StrCat(token, " needs a value"));
      }
      if (target->empty()) return absl::InvalidArgumentError(absl::StrCat(token, " needs a value"));
    } else if (token == "--help" || token == "-h") {
      line.help = true;
    } else if (!line.command.empty()) {
      line.rest.push_back(token);
    } else if (token == "--version") {
      line.version = true;
    } else if (absl::StartsWith(token, "-")) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown option '", token, "' before the action.", DidYouMean(token, GlobalOptionNames())));
    } else if (token.empty()) {
      return absl::InvalidArgumentError("the action is an empty word; brume help shows what there is");
    } else {
      line.command = token;
    }
  }

  if (line.command == "version") {
    line.version = true;
    if (!line.rest.empty()) return absl::InvalidArgumentError("brume version takes no arguments");
  }
  if (!socket.empty() && !global.endpoint.empty()) {
    return absl::InvalidArgumentError("--socket and --endpoint exclude each other");
  }
  if (!socket.empty()) global.endpoint = absl::StrCat("unix:", absl::StripPrefix(socket, "unix:"));
  if (global.endpoint.empty()) global.endpoint = Environment("BRUME_ENDPOINT");
  if (global.endpoint.empty()) global.endpoint = absl::StrCat("unix:", StateDir(), "/brumed.sock");

  if (global.tls_ca.empty()) global.tls_ca = Environment("BRUME_TLS_CA");
  if (global.tls_cert.empty()) global.tls_cert = Environment("BRUME_TLS_CERT");
  if (global.tls_key.empty()) global.tls_key = Environment("BRUME_TLS_KEY");

  absl::string_view source = "--output";
  if (output.empty()) {
    output = Environment("BRUME_OUTPUT");
    source = "BRUME_OUTPUT";
  }
  if (output.empty()) {
    global.output = terminal ? OutputFormat::kTable : OutputFormat::kJson;
  } else {
    ASSIGN_OR_RETURN(global.output, ParseOutput(output, source));
    global.output_chosen = true;
    global.wide = output == "wide";
  }
  return line;
}

const std::string* ParsedOptions::Find(const std::string& name) const {
  for (const auto& [option, value] : options) {
    if (option == name) return &value;
  }
  return nullptr;
}

absl::StatusOr<ParsedOptions> ParseOptions(const std::vector<std::string>& tokens,
                                           const std::vector<OptionSpec>& specs) {
  ParsedOptions parsed;
  std::vector<std::string> names;
  for (const OptionSpec& spec : specs) names.push_back(absl::StrCat("--", spec.name));
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] == "--") {
      parsed.after_dashes.assign(tokens.begin() + i + 1, tokens.end());
      break;
    }
    absl::string_view name = tokens[i];
    if (!absl::ConsumePrefix(&name, "--")) {
      if (tokens[i].size() > 1 && tokens[i][0] == '-') {
        return absl::InvalidArgumentError(absl::StrCat("unknown option '", tokens[i], "'"));
      }
      parsed.positional.push_back(tokens[i]);
      continue;
    }
    const size_t equals = name.find('=');
    const absl::string_view bare = name.substr(0, equals);
    const OptionSpec* spec = nullptr;
    for (const OptionSpec& candidate : specs) {
      if (bare == absl::string_view(candidate.name)) spec = &candidate;
    }
    if (spec == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown option '--", bare, "'.", DidYouMean(absl::StrCat("--", bare), names)));
    }
    std::string value;
    if (equals != absl::string_view::npos) {
      if (!spec->takes_value) return absl::InvalidArgumentError(absl::StrCat("--", bare, " takes no value"));
      value = std::string(name.substr(equals + 1));
    } else if (spec->takes_value) {
      if (i + 1 == tokens.size()) return absl::InvalidArgumentError(absl::StrCat("--", bare, " needs a value"));
      value = tokens[++i];
    }
    parsed.options.emplace_back(spec->name, value);
  }
  return parsed;
}

}  // namespace brume::cli
