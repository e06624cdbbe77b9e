#include "lib/autoscaling/api/group_launches.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "lib/autoscaling/api/group_names.h"
#include "lib/autoscaling/api/mixed_policy_message.h"
#include "lib/autoscaling/api/template_source.h"
#include "lib/autoscaling/group_service.h"
#include "lib/autoscaling/model/record.h"
#include "lib/base/status_macros.h"

namespace brume::autoscaling {
namespace {

using ec2::v1::RunInstancesRequest;

// Where members will be; empty = in the default subnet.
struct Places {
  std::vector<std::string> subnets, zones;
};

struct Launched {
  std::string template_id, version;
  std::string instance_type;  // empty = the template's own
};

template <typename Request>
Places PlacesOf(const ScalingServices& services, const Request& request) {
  Places places;
  places.subnets = absl::StrSplit(request.vpc_zone_identifier(), ',', absl::SkipWhitespace());
  if (places.subnets.empty()) places.zones = ZonesOf(services, request);
  return places;
}

// Those that a group has.
absl::StatusOr<Places> PlacesOf(const std::string& group, const ScalingServices& services) {
  Places places;
  ASSIGN_OR_RETURN(const scaling::GroupView view, services.groups.Get(group));
  for (const scaling::GroupSubnet& subnet : view.record.subnets) places.subnets.push_back(subnet.id.text());
  return places;
}

// An error refuses the call: what cannot be told must not go unasked.
template <typename Source>
absl::StatusOr<std::vector<Launched>> LaunchedBy(const Source& source, const ScalingServices& services) {
  std::vector<Launched> all;
  if (source.has_launch_template()) {
    ASSIGN_OR_RETURN(const scaling::SourceRequest named, ParseTemplate(services, source.launch_template()));
    all.push_back({.template_id = named.id, .version = named.version, .instance_type = ""});
    return all;
  }
  if (!source.has_mixed_instances_policy()) return all;
  GroupChange change;
  RETURN_IF_ERROR(ParseMixed(services, source.mixed_instances_policy(), change));
  for (const std::string& type : change.instance_types) {
    const auto own = change.type_options.find(type);
    if (own != change.type_options.end() && !own->second.template_id.empty()) {
      all.push_back(
          {.template_id = own->second.template_id, .version = own->second.template_version, .instance_type = type});
    } else {
      all.push_back({.template_id = change.source->id, .version = change.source->version, .instance_type = type});
    }
  }
  if (all.empty())
    all.push_back({.template_id = change.source->id, .version = change.source->version, .instance_type = ""});
  return all;
}

RunInstancesRequest CallOf(const Launched& launched) {
  RunInstancesRequest call;
  call.set_min_count(1);
  call.set_max_count(1);
  call.mutable_launch_template()->set_launch_template_id(launched.template_id);
  if (!launched.version.empty()) call.mutable_launch_template()->set_version(launched.version);
  if (!launched.instance_type.empty()) call.set_instance_type(launched.instance_type);
  return call;
}

std::vector<RunInstancesRequest> CallsOf(const std::vector<Launched>& launched, const Places& places) {
  std::vector<RunInstancesRequest> calls;
  // A condition may join what is launched to where it is.
  const size_t count = std::max<size_t>({1, places.subnets.size(), places.zones.size()});
  for (const Launched& each : launched) {
    for (size_t place = 0; place < count; ++place) {
      RunInstancesRequest& call = calls.emplace_back(CallOf(each));
      if (place < places.subnets.size()) call.set_subnet_id(places.subnets[place]);
      if (place < places.zones.size()) call.mutable_placement()->set_availability_zone(places.zones[place]);
    }
  }
  return calls;
}

}  // namespace

LaunchCalls LaunchesOf(const v1::CreateAutoScalingGroupRequest& request, const ScalingServices& services) {
  ASSIGN_OR_RETURN(const std::vector<Launched> launched, LaunchedBy(request, services));
  return CallsOf(launched, PlacesOf(services, request));
}

LaunchCalls LaunchesOf(const v1::UpdateAutoScalingGroupRequest& request, const ScalingServices& services) {
  ASSIGN_OR_RETURN(const std::vector<Launched> launched, LaunchedBy(request, services));
  Places places = PlacesOf(services, request);
  if (!launched.empty() && places.subnets.empty() && places.zones.empty()) {
    ASSIGN_OR_RETURN(places, PlacesOf(GroupNameOf(services, request.auto_scaling_group_name()), services));
  }
  return CallsOf(launched, places);
}

LaunchCalls LaunchesOf(const v1::StartInstanceRefreshRequest& request, const ScalingServices& services) {
  ASSIGN_OR_RETURN(const std::vector<Launched> launched, LaunchedBy(request.desired_configuration(), services));
  if (launched.empty()) return LaunchCalls::value_type();
  ASSIGN_OR_RETURN(const Places places, PlacesOf(GroupNameOf(services, request.auto_scaling_group_name()), services));
  return CallsOf(launched, places);
}

}  // namespace brume::autoscaling
