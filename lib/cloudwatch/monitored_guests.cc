#include "lib/cloudwatch/monitored_guests.h"

#include <map>
#include <utility>

#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_lookup_service.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/tagging/tag_service.h"

namespace brume::cloudwatch {

absl::StatusOr<std::vector<MonitoredGuest>> ListMonitoredGuests(store::Connection& connection) {
  ASSIGN_OR_RETURN(std::vector<compute::RunningInstance> running, compute::ListRunning(connection));
  ASSIGN_OR_RETURN(std::vector<AttachedPort> ports, network::ListAttachedPorts(connection));
  std::vector<std::string> ids;
  ids.reserve(running.size());
  for (const compute::RunningInstance& instance : running) ids.push_back(instance.id.text());
  ASSIGN_OR_RETURN(const auto groups, tagging::GetValuesOf(connection, ids, "aws:autoscaling:groupName"));

  std::vector<MonitoredGuest> guests;
  guests.reserve(running.size());
  std::map<InstanceId, size_t> places;
  for (compute::RunningInstance& instance : running) {
    const auto group = groups.find(instance.id.text());
    places.emplace(instance.id, guests.size());
    guests.push_back({.id = std::move(instance.id),
                      .image_id = std::move(instance.image_id),
                      .instance_type = std::move(instance.instance_type),
                      .vcpus = instance.vcpus,
                      .detailed = instance.monitoring,
                      .running_since = instance.since,
                      .group = group == groups.end() ? std::string() : group->second,
                      .ports = {}});
  }
  for (AttachedPort& port : ports) {
    const auto place = places.find(port.instance_id);
    if (place == places.end()) continue;
    guests[place->second].ports.push_back({std::move(port.eni_id), std::move(port.vpc_id)});
  }
  return guests;
}

}  // namespace brume::cloudwatch
