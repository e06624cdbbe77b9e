#include "cli/output.h"

#include "cli/output_json.h"
#include "cli/output_table.h"
#include "cli/output_text.h"
#include "cli/output_yaml.h"
#include "nlohmann/json.hpp"

namespace brume::cli {

std::string Render(const ApiAction& action, const google::protobuf::Message& response, OutputFormat format, int width) {
  const nlohmann::ordered_json value = ToJson(response);
  if (format == OutputFormat::kJson) return RenderJson(value);
  if (format == OutputFormat::kYaml) return RenderYaml(value);
  if (format == OutputFormat::kTable) return RenderTable(value, response.GetDescriptor(), width);
  if (action.api_name == "GetConsoleOutput") return value.value("Output", "");
  return RenderText(value);
}

}  // namespace brume::cli
