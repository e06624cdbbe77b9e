// The names of groups in requests.
#pragma once

#include <string>
#include <vector>

#include "lib/autoscaling/api/scaling_services.h"
#include "lib/resource/zones.h"

namespace brume::autoscaling {

// The name of a group, which a call names by its name or its ARN. An ARN of another region or account, which policies
// would see as another resource, names none: it is given back as it is.
std::string GroupNameOf(const ScalingServices& services, const std::string& name_or_arn);

// The names of the zones that a request names by their names or by their ids; an id that is none stays as it is.
template <typename Request>
std::vector<std::string> ZonesOf(const ScalingServices& services, const Request& request) {
  std::vector<std::string> zones(request.availability_zones().begin(), request.availability_zones().end());
  for (const std::string& id : request.availability_zone_ids()) {
    zones.push_back(FindZone(services.settings, id).value_or(id));
  }
  return zones;
}

}  // namespace brume::autoscaling
