// Each repository's description of its tables against the real ones.
#include <set>
#include <string>
#include <vector>

#include "lib/autoscaling/activity_table.h"
#include "lib/autoscaling/group_table.h"
#include "lib/autoscaling/launch_configuration_table.h"
#include "lib/autoscaling/member_table.h"
#include "lib/autoscaling/policy_table.h"
#include "lib/autoscaling/refresh_table.h"
#include "tests/store/store_fixture.h"
#include "tests/store/table_faults.h"

namespace brume::store {
namespace {

const std::set<std::string> kNotDescribed = {"access_keys",
                                             "alarm_actions",
                                             "alarm_dimensions",
                                             "alarm_due_actions",
                                             "alarm_history",
                                             "alarm_queries",
                                             "alarm_query_dimensions",
                                             "alarm_tags",
                                             "alarms",
                                             "capacity_in_use",
                                             "client_tokens",
                                             "event_floor",
                                             "event_resources",
                                             "events",
                                             "group_members",
                                             "identities",
                                             "inline_policies",
                                             "installation",
                                             "instance_profiles",
                                             "instance_user_data",
                                             "interface_groups",
                                             "launch_template_versions",
                                             "launch_templates",
                                             "managed_policies",
                                             "metric_hour_minutes",
                                             "metric_hours",
                                             "metric_minutes",
                                             "metrics",
                                             "policy_attachments",
                                             "policy_versions",
                                             "profile_associations",
                                             "security_group_rules",
                                             "tags"};

std::vector<TableDescription> Descriptions() {
  std::vector<TableDescription> all = {
      autoscaling::ActivityTable::Describe(), autoscaling::LaunchConfigurationTable::Describe(),
      autoscaling::PolicyTable::Describe(),   autoscaling::RefreshTable::Describe(),
      autoscaling::ScheduleTable::Describe(), compute::InstanceTable::Describe(),
      compute::KeyPairTable::Describe(),      network::SecurityGroupTable::Describe(),
      storage::ImageTable::Describe(),        storage::VolumeTable::Describe()};
  for (const auto& several :
       {autoscaling::GroupTable::Describe(), autoscaling::MemberTable::Describe(), network::NetworkTable::Describe()}) {
    all.insert(all.end(), several.begin(), several.end());
  }
  return all;
}

}  // namespace

TEST_CASE("each repository's description is like its table, and no new table is without one", "[store]") {
  TempDir directory;
  const auto db = OpenOk(directory / "brume.db");
  REQUIRE_OK(db->Read([](Connection& c) {
    std::set<std::string> known = kNotDescribed;
    for (const TableDescription& description : Descriptions()) {
      CHECK(Faults(c, description) == std::vector<std::string>{});
      CHECK(known.insert(description.name).second);
    }
    std::set<std::string> tables;
    RETURN_IF_ERROR(
        c.Query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", [&](Row& row) {
          std::string name;
          row.Read(name);
          tables.insert(std::move(name));
        }));
    CHECK(tables == known);
    return absl::OkStatus();
  }));
}

}  // namespace brume::store
