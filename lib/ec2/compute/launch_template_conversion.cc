#include "lib/ec2/compute/launch_template_conversion.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/fields_json.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::compute {
namespace {

struct KeptVersion {
  std::string template_id;
  int64_t number = 0;
  std::string data;
};

using Read = std::function<absl::StatusOr<LaunchSpec>(const std::string& bytes)>;

absl::Status Convert(store::Connection& c, const Read& read_spec) {
  const auto read = [](store::Row& row) {
    KeptVersion version;
    row.Read(version.template_id, version.number, version.data);
    return version;
  };
  ASSIGN_OR_RETURN(const std::vector<KeptVersion> all,
                   c.All("SELECT template_id, number, data FROM launch_template_versions", read));
  for (const KeptVersion& version : all) {
    const absl::StatusOr<LaunchSpec> spec = read_spec(version.data);
    if (!spec.ok()) {
      return absl::DataLossError(absl::StrCat("version ", version.number, " of the launch template ",
                                              version.template_id, " (table launch_template_versions) cannot be ",
                                              "converted: ", spec.status().message()));
    }
    // The column's type is still that of bytes.
    const std::string json = FieldsToJson(*spec);
    RETURN_IF_ERROR(c.Run("UPDATE launch_template_versions SET data = ? WHERE template_id = ? AND number = ?",
                          store::Blob{json}, version.template_id, version.number));
  }
  return absl::OkStatus();
}

}  // namespace

store::Conversion LaunchTemplateConversion(Read read) {
  return {.number = 12, .run = [read = std::move(read)](store::Connection& c) { return Convert(c, read); }};
}

}  // namespace brume::compute
