#include "lib/autoscaling/tables/launch_configuration_table.h"

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::autoscaling {
namespace {

using scaling::LaunchConfiguration;

const auto& Configurations() {
  using C = LaunchConfiguration;
  static const auto table = store::DescribeTable<C>(
      "launch_configurations", "launch configuration", store::Key("name", &C::name), store::Assigned("seq", &C::seq),
      store::Fixed("id", &C::id), store::Fixed("created", &C::created), store::FixedJson("spec", &C::spec));
  return table;
}

}  // namespace

store::TableDescription LaunchConfigurationTable::Describe() { return Configurations().Describe(); }

absl::Status LaunchConfigurationTable::Insert(const LaunchConfiguration& made) {
  return Configurations().Insert(connection_, made);
}

absl::StatusOr<std::optional<LaunchConfiguration>> LaunchConfigurationTable::Find(const std::string& name) {
  return Configurations().Find(connection_, name);
}

absl::StatusOr<std::vector<LaunchConfiguration>> LaunchConfigurationTable::List() {
  return Configurations().Select(connection_, "launch_configurations ORDER BY seq");
}

absl::StatusOr<int64_t> LaunchConfigurationTable::Count() {
  int64_t count = 0;
  RETURN_IF_ERROR(
      connection_.Query("SELECT count(*) FROM launch_configurations", [&](store::Row& row) { row.Read(count); }));
  return count;
}

absl::Status LaunchConfigurationTable::Delete(const std::string& name) {
  return Configurations().Delete(connection_, name);
}

}  // namespace brume::autoscaling
