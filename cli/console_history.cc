#include "cli/console_history.h"

#include <memory>

#include "cli/call.h"
#include "cli/customisations.h"
#include "cli/fill.h"
#include "cli/output_json.h"
#include "cli/table_columns.h"
#include "lib/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

constexpr size_t kMostHistoryBytes = 4096;

}  // namespace

std::string LastLines(const std::string& text, int lines) {
  size_t begin = text.size();
  // The end of the last line begins none.
  size_t end = !text.empty() && text.back() == '\n' ? text.size() - 1 : text.size();
  for (int i = 0; i < lines && end != std::string::npos; ++i) {
    const size_t previous = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
    begin = previous == std::string::npos ? 0 : previous + 1;
    end = previous;
  }
  if (text.size() - begin > kMostHistoryBytes) begin = text.size() - kMostHistoryBytes;
  return text.substr(begin);
}

absl::StatusOr<std::string> ConsoleHistory(const Schema& schema, Client& client, const std::string& instance_id,
                                           int lines) {
  const ApiAction* action = schema.FindAction("get-console-output");
  if (action == nullptr) return absl::InternalError("the schema has no get-console-output");
  auto request = schema.NewMessage(action->method->input_type());
  RETURN_IF_ERROR(
      FillMessage(nlohmann::ordered_json({{"InstanceId", instance_id}, {"Latest", true}}), "", request.get()));
  ASSIGN_OR_RETURN(auto response, CallAction(schema, client, *action, request.get()));
  DecodeResponse(*action, response.get());
  return LastLines(Cell(ToJson(*response), "Output"), lines);
}

}  // namespace brume::cli
