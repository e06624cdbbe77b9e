#include "lib/ec2/network/api/prefix_list_handlers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brume/ec2/v1/prefix_list.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

using List = v1::ManagedPrefixList;

List Render(const network::PrefixListView& view, const Settings& settings) {
  List rendered;
  rendered.set_prefix_list_id(view.list.id.text());
  rendered.set_address_family(view.list.ipv6 ? "IPv6" : "IPv4");
  rendered.set_state(std::string(kPrefixListStateNames.Of(view.list.state)));
  if (!view.list.state_message.empty()) rendered.set_state_message(view.list.state_message);
  rendered.set_prefix_list_arn(ArnOf(settings.account(), view.list.id));
  rendered.set_prefix_list_name(view.list.name);
  rendered.set_max_entries(view.list.max_entries);
  rendered.set_version(view.list.current_version);
  *rendered.mutable_tags() = RenderTags(view.tags);
  rendered.set_owner_id(settings.account_id);
  return rendered;
}

// The list is done when the call ends; EC2 shows it on its way there.
List UnderWay(const network::PrefixListView& view, const Settings& settings, const char* state) {
  List rendered = Render(view, settings);
  rendered.set_state(state);
  rendered.clear_state_message();
  return rendered;
}

template <typename Entries>
std::vector<network::PrefixListEntryRequest> EntriesOf(const Entries& entries) {
  std::vector<network::PrefixListEntryRequest> wanted;
  for (const v1::AddPrefixListEntry& entry : entries) {
    wanted.push_back({.cidr = entry.cidr(), .description = entry.description()});
  }
  return wanted;
}

absl::StatusOr<v1::CreateManagedPrefixListResponse> CreateManagedPrefixList(
    const v1::CreateManagedPrefixListRequest& request, network::PrefixListService& lists, const Settings& settings) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token()));
  network::NewPrefixList wanted{.name = request.prefix_list_name(),
                                .ipv6 = request.address_family() == "IPv6",
                                .max_entries = request.max_entries(),
                                .entries = EntriesOf(request.entries()),
                                .client_token = request.client_token(),
                                .parameters_digest = gateway::ParametersDigest(request)};
  ASSIGN_OR_RETURN(wanted.tags, ParseTags(request.tag_specifications(), PrefixListId::kKind));
  ASSIGN_OR_RETURN(const network::PrefixListView made, lists.Create(wanted));
  v1::CreateManagedPrefixListResponse response;
  *response.mutable_prefix_list() = UnderWay(made, settings, "create-in-progress");
  return response;
}

absl::StatusOr<v1::ModifyManagedPrefixListResponse> ModifyManagedPrefixList(
    const v1::ModifyManagedPrefixListRequest& request, network::PrefixListService& lists, const Settings& settings) {
  ASSIGN_OR_RETURN(const PrefixListId id, PrefixListId::Parse(request.prefix_list_id()));
  network::PrefixListChange change;
  if (request.has_current_version()) change.current_version = request.current_version();
  if (!request.prefix_list_name().empty()) change.name = request.prefix_list_name();
  if (request.has_max_entries()) change.max_entries = request.max_entries();
  change.add = EntriesOf(request.add_entries());
  for (const v1::RemovePrefixListEntry& entry : request.remove_entries()) change.remove.push_back(entry.cidr());
  ASSIGN_OR_RETURN(const network::PrefixListView changed, lists.Modify(id, change));
  v1::ModifyManagedPrefixListResponse response;
  *response.mutable_prefix_list() = UnderWay(changed, settings, "modify-in-progress");
  return response;
}

absl::StatusOr<v1::RestoreManagedPrefixListVersionResponse> RestoreManagedPrefixListVersion(
    const v1::RestoreManagedPrefixListVersionRequest& request, network::PrefixListService& lists,
    const Settings& settings) {
  ASSIGN_OR_RETURN(const PrefixListId id, PrefixListId::Parse(request.prefix_list_id()));
  ASSIGN_OR_RETURN(const network::PrefixListView restored,
                   lists.Restore(id, request.previous_version(), request.current_version()));
  v1::RestoreManagedPrefixListVersionResponse response;
  *response.mutable_prefix_list() = UnderWay(restored, settings, "restore-in-progress");
  return response;
}

absl::StatusOr<v1::DeleteManagedPrefixListResponse> DeleteManagedPrefixList(
    const v1::DeleteManagedPrefixListRequest& request, network::PrefixListService& lists, const Settings& settings) {
  ASSIGN_OR_RETURN(const PrefixListId id, PrefixListId::Parse(request.prefix_list_id()));
  ASSIGN_OR_RETURN(const network::PrefixListView deleted, lists.Delete(id));
  v1::DeleteManagedPrefixListResponse response;
  *response.mutable_prefix_list() = UnderWay(deleted, settings, "delete-in-progress");
  return response;
}

absl::StatusOr<v1::DescribeManagedPrefixListsResponse> DescribeManagedPrefixLists(
    const v1::DescribeManagedPrefixListsRequest& request, network::PrefixListService& lists, const Settings& settings) {
  static const gateway::Listing<List, v1::DescribeManagedPrefixListsResponse> listing = {
      "prefix-lists", &List::prefix_list_id, &v1::DescribeManagedPrefixListsResponse::mutable_prefix_lists};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<PrefixListId>(request, request.prefix_list_ids(), "prefixListId"));
  ASSIGN_OR_RETURN(const std::vector<network::PrefixListView> views,
                   lists.List(ids, TagsAskedFor(request.filters(), PrefixListId::kKind.prefix)));
  std::vector<List> rendered;
  rendered.reserve(views.size());
  for (const network::PrefixListView& view : views) rendered.push_back(Render(view, settings));
  return gateway::Answer(listing, request, std::move(rendered));
}

absl::StatusOr<v1::GetManagedPrefixListEntriesResponse> GetManagedPrefixListEntries(
    const v1::GetManagedPrefixListEntriesRequest& request, network::PrefixListService& lists) {
  static const gateway::Listing<v1::PrefixListEntry, v1::GetManagedPrefixListEntriesResponse> listing = {
      "prefix-list-entries", &v1::PrefixListEntry::cidr, &v1::GetManagedPrefixListEntriesResponse::mutable_entries};
  ASSIGN_OR_RETURN(const PrefixListId id, PrefixListId::Parse(request.prefix_list_id()));
  std::optional<int64_t> version;
  if (request.has_target_version()) version = request.target_version();
  ASSIGN_OR_RETURN(const std::vector<PrefixListEntry> entries, lists.Entries(id, version));
  std::vector<v1::PrefixListEntry> rendered;
  for (const PrefixListEntry& entry : entries) {
    v1::PrefixListEntry& each = rendered.emplace_back();
    each.set_cidr(TextOf(entry.cidr));
    if (!entry.description.empty()) each.set_description(entry.description);
  }
  return gateway::Answer(listing, request, std::move(rendered));
}

absl::StatusOr<v1::GetManagedPrefixListAssociationsResponse> GetManagedPrefixListAssociations(
    const v1::GetManagedPrefixListAssociationsRequest& request, network::PrefixListService& lists,
    const Settings& settings) {
  using Association = v1::PrefixListAssociation;
  static const gateway::Listing<Association, v1::GetManagedPrefixListAssociationsResponse> listing = {
      "prefix-list-associations", &Association::resource_id,
      &v1::GetManagedPrefixListAssociationsResponse::mutable_prefix_list_associations};
  ASSIGN_OR_RETURN(const PrefixListId id, PrefixListId::Parse(request.prefix_list_id()));
  ASSIGN_OR_RETURN(const std::vector<std::string> ids, lists.Associations(id));
  std::vector<Association> rendered;
  for (const std::string& each : ids) {
    Association& association = rendered.emplace_back();
    association.set_resource_id(each);
    association.set_resource_owner(settings.account_id);
  }
  return gateway::Answer(listing, request, std::move(rendered));
}

// There are no services of AWS's here that have one.
absl::StatusOr<v1::DescribePrefixListsResponse> DescribePrefixLists(const v1::DescribePrefixListsRequest& request) {
  static const gateway::Listing<v1::PrefixList, v1::DescribePrefixListsResponse> listing = {
      "service-prefix-lists", &v1::PrefixList::prefix_list_id, &v1::DescribePrefixListsResponse::mutable_prefix_lists};
  ASSIGN_OR_RETURN(const auto ids, gateway::NamedIds<PrefixListId>(request, request.prefix_list_ids(), "prefixListId"));
  if (!ids.empty()) {
    return Error("InvalidPrefixListId.NotFound", ids.front().NotFound().message());
  }
  return gateway::Answer(listing, request, {});
}

}  // namespace

void AddPrefixListActions(gateway::Actions& actions, network::PrefixListService& lists, const Settings& settings) {
  actions.Add(CreateManagedPrefixList, lists, settings);
  actions.Add(ModifyManagedPrefixList, lists, settings);
  actions.Add(RestoreManagedPrefixListVersion, lists, settings);
  actions.Add(DeleteManagedPrefixList, lists, settings);
  actions.Add(DescribeManagedPrefixLists, lists, settings);
  actions.Add(GetManagedPrefixListEntries, lists);
  actions.Add(GetManagedPrefixListAssociations, lists, settings);
  actions.Add(DescribePrefixLists);
}

}  // namespace brume::ec2
