#include "lib/cloudwatch/monitored_guest_table.h"

#include <utility>

#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::cloudwatch {

absl::StatusOr<std::vector<MonitoredGuest>> ListMonitoredGuests(store::Connection& connection) {
  std::vector<MonitoredGuest> guests;
  RETURN_IF_ERROR(connection.Query(
      "SELECT i.id, i.image_id, i.instance_type, i.vcpus, i.monitoring, i.state_since, coalesce(t.value, ''), n.id, "
      "n.vpc_id FROM instances AS i "
      "LEFT JOIN tags AS t ON t.resource_id = i.id AND t.key = 'aws:autoscaling:groupName' "
      "LEFT JOIN network_interfaces AS n ON n.instance_id = i.id WHERE i.state = ? ORDER BY i.seq",
      [&](store::Row& row) {
        MonitoredGuest guest;
        std::optional<EniId> eni;
        std::optional<VpcId> vpc;
        row.Read(guest.id, guest.image_id, guest.instance_type, guest.vcpus, guest.detailed, guest.running_since,
                 guest.group, eni, vpc);
        if (guests.empty() || guests.back().id != guest.id) guests.push_back(std::move(guest));
        if (eni.has_value() && vpc.has_value()) guests.back().ports.push_back({*std::move(eni), *std::move(vpc)});
      },
      InstanceState::kRunning));
  return guests;
}

}  // namespace brume::cloudwatch
