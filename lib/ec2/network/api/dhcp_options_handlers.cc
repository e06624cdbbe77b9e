#include "lib/ec2/network/api/dhcp_options_handlers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brume/ec2/v1/dhcp_options.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"

namespace brume::ec2 {
namespace {

// In the place of an id: the VPC is to have no set.
constexpr char kNoSet[] = "default";

v1::DhcpOptions Render(const network::DhcpOptionsView& view, const Settings& settings) {
  v1::DhcpOptions rendered;
  for (DhcpConfiguration& each : ConfigurationsOf(view.options.values)) {
    v1::DhcpConfiguration& configuration = *rendered.add_dhcp_configurations();
    configuration.set_key(std::move(each.key));
    for (std::string& value : each.values) configuration.add_values()->set_value(std::move(value));
  }
  rendered.set_dhcp_options_id(view.options.id.text());
  rendered.set_owner_id(settings.account_id);
  *rendered.mutable_tags() = RenderTags(view.tags);
  return rendered;
}

absl::StatusOr<v1::CreateDhcpOptionsResponse> CreateDhcpOptions(const v1::CreateDhcpOptionsRequest& request,
                                                                network::DhcpOptionsService& sets,
                                                                const Settings& settings) {
  std::vector<DhcpConfiguration> configurations;
  for (const v1::NewDhcpConfiguration& each : request.dhcp_configurations()) {
    configurations.push_back({.key = each.key(), .values = {each.values().begin(), each.values().end()}});
  }
  ASSIGN_OR_RETURN(const DhcpValues values, ParseDhcpConfigurations(configurations));
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), DhcpOptionsId::kKind));
  ASSIGN_OR_RETURN(const network::DhcpOptionsView made, sets.Create(values, tags));
  v1::CreateDhcpOptionsResponse response;
  *response.mutable_dhcp_options() = Render(made, settings);
  return response;
}

absl::StatusOr<v1::DescribeDhcpOptionsResponse> DescribeDhcpOptions(const v1::DescribeDhcpOptionsRequest& request,
                                                                    network::DhcpOptionsService& sets,
                                                                    const Settings& settings) {
  static const gateway::Listing<v1::DhcpOptions, v1::DescribeDhcpOptionsResponse> listing = {
      "dhcp-options", &v1::DhcpOptions::dhcp_options_id, &v1::DescribeDhcpOptionsResponse::mutable_dhcp_options};
  ASSIGN_OR_RETURN(const auto ids,
                   gateway::NamedIds<DhcpOptionsId>(request, request.dhcp_options_ids(), "dhcpOptionsId"));
  ASSIGN_OR_RETURN(const std::vector<network::DhcpOptionsView> views,
                   sets.List(ids, TagsAskedFor(request.filters(), DhcpOptionsId::kKind.prefix)));
  std::vector<v1::DhcpOptions> rendered;
  rendered.reserve(views.size());
  for (const network::DhcpOptionsView& view : views) rendered.push_back(Render(view, settings));
  return gateway::Answer(listing, request, std::move(rendered));
}

absl::Status DeleteDhcpOptions(const v1::DeleteDhcpOptionsRequest& request, network::DhcpOptionsService& sets) {
  ASSIGN_OR_RETURN(const DhcpOptionsId id, DhcpOptionsId::Parse(request.dhcp_options_id()));
  return sets.Delete(id);
}

absl::Status AssociateDhcpOptions(const v1::AssociateDhcpOptionsRequest& request, network::DhcpOptionsService& sets) {
  std::optional<DhcpOptionsId> id;
  if (request.dhcp_options_id() != kNoSet) {
    ASSIGN_OR_RETURN(id, DhcpOptionsId::Parse(request.dhcp_options_id()));
  }
  ASSIGN_OR_RETURN(const VpcId vpc, VpcId::Parse(request.vpc_id()));
  return sets.Associate(id, vpc);
}

}  // namespace

void AddDhcpOptionsActions(gateway::Actions& actions, network::DhcpOptionsService& sets, const Settings& settings) {
  actions.Add(CreateDhcpOptions, sets, settings);
  actions.Add(DescribeDhcpOptions, sets, settings);
  actions.Add(DeleteDhcpOptions, sets);
  actions.Add(AssociateDhcpOptions, sets);
}

}  // namespace brume::ec2
