#include "cli/instances.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/call.h"
#include "cli/fill.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/table_columns.h"
#include "cli/wait.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ids.h"
#include "nlohmann/json.hpp"

namespace brume::cli {

using Json = nlohmann::ordered_json;

absl::StatusOr<Json> FindInstance(const Schema& schema, Client& client, const std::string& name) {
  const ApiAction* describe = schema.FindAction("describe-instances");
  if (describe == nullptr) return absl::InternalError("the schema has no describe-instances");
  const bool id = KindOfId(name) == &InstanceId::kKind;
  Json wanted = Json::object();
  if (id) {
    wanted["InstanceIds"] = Json::array({name});
  } else {
    // Wildcards of a filter are no part of a name.
    const std::string literal = absl::StrReplaceAll(name, {{"\\", "\\\\"}, {"*", "\\*"}, {"?", "\\?"}});
    wanted["Filters"] = {{{"Name", "tag:Name"}, {"Values", Json::array({literal})}},
                         {{"Name", "instance-state-name"}, {"Values", {"pending", "running", "stopping", "stopped"}}}};
  }
  auto request = schema.NewMessage(describe->method->input_type());
  RETURN_IF_ERROR(FillMessage(wanted, "", request.get()));
  ASSIGN_OR_RETURN(auto response, CallAction(schema, client, *describe, request.get()));
  const Json answer = ToJson(*response);
  const std::vector<const Json*> found = ThingsAt(answer, "Reservations.Instances");
  if (found.size() == 1) return *found[0];
  if (found.empty()) return absl::NotFoundError(absl::StrCat("there is no instance '", name, "'"));
  std::vector<std::string> ids;
  for (const Json* instance : found) ids.push_back(Cell(*instance, "InstanceId"));
  return absl::FailedPreconditionError(
      absl::StrCat("several instances are named '", name, "': ", absl::StrJoin(ids, ", "), ". Give the id."));
}

}  // namespace brume::cli
