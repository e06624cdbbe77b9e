#include "lib/ec2/network/api/vpc_endpoint_handlers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brume/ec2/v1/vpc_endpoint.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

constexpr char kInterface[] = "Interface", kOwner[] = "amazon";
constexpr size_t kMaxPolicy = 20480;

void AddName(v1::VpcEndpoint& rendered, std::string name) { rendered.add_dns_entries()->set_dns_name(std::move(name)); }

void RenderNames(const network::VpcEndpointView& view, const std::string& region, v1::VpcEndpoint& rendered) {
  if (view.interfaces.empty()) return;
  AddName(rendered, VpcEndpointName(view.endpoint, region));
  for (const auto& [interface, zone] : view.interfaces) AddName(rendered, VpcEndpointName(view.endpoint, region, zone));
  if (view.endpoint.private_dns) AddName(rendered, PrivateNameOf(view.endpoint.service, region));
}

v1::VpcEndpoint Render(const network::VpcEndpointView& view, const Settings& settings) {
  const VpcEndpoint& endpoint = view.endpoint;
  v1::VpcEndpoint rendered;
  rendered.set_vpc_endpoint_id(endpoint.id.text());
  rendered.set_vpc_endpoint_type(kInterface);
  rendered.set_vpc_id(endpoint.vpc_id.text());
  rendered.set_service_name(ServiceNameOf(endpoint.service, settings.region));
  rendered.set_state(std::string(kVpcEndpointStateNames.Of(endpoint.state)));
  rendered.set_policy_document(endpoint.policy.empty() ? kDefaultVpcEndpointPolicy : endpoint.policy);
  for (const auto& [interface, zone] : view.interfaces) {
    rendered.add_subnet_ids(interface.subnet_id.text());
    rendered.add_network_interface_ids(interface.eni_id.text());
  }
  for (const SecurityGroup& group : view.groups) {
    v1::SecurityGroupIdentifier& each = *rendered.add_groups();
    each.set_group_id(group.id.text());
    each.set_group_name(group.name);
  }
  const std::string addresses(kIpAddressTypeNames.Of(endpoint.ip_address_type));
  rendered.set_ip_address_type(addresses);
  rendered.mutable_dns_options()->set_dns_record_ip_type(addresses);
  rendered.set_private_dns_enabled(endpoint.private_dns);
  rendered.set_requester_managed(false);
  RenderNames(view, settings.region, rendered);
  rendered.set_creation_timestamp(gateway::RenderTime(endpoint.created));
  *rendered.mutable_tags() = RenderTags(view.tags);
  rendered.set_owner_id(settings.account_id);
  rendered.set_service_region(settings.region);
  if (!settings.api_has_certificate) {
    rendered.mutable_last_error()->set_code("CertificateNotFound");
    rendered.mutable_last_error()->set_message(
        "HTTPS is not served, as the API has no certificate (brume configure-tls makes one); HTTP is, at port 80");
  }
  return rendered;
}

absl::StatusOr<EndpointService> ParseService(absl::string_view name, const Settings& settings) {
  const std::optional<EndpointService> service = FindEndpointService(name, settings.region);
  if (service.has_value()) return *service;
  return Error("InvalidServiceName",
               absl::StrCat("The Vpc Endpoint Service '", name.substr(0, 200), "' does not exist"));
}

absl::Status CheckPolicy(const std::string& policy) {
  if (policy.size() <= kMaxPolicy) return absl::OkStatus();
  return Error("InvalidPolicyDocument",
               absl::StrCat("The policy has ", policy.size(), " characters; at most ", kMaxPolicy, " are taken"));
}

absl::StatusOr<network::EndpointAddresses> ParseAddresses(
    const google::protobuf::RepeatedPtrField<v1::SubnetConfiguration>& configurations) {
  network::EndpointAddresses addresses;
  for (const v1::SubnetConfiguration& each : configurations) {
    ASSIGN_OR_RETURN(const SubnetId id, SubnetId::Parse(each.subnet_id()));
    std::optional<Ipv4> address;
    if (!each.ipv4().empty()) {
      ASSIGN_OR_RETURN(address, Ipv4::Parse(each.ipv4()));
    }
    if (addresses.emplace(id, address).second) continue;
    return Error("InvalidParameter", absl::StrCat("The subnet '", id.text(), "' has two subnet configurations"));
  }
  return addresses;
}

absl::StatusOr<network::NewVpcEndpoint> ParseEndpoint(const v1::CreateVpcEndpointRequest& request,
                                                      const Settings& settings) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  network::NewVpcEndpoint wanted;
  ASSIGN_OR_RETURN(wanted.vpc_id, VpcId::Parse(request.vpc_id()));
  ASSIGN_OR_RETURN(wanted.service, ParseService(request.service_name(), settings));
  const std::string type = request.vpc_endpoint_type().empty() ? "Gateway" : request.vpc_endpoint_type();
  if (type != kInterface) {
    return Error("InvalidParameter", absl::StrCat("Endpoint type (", type,
                                                  ") does not match available service types ([", kInterface, "])."));
  }
  if (!request.service_region().empty() && request.service_region() != settings.region) {
    return Error("InvalidServiceName",
                 absl::StrCat("The Vpc Endpoint Service '", absl::string_view(request.service_name()).substr(0, 200),
                              "' does not exist in the region ", request.service_region()));
  }
  ASSIGN_OR_RETURN(wanted.subnets, gateway::ParseIds<SubnetId>(request.subnet_ids()));
  ASSIGN_OR_RETURN(wanted.addresses, ParseAddresses(request.subnet_configurations()));
  ASSIGN_OR_RETURN(wanted.groups, gateway::ParseIds<SecurityGroupId>(request.security_group_ids()));
  if (request.has_ip_address_type()) {
    wanted.ip_address_type = kIpAddressTypeNames.Find(request.ip_address_type()).value_or(IpAddressType::kIpv4);
  }
  // "service-defined" is none of the names.
  wanted.dns_record_type = kIpAddressTypeNames.Find(request.dns_options().dns_record_ip_type());
  if (request.has_private_dns_enabled()) wanted.private_dns = request.private_dns_enabled();
  RETURN_IF_ERROR(CheckPolicy(request.policy_document()));
  wanted.policy = request.policy_document();
  ASSIGN_OR_RETURN(wanted.tags, ParseTags(request.tag_specifications(), VpcEndpointId::kKind));
  wanted.client_token = request.client_token();
  if (!wanted.client_token.empty()) wanted.parameters_digest = gateway::ParametersDigest(request);
  return wanted;
}

absl::StatusOr<v1::CreateVpcEndpointResponse> CreateVpcEndpoint(const v1::CreateVpcEndpointRequest& request,
                                                                network::VpcEndpointService& endpoints,
                                                                const Settings& settings) {
  ASSIGN_OR_RETURN(const network::NewVpcEndpoint wanted, ParseEndpoint(request, settings));
  ASSIGN_OR_RETURN(const network::VpcEndpointView made, endpoints.Create(wanted));
  v1::CreateVpcEndpointResponse response;
  if (!wanted.client_token.empty()) response.set_client_token(wanted.client_token);
  *response.mutable_vpc_endpoint() = Render(made, settings);
  return response;
}

absl::StatusOr<v1::ModifyVpcEndpointResponse> ModifyVpcEndpoint(const v1::ModifyVpcEndpointRequest& request,
                                                                network::VpcEndpointService& endpoints) {
  ASSIGN_OR_RETURN(const VpcEndpointId id, VpcEndpointId::Parse(request.vpc_endpoint_id()));
  network::VpcEndpointChange change;
  ASSIGN_OR_RETURN(change.add_subnets, gateway::ParseIds<SubnetId>(request.add_subnet_ids()));
  ASSIGN_OR_RETURN(change.addresses, ParseAddresses(request.subnet_configurations()));
  ASSIGN_OR_RETURN(change.remove_subnets, gateway::ParseIds<SubnetId>(request.remove_subnet_ids()));
  ASSIGN_OR_RETURN(change.add_groups, gateway::ParseIds<SecurityGroupId>(request.add_security_group_ids()));
  ASSIGN_OR_RETURN(change.remove_groups, gateway::ParseIds<SecurityGroupId>(request.remove_security_group_ids()));
  if (request.reset_policy() && !request.policy_document().empty()) {
    return Error("InvalidParameterCombination", "ResetPolicy and PolicyDocument cannot be given together");
  }
  RETURN_IF_ERROR(CheckPolicy(request.policy_document()));
  if (request.reset_policy()) change.policy = "";
  if (!request.policy_document().empty()) change.policy = request.policy_document();
  if (request.has_ip_address_type()) change.ip_address_type = kIpAddressTypeNames.Find(request.ip_address_type());
  change.dns_record_type = kIpAddressTypeNames.Find(request.dns_options().dns_record_ip_type());
  if (request.has_private_dns_enabled()) change.private_dns = request.private_dns_enabled();
  RETURN_IF_ERROR(endpoints.Modify(id, change));
  v1::ModifyVpcEndpointResponse response;
  response.set_return_(true);
  return response;
}

// Each by itself: one that cannot be deleted keeps no other.
absl::StatusOr<v1::DeleteVpcEndpointsResponse> DeleteVpcEndpoints(const v1::DeleteVpcEndpointsRequest& request,
                                                                  network::VpcEndpointService& endpoints) {
  ASSIGN_OR_RETURN(const auto ids, gateway::ParseIds<VpcEndpointId>(request.vpc_endpoint_ids()));
  v1::DeleteVpcEndpointsResponse response;
  for (const VpcEndpointId& id : ids) {
    const absl::Status deleted = endpoints.Delete(id);
    if (deleted.ok()) continue;
    if (!HasErrorCode(deleted)) return deleted;
    v1::UnsuccessfulItem& item = *response.add_unsuccessful();
    item.set_resource_id(id.text());
    item.mutable_error()->set_code(ErrorCode(deleted));
    item.mutable_error()->set_message(std::string(deleted.message()));
  }
  return response;
}

absl::StatusOr<v1::DescribeVpcEndpointsResponse> DescribeVpcEndpoints(const v1::DescribeVpcEndpointsRequest& request,
                                                                      network::VpcEndpointService& endpoints,
                                                                      const Settings& settings) {
  static const gateway::Listing<v1::VpcEndpoint, v1::DescribeVpcEndpointsResponse> listing = {
      "vpc-endpoints", &v1::VpcEndpoint::vpc_endpoint_id, &v1::DescribeVpcEndpointsResponse::mutable_vpc_endpoints};
  ASSIGN_OR_RETURN(const auto ids,
                   gateway::NamedIds<VpcEndpointId>(request, request.vpc_endpoint_ids(), "vpcEndpointId"));
  ASSIGN_OR_RETURN(const std::vector<network::VpcEndpointView> views,
                   endpoints.List(ids, TagsAskedFor(request.filters(), VpcEndpointId::kKind.prefix)));
  std::vector<v1::VpcEndpoint> rendered;
  rendered.reserve(views.size());
  for (const network::VpcEndpointView& view : views) rendered.push_back(Render(view, settings));
  return gateway::Answer(listing, request, std::move(rendered));
}

v1::ServiceDetail RenderService(EndpointService service, const Settings& settings) {
  v1::ServiceDetail rendered;
  rendered.set_service_name(ServiceNameOf(service, settings.region));
  rendered.add_service_type()->set_service_type(kInterface);
  for (const std::string& zone : settings.zones) rendered.add_availability_zones(zone);
  rendered.set_owner(kOwner);
  rendered.add_base_endpoint_dns_names(BaseNameOf(service, settings.region));
  rendered.set_private_dns_name(PrivateNameOf(service, settings.region));
  rendered.add_private_dns_names()->set_private_dns_name(PrivateNameOf(service, settings.region));
  rendered.set_vpc_endpoint_policy_supported(true);
  rendered.set_acceptance_required(false);
  rendered.set_manages_vpc_endpoints(false);
  rendered.set_private_dns_name_verification_state("verified");
  for (const IpAddressType each : {IpAddressType::kIpv4, IpAddressType::kIpv6}) {
    rendered.add_supported_ip_address_types(std::string(kIpAddressTypeNames.Of(each)));
  }
  rendered.set_service_region(settings.region);
  return rendered;
}

absl::StatusOr<v1::DescribeVpcEndpointServicesResponse> DescribeVpcEndpointServices(
    const v1::DescribeVpcEndpointServicesRequest& request, const Settings& settings) {
  static const gateway::Listing<v1::ServiceDetail, v1::DescribeVpcEndpointServicesResponse> listing = {
      "vpc-endpoint-services", &v1::ServiceDetail::service_name,
      &v1::DescribeVpcEndpointServicesResponse::mutable_service_details};
  std::vector<v1::ServiceDetail> rendered;
  const auto& regions = request.service_regions();
  if (!regions.empty() && std::find(regions.begin(), regions.end(), settings.region) == regions.end()) {
    return v1::DescribeVpcEndpointServicesResponse();
  }
  for (const std::string& name : request.service_names()) {
    ASSIGN_OR_RETURN(const EndpointService service, ParseService(name, settings));
    rendered.push_back(RenderService(service, settings));
  }
  if (request.service_names().empty()) {
    for (const EndpointService service : EndpointServices()) rendered.push_back(RenderService(service, settings));
  }
  ASSIGN_OR_RETURN(v1::DescribeVpcEndpointServicesResponse response,
                   gateway::Answer(listing, request, std::move(rendered)));
  for (const v1::ServiceDetail& service : response.service_details())
    response.add_service_names(service.service_name());
  return response;
}

AccessContext ServiceKeys(EndpointService service, const Settings& settings) {
  return {{"ec2:vpceservicename", {ServiceNameOf(service, settings.region)}},
          {"ec2:vpceserviceregion", {settings.region}},
          {"ec2:vpceserviceowner", {kOwner}},
          {"ec2:vpceserviceprivatednsname", {PrivateNameOf(service, settings.region)}}};
}

absl::StatusOr<AccessContext> FactsOf(network::VpcEndpointService& endpoints, const Settings& settings,
                                      const std::string& name) {
  ASSIGN_OR_RETURN(const VpcEndpointId id, VpcEndpointId::Parse(name));
  ASSIGN_OR_RETURN(const std::vector<network::VpcEndpointView> found, endpoints.List({&id, 1}));
  return ServiceKeys(found.front().endpoint.service, settings);
}

}  // namespace

void AddVpcEndpointActions(gateway::Actions& actions, network::VpcEndpointService& endpoints,
                           network::InterfaceService& interfaces, const Settings& settings) {
  // Policies are asked of the endpoint to be made with its service, and of the default group where the call names none.
  const auto describe = [&settings, &interfaces](const v1::CreateVpcEndpointRequest& request,
                                                 AccessQuestion& question) -> absl::Status {
    ASSIGN_OR_RETURN(const EndpointService service, ParseService(request.service_name(), settings));
    const Account account = settings.account();
    question.resource_context[ArnOf(account, VpcEndpointId::kKind, "*")].merge(ServiceKeys(service, settings));
    if (!request.security_group_ids().empty()) return absl::OkStatus();
    if (request.subnet_ids().empty() && request.subnet_configurations().empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const SubnetId subnet,
                     SubnetId::Parse(request.subnet_ids().empty() ? request.subnet_configurations(0).subnet_id()
                                                                  : request.subnet_ids(0)));
    ASSIGN_OR_RETURN(const std::vector<SecurityGroupId> groups, interfaces.DefaultGroupsOf(subnet));
    for (const SecurityGroupId& group : groups) question.AddResource(ArnOf(account, group));
    return absl::OkStatus();
  };
  actions.Add(CreateVpcEndpoint, endpoints, settings).DescribedBy(describe);
  actions.Add(ModifyVpcEndpoint, endpoints);
  actions.Add(DeleteVpcEndpoints, endpoints);
  actions.Add(DescribeVpcEndpoints, endpoints, settings);
  actions.Add(DescribeVpcEndpointServices, settings);
  actions.facts().Add(VpcEndpointId::kKind.arn_type,
                      [&endpoints, &settings](const std::string& id) { return FactsOf(endpoints, settings, id); });
}

}  // namespace brume::ec2
