#include "cli/output.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/time/clock.h"
#include "cli/output_json.h"
#include "cli/output_table.h"
#include "cli/output_text.h"
#include "cli/output_yaml.h"
#include "cli/terminal.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

TableStyle StyleOf(const GlobalOptions& global) {
  const char* terminal = std::getenv("TERM");
  const bool can =
      IsTerminal(STDOUT_FILENO) && !IsSet("NO_COLOR") && (terminal == nullptr || std::string(terminal) != "dumb");
  return {.width = TerminalWidth(STDOUT_FILENO),
          .wide = global.wide,
          .color = global.color == "on" || (global.color == "auto" && can),
          .now = absl::Now()};
}

std::string Render(const ApiAction& action, const google::protobuf::Message& response, OutputFormat format,
                   const TableStyle& style) {
  const nlohmann::ordered_json value = ToJson(response);
  if (format == OutputFormat::kJson) return RenderJson(value);
  if (format == OutputFormat::kYaml) return RenderYaml(value);
  if (format == OutputFormat::kTable) return RenderTable(value, response.GetDescriptor(), style);
  if (action.api_name == "GetConsoleOutput") return value.value("Output", "");
  return RenderText(value);
}

}  // namespace brume::cli
