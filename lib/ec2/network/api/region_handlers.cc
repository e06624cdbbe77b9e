#include "lib/ec2/network/api/region_handlers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/region.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/filters.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/zones.h"

namespace brume::ec2 {
namespace {

constexpr char kOptIn[] = "opt-in-not-required";

using Names = google::protobuf::RepeatedPtrField<std::string>;

bool Selects(const Names& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

// Each name must be one of `known`.
absl::Status CheckNames(const Names& names, const std::vector<std::string>& known, absl::string_view noun) {
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("Invalid ", noun, ": [", absl::string_view(name).substr(0, 100), "]"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DescribeRegionsResponse> DescribeRegions(const v1::DescribeRegionsRequest& request,
                                                            const Settings& settings) {
  using v1::Region;
  RETURN_IF_ERROR(CheckNames(request.region_names(), {settings.region}, "region"));
  ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
  Region region;
  region.set_region_name(settings.region);
  region.set_endpoint(absl::StrCat("ec2.", settings.region, ".amazonaws.com"));
  region.set_opt_in_status(kOptIn);
  v1::DescribeRegionsResponse response;
  if (keep(region)) *response.add_regions() = region;
  return response;
}

v1::AvailabilityZone RenderZone(const Settings& settings, const std::string& name) {
  v1::AvailabilityZone zone;
  zone.set_state("available");
  zone.set_opt_in_status(kOptIn);
  zone.set_region_name(settings.region);
  zone.set_zone_name(name);
  zone.set_zone_id(ZoneId(settings, name));
  zone.set_group_name(settings.region);
  zone.set_network_border_group(settings.region);
  zone.set_zone_type("availability-zone");
  return zone;
}

absl::StatusOr<v1::DescribeAvailabilityZonesResponse> DescribeAvailabilityZones(
    const v1::DescribeAvailabilityZonesRequest& request, const Settings& settings) {
  std::vector<std::string> ids;
  for (const std::string& zone : settings.zones) ids.push_back(ZoneId(settings, zone));
  RETURN_IF_ERROR(CheckNames(request.zone_names(), settings.zones, "availability zone"));
  RETURN_IF_ERROR(CheckNames(request.zone_ids(), ids, "availability zone-id"));
  ASSIGN_OR_RETURN(const auto keep, gateway::KeptBy(request));
  v1::DescribeAvailabilityZonesResponse response;
  for (const std::string& name : settings.zones) {
    const v1::AvailabilityZone zone = RenderZone(settings, name);
    if (Selects(request.zone_names(), name) && Selects(request.zone_ids(), zone.zone_id()) && keep(zone)) {
      *response.add_availability_zones() = zone;
    }
  }
  return response;
}

}  // namespace

void AddRegionActions(gateway::Actions& actions, const Settings& settings) {
  actions.Add(DescribeRegions, settings);
  actions.Add(DescribeAvailabilityZones, settings);
}

}  // namespace brume::ec2
