#include "cli/output.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "cli/output_json.h"
#include "cli/output_table.h"
#include "cli/output_text.h"
#include "cli/output_yaml.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

// IAM sends the documents of policies as the part of a URL. What is no such part stays.
std::string PercentDecoded(const std::string& text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) &&
                        absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2]));
    decoded += escape ? absl::HexStringToBytes(absl::string_view(text).substr(i + 1, 2)) : text.substr(i, 1);
    if (escape) i += 2;
  }
  return decoded;
}

void OpenPolicies(nlohmann::ordered_json* value) {
  if (!value->is_structured()) return;
  for (auto& [key, member] : value->items()) {
    const bool policy = key == "PolicyDocument" || key == "AssumeRolePolicyDocument" || key == "Document";
    if (policy && member.is_string()) {
      nlohmann::ordered_json opened =
          nlohmann::ordered_json::parse(PercentDecoded(member.get_ref<const std::string&>()), nullptr, false);
      if (opened.is_object()) member = std::move(opened);
    } else {
      OpenPolicies(&member);
    }
  }
}

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

nlohmann::ordered_json AnswerJson(const ApiAction& action, const google::protobuf::Message& response) {
  nlohmann::ordered_json answer = ToJson(response);
  if (action.family == "iam") OpenPolicies(&answer);
  return answer;
}

TableStyle StyleOf(const GlobalOptions& global) {
  const char* terminal = std::getenv("TERM");
  const bool can =
      IsTerminal(STDOUT_FILENO) && !IsSet("NO_COLOR") && (terminal == nullptr || std::string(terminal) != "dumb");
  return {.width = TerminalWidth(STDOUT_FILENO),
          .wide = global.wide,
          .color = global.color == "on" || (global.color == "auto" && can),
          .to_terminal = IsTerminal(STDOUT_FILENO),
          .now = absl::Now()};
}

std::string Render(const ApiAction& action, const google::protobuf::Message& response, OutputFormat format,
                   const TableStyle& style) {
  const nlohmann::ordered_json value = AnswerJson(action, response);
  if (format == OutputFormat::kJson) return RenderJson(value);
  if (format == OutputFormat::kYaml) return RenderYaml(value);
  if (format == OutputFormat::kTable) return RenderTable(ToJson(response), response.GetDescriptor(), style);
  if (action.api_name == "GetConsoleOutput") {
    const std::string console = value.value("Output", "");
    // A terminal answers some of what a guest may send as if it were typed here.
    return style.to_terminal ? Printable(absl::StrReplaceAll(console, {{"\r", ""}}), /*keep_lines=*/true) : console;
  }
  return RenderText(value);
}

}  // namespace brume::cli
