// VPC endpoints: addresses inside a VPC at which one of the APIs is served, and the services there are such of.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/enum_names.h"
#include "lib/resource/ids.h"

namespace brume {

enum class VpcEndpointState { kPending = 0, kAvailable = 1, kDeleting = 2 };
std::true_type IsPersisted(VpcEndpointState);  // the database keeps its values
inline constexpr EnumNames kVpcEndpointStateNames({std::pair{VpcEndpointState::kPending, "pending"},
                                                   {VpcEndpointState::kAvailable, "available"},
                                                   {VpcEndpointState::kDeleting, "deleting"}});

// Which addresses the interfaces of an endpoint have.
enum class IpAddressType { kIpv4 = 0, kDualstack = 1, kIpv6 = 2 };
std::true_type IsPersisted(IpAddressType);  // the database keeps its values
inline constexpr EnumNames kIpAddressTypeNames({std::pair{IpAddressType::kIpv4, "ipv4"},
                                                {IpAddressType::kDualstack, "dualstack"},
                                                {IpAddressType::kIpv6, "ipv6"}});

// An API that endpoints lead to, by the name that signatures have for it.
enum class EndpointService { kEc2 = 0, kEbs = 1, kAutoscaling = 2, kMonitoring = 3, kSts = 4, kIam = 5 };
std::true_type IsPersisted(EndpointService);  // the database keeps its values
inline constexpr EnumNames kEndpointServiceNames({std::pair{EndpointService::kEc2, "ec2"},
                                                  {EndpointService::kEbs, "ebs"},
                                                  {EndpointService::kAutoscaling, "autoscaling"},
                                                  {EndpointService::kMonitoring, "monitoring"},
                                                  {EndpointService::kSts, "sts"},
                                                  {EndpointService::kIam, "iam"}});

// "com.amazonaws.us-east-1.monitoring"; of IAM, which is the same in all regions, "com.amazonaws.iam".
std::string ServiceNameOf(EndpointService service, absl::string_view region);
// What clients call it by: "monitoring.us-east-1.amazonaws.com", "iam.amazonaws.com".
std::string PrivateNameOf(EndpointService service, absl::string_view region);
// What the names of its endpoints end with: "monitoring.us-east-1.vpce.amazonaws.com".
std::string BaseNameOf(EndpointService service, absl::string_view region);
// All that there are here.
std::vector<EndpointService> EndpointServices();
// Unset for what is no service here. `service_name` is ServiceNameOf's.
std::optional<EndpointService> FindEndpointService(absl::string_view service_name, absl::string_view region);

struct VpcEndpoint {
  VpcEndpointId id;
  VpcId vpc_id;
  EndpointService service = EndpointService::kEc2;
  VpcEndpointState state = VpcEndpointState::kPending;
  IpAddressType ip_address_type = IpAddressType::kIpv4;
  bool private_dns = false;  // clients find it by the service's own name
  std::string policy;        // JSON; empty = it allows everything
  absl::Time created;
  std::string client_token, parameters_digest;
  int64_t version = 0;
};

// An endpoint's interface in one subnet.
struct VpcEndpointInterface {
  EniId eni_id;
  VpcEndpointId endpoint_id;
  SubnetId subnet_id;
  bool leaving = false;  // the subnet was taken from the endpoint, and the host may still have the address
};

// The policy of an endpoint that was given none.
inline constexpr char kDefaultVpcEndpointPolicy[] =
    R"({"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]})";

// "vpce-0123456789abcdef0.monitoring.us-east-1.vpce.amazonaws.com", of all its addresses; with a zone, of the one
// there: "vpce-0123456789abcdef0-us-east-1a.monitoring.…".
std::string VpcEndpointName(const VpcEndpoint& endpoint, absl::string_view region, absl::string_view zone = "");

}  // namespace brume
