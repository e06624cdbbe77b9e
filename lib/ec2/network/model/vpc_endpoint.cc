#include "lib/ec2/network/model/vpc_endpoint.h"

#include "absl/strings/str_cat.h"

namespace brume {
namespace {

constexpr char kDomain[] = ".amazonaws.com";

bool IsGlobal(EndpointService service) { return service == EndpointService::kIam; }

}  // namespace

std::string ServiceNameOf(EndpointService service, absl::string_view region) {
  const absl::string_view name = kEndpointServiceNames.Of(service);
  return IsGlobal(service) ? absl::StrCat("com.amazonaws.", name) : absl::StrCat("com.amazonaws.", region, ".", name);
}

std::string PrivateNameOf(EndpointService service, absl::string_view region) {
  const absl::string_view name = kEndpointServiceNames.Of(service);
  return IsGlobal(service) ? absl::StrCat(name, kDomain) : absl::StrCat(name, ".", region, kDomain);
}

std::string BaseNameOf(EndpointService service, absl::string_view region) {
  return absl::StrCat(kEndpointServiceNames.Of(service), ".", region, ".vpce", kDomain);
}

std::vector<EndpointService> EndpointServices() {
  return {EndpointService::kEc2,        EndpointService::kEbs, EndpointService::kAutoscaling,
          EndpointService::kMonitoring, EndpointService::kSts, EndpointService::kIam};
}

std::optional<EndpointService> FindEndpointService(absl::string_view service_name, absl::string_view region) {
  for (const EndpointService service : EndpointServices()) {
    if (ServiceNameOf(service, region) == service_name) return service;
  }
  return std::nullopt;
}

std::string VpcEndpointName(const VpcEndpoint& endpoint, absl::string_view region, absl::string_view zone) {
  return absl::StrCat(endpoint.id.text(), zone.empty() ? "" : "-", zone, ".", BaseNameOf(endpoint.service, region));
}

}  // namespace brume
