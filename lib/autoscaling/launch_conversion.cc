#include "lib/autoscaling/launch_conversion.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/base/fields_json.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::autoscaling {
namespace {

using Named = std::pair<std::string, std::string>;

Named ReadNamed(store::Row& row) {
  Named named;
  row.Read(named.first, named.second);
  return named;
}

absl::Status ConvertConfigurations(store::Connection& c, const LaunchMessages& messages) {
  ASSIGN_OR_RETURN(const std::vector<Named> all, c.All("SELECT name, data FROM launch_configurations", ReadNamed));
  for (const auto& [name, data] : all) {
    const absl::StatusOr<compute::LaunchSpec> spec = messages.read_spec(data);
    if (!spec.ok()) {
      return absl::DataLossError(absl::StrCat("the launch configuration '", name, "' (table launch_configurations) ",
                                              "cannot be converted: ", spec.status().message()));
    }
    // The column's type is still that of bytes.
    const std::string json = FieldsToJson(*spec);
    RETURN_IF_ERROR(c.Run("UPDATE launch_configurations SET data = ? WHERE name = ?", store::Blob{json}, name));
  }
  return absl::OkStatus();
}

absl::StatusOr<scaling::MixedPolicy> PolicyOf(const std::string& base64, const LaunchMessages& messages) {
  std::string bytes;
  if (!absl::Base64Unescape(base64, &bytes)) return absl::DataLossError("it is not base64");
  return messages.read_policy(bytes);
}

absl::Status ConvertPolicies(store::Connection& c, const LaunchMessages& messages) {
  ASSIGN_OR_RETURN(const std::vector<Named> all,
                   c.All("SELECT name, mixed_policy FROM scaling_groups WHERE mixed_policy <> ''", ReadNamed));
  for (const auto& [name, base64] : all) {
    const absl::StatusOr<scaling::MixedPolicy> policy = PolicyOf(base64, messages);
    if (!policy.ok()) {
      return absl::DataLossError(
          absl::StrCat("the mixed instances policy of the Auto Scaling group '", name,
                       "' (table scaling_groups) cannot be converted: ", policy.status().message()));
    }
    RETURN_IF_ERROR(c.Run("UPDATE scaling_groups SET mixed_policy = ? WHERE name = ?", FieldsToJson(*policy), name));
  }
  return absl::OkStatus();
}

}  // namespace

store::Conversion LaunchConversion(LaunchMessages messages) {
  return {.number = 13, .run = [messages = std::move(messages)](store::Connection& c) {
            RETURN_IF_ERROR(ConvertConfigurations(c, messages));
            return ConvertPolicies(c, messages);
          }};
}

}  // namespace brume::autoscaling
