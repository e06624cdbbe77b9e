// Each repository's description of its tables against the real ones.
#include <set>
#include <string>
#include <vector>

#include "lib/autoscaling/tables/activity_table.h"
#include "lib/autoscaling/tables/group_table.h"
#include "lib/autoscaling/tables/launch_configuration_table.h"
#include "lib/autoscaling/tables/member_table.h"
#include "lib/autoscaling/tables/policy_table.h"
#include "lib/autoscaling/tables/refresh_table.h"
#include "lib/cloudwatch/tables/alarm_history_table.h"
#include "lib/cloudwatch/tables/alarm_table.h"
#include "lib/ec2/compute/tables/guest_user_table.h"
#include "lib/ec2/compute/tables/launch_template_table.h"
#include "lib/ec2/compute/tables/profile_association_table.h"
#include "lib/ec2/compute/tables/root_replacement_table.h"
#include "lib/ec2/idempotency/client_tokens.h"
#include "lib/ec2/network/tables/address_table.h"
#include "lib/ec2/network/tables/dhcp_options_table.h"
#include "lib/ec2/network/tables/flow_log_table.h"
#include "lib/ec2/network/tables/insights_table.h"
#include "lib/ec2/network/tables/interface_address_table.h"
#include "lib/ec2/network/tables/interface_ipv6_table.h"
#include "lib/ec2/network/tables/nat_gateway_table.h"
#include "lib/ec2/network/tables/network_acl_table.h"
#include "lib/ec2/network/tables/peering_table.h"
#include "lib/ec2/network/tables/prefix_list_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/network/tables/vpc_endpoint_table.h"
#include "lib/ec2/storage/fast_restore_service.h"
#include "lib/ec2/storage/public_access_service.h"
#include "lib/ec2/storage/snapshot_lock_service.h"
#include "lib/ec2/storage/tables/export_task_table.h"
#include "lib/ec2/storage/tables/import_task_table.h"
#include "lib/ec2/storage/tables/record_table.h"
#include "lib/ec2/storage/tables/recycle_bin_table.h"
#include "lib/ec2/storage/tables/snapshot_table.h"
#include "lib/ec2/storage/tables/snapshot_upload_table.h"
#include "lib/ec2/storage/tables/volume_modification_table.h"
#include "lib/ec2/tagging/tag_table.h"
#include "lib/gateway/event_table.h"
#include "lib/iam/tables/access_key_table.h"
#include "lib/iam/tables/iam_tag_table.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/iam/tables/instance_profile_table.h"
#include "lib/iam/trusted_principals.h"
#include "tests/store/store_fixture.h"
#include "tests/store/table_faults.h"

namespace brume::store {
namespace {

// What is no row of a resource.
const std::set<std::string> kNotDescribed = {
    // One counter that triggers keep.
    "capacity_in_use",
    // One switch.
    "ebs_encryption",
    // Two counters, below which a trigger lets events go.
    "event_floor",
    // Facts about the installation: value_table.h has all that there is to them.
    "installation",
    // A column of instances that is apart so that lists do not read it: one blob.
    "instance_user_data",
    // Samples: blobs that metric_codec.h packs, written thousands at a time by statements of their own, and the numbers
    // that their metrics are known by.
    "metric_hour_minutes",
    "metric_hours",
    "metric_minutes",
    "metrics",
    // One counter that triggers keep.
    "volume_sizes",
};

std::vector<TableDescription> Descriptions() {
  std::vector<TableDescription> all = {storage::RecordTable::Describe(),
                                       autoscaling::ActivityTable::Describe(),
                                       autoscaling::LaunchConfigurationTable::Describe(),
                                       autoscaling::PolicyTable::Describe(),
                                       autoscaling::RefreshTable::Describe(),
                                       autoscaling::ScheduleTable::Describe(),
                                       cloudwatch::AlarmDueActionTable::Describe(),
                                       cloudwatch::AlarmHistoryTable::Describe(),
                                       idempotency::DescribeClientTokens(),
                                       compute::KeyPairTable::Describe(),
                                       compute::ProfileAssociationTable::Describe(),
                                       compute::RootReplacementTable::Describe(),
                                       compute::GuestUserTable::Describe(),
                                       iam::AccessKeyTable::Describe(),
                                       iam::IamTagTable::Describe(),
                                       iam::InstanceProfileTable::Describe(),
                                       iam::TrustedPrincipals::Describe(),
                                       storage::ExportTaskTable::Describe(),
                                       storage::FastRestoreService::Describe(),
                                       storage::ImageTable::Describe(),
                                       storage::ImportTaskTable::Describe(),
                                       storage::PublicAccessService::Describe(),
                                       storage::RecycleBinTable::Describe(),
                                       storage::SnapshotLockService::Describe(),
                                       storage::SnapshotTable::Describe(),
                                       storage::SnapshotUploadTable::Describe(),
                                       storage::VolumeModificationTable::Describe(),
                                       storage::VolumeTable::Describe(),
                                       tagging::TagTable::Describe()};
  for (const auto& several : {autoscaling::GroupTable::Describe(),      autoscaling::MemberTable::Describe(),
                              cloudwatch::AlarmTable::Describe(),       compute::InstanceTable::Describe(),
                              compute::LaunchTemplateTable::Describe(), gateway::EventTable::Describe(),
                              iam::IdentityTable::Describe(),           iam::ManagedPolicyTable::Describe(),
                              network::NetworkTable::Describe(),        network::InterfaceAddressTable::Describe(),
                              network::InterfaceIpv6Table::Describe(),  network::RoutingTable::Describe(),
                              network::AddressTable::Describe(),        network::NetworkAclTable::Describe(),
                              network::NatGatewayTable::Describe(),     network::PeeringTable::Describe(),
                              network::VpcEndpointTable::Describe(),    network::InsightsTable::Describe(),
                              network::FlowLogTable::Describe(),        network::DhcpOptionsTable::Describe(),
                              network::PrefixListTable::Describe(),     network::SecurityGroupTable::Describe()}) {
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
