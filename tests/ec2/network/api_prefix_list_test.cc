// Managed prefix lists: their versions, and the rules and routes that name them.
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/prefix_list.pb.h"
#include "brume/ec2/v1/route.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "lib/base/mutex.h"
#include "lib/ec2/network/simulated_fabric.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

struct Lists {
  ApiWorld world;
  std::string group = world.groups.Create("web", "web servers", std::nullopt, {})->group.id.text();
  VpcId vpc = world.networks.ListVpcs()->front().id;
  std::string table =
      Call<ec2::v1::DescribeRouteTablesResponse>("DescribeRouteTables", "").route_tables(0).route_table_id();

  template <typename Response>
  Response Call(const std::string& action, const std::string& request) {
    const auto answer = world.CallText(action, request);
    INFO(action << " " << request << ": " << answer.status());
    REQUIRE(answer.ok());
    return static_cast<const Response&>(**answer);
  }
  std::string CodeOf(const std::string& action, const std::string& request) {
    return ec2::ErrorCode(world.CallText(action, request).status());
  }

  // A list named "office", and its id.
  std::string Make(const std::vector<std::string>& cidrs, int max_entries, const std::string& family = "IPv4") {
    std::string request =
        absl::StrCat("prefix_list_name: 'office' address_family: '", family, "' max_entries: ", max_entries);
    for (const std::string& cidr : cidrs) absl::StrAppend(&request, " entries { cidr: '", cidr, "' }");
    return Call<ec2::v1::CreateManagedPrefixListResponse>("CreateManagedPrefixList", request)
        .prefix_list()
        .prefix_list_id();
  }
  ec2::v1::ManagedPrefixList Show(const std::string& id) {
    return Call<ec2::v1::DescribeManagedPrefixListsResponse>("DescribeManagedPrefixLists",
                                                             "prefix_list_ids: '" + id + "'")
        .prefix_lists(0);
  }
  // CIDR and description of each entry.
  std::map<std::string, std::string> Entries(const std::string& id, const std::string& more = "") {
    std::map<std::string, std::string> entries;
    const auto answer = Call<ec2::v1::GetManagedPrefixListEntriesResponse>("GetManagedPrefixListEntries",
                                                                           "prefix_list_id: '" + id + "' " + more);
    for (const auto& entry : answer.entries()) entries[entry.cidr()] = entry.description();
    return entries;
  }
  std::set<std::string> Users(const std::string& id) {
    const auto answer = Call<ec2::v1::GetManagedPrefixListAssociationsResponse>("GetManagedPrefixListAssociations",
                                                                                "prefix_list_id: '" + id + "'");
    std::set<std::string> ids;
    for (const auto& each : answer.prefix_list_associations()) {
      CHECK(each.resource_owner() == world.settings.account_id);
      ids.insert(each.resource_id());
    }
    return ids;
  }
  std::string Modify(const std::string& id, const std::string& change) {
    return CodeOf("ModifyManagedPrefixList", "prefix_list_id: '" + id + "' " + change);
  }
  std::string Allow(const std::string& list, int port = 22,
                    const std::string& action = "AuthorizeSecurityGroupIngress") {
    return CodeOf(action, absl::StrCat("group_id: '", group, "' ip_permissions { ip_protocol: 'tcp' from_port: ", port,
                                       " to_port: ", port, " prefix_list_ids { prefix_list_id: '", list,
                                       "' description: 'office' } }"));
  }
  std::string Route(const std::string& action, const std::string& list, const std::string& target = "") {
    return CodeOf(action, "route_table_id: '" + table + "' destination_prefix_list_id: '" + list + "' " + target);
  }
  std::string Gateway() { return "gateway_id: '" + world.routes.ListGateways({})->front().gateway.id.text() + "'"; }
};

}  // namespace

TEST_CASE("a prefix list keeps its entries by version, and an earlier version is restored as a new one", "[api]") {
  Lists lists;
  const std::string id = lists.Make({"10.0.0.0/8", "192.0.2.7/24"}, 3);
  const ec2::v1::ManagedPrefixList made = lists.Show(id);
  CHECK(made.state() == "create-complete");
  CHECK(made.address_family() == "IPv4");
  CHECK(made.prefix_list_name() == "office");
  CHECK(made.max_entries() == 3);
  CHECK(made.version() == 1);
  CHECK(made.owner_id() == lists.world.settings.account_id);
  CHECK(made.prefix_list_arn() == absl::StrCat("arn:aws:ec2:", lists.world.settings.region, ":",
                                               lists.world.settings.account_id, ":prefix-list/", id));
  using Map = std::map<std::string, std::string>;
  // Host bits are cleared, as in rules and routes.
  CHECK(lists.Entries(id) == Map{{"10.0.0.0/8", ""}, {"192.0.2.0/24", ""}});

  CHECK(lists.Modify(id,
                     "current_version: 1 add_entries { cidr: '198.51.100.0/24' description: 'lab' } "
                     "remove_entries { cidr: '10.0.0.0/8' }") == "");
  CHECK(lists.Show(id).state() == "modify-complete");
  CHECK(lists.Show(id).version() == 2);
  CHECK(lists.Entries(id) == Map{{"192.0.2.0/24", ""}, {"198.51.100.0/24", "lab"}});
  CHECK(lists.Entries(id, "target_version: 1") == Map{{"10.0.0.0/8", ""}, {"192.0.2.0/24", ""}});

  // A name and a size make no version.
  CHECK(lists.Modify(id, "prefix_list_name: 'home' max_entries: 5") == "");
  CHECK(lists.Show(id).prefix_list_name() == "home");
  CHECK(lists.Show(id).max_entries() == 5);
  CHECK(lists.Show(id).version() == 2);

  const std::string restore = "prefix_list_id: '" + id + "' previous_version: 1 current_version: ";
  CHECK(lists.CodeOf("RestoreManagedPrefixListVersion", restore + "1") == "PrefixListVersionMismatch");
  CHECK(lists.CodeOf("RestoreManagedPrefixListVersion", restore + "2") == "");
  CHECK(lists.Show(id).state() == "restore-complete");
  CHECK(lists.Show(id).version() == 3);
  CHECK(lists.Entries(id) == Map{{"10.0.0.0/8", ""}, {"192.0.2.0/24", ""}});
  CHECK(lists.Entries(id, "target_version: 2") == Map{{"192.0.2.0/24", ""}, {"198.51.100.0/24", "lab"}});
  CHECK(lists.Entries(id, "max_results: 1") == Map{{"10.0.0.0/8", ""}});

  CHECK(lists.CodeOf("DeleteManagedPrefixList", "prefix_list_id: '" + id + "'") == "");
  CHECK(lists.CodeOf("GetManagedPrefixListEntries", "prefix_list_id: '" + id + "'") == "InvalidPrefixListID.NotFound");
}

TEST_CASE("a call that changes a prefix list answers with what is under way", "[api]") {
  Lists lists;
  const auto made = lists.Call<ec2::v1::CreateManagedPrefixListResponse>(
      "CreateManagedPrefixList",
      "prefix_list_name: 'l' address_family: 'IPv4' max_entries: 2 "
      "tag_specifications { resource_type: 'prefix-list' tags { key: 'a' value: 'b' } }");
  CHECK(made.prefix_list().state() == "create-in-progress");
  CHECK(made.prefix_list().tags(0).value() == "b");
  const std::string id = made.prefix_list().prefix_list_id();
  CHECK(lists
            .Call<ec2::v1::ModifyManagedPrefixListResponse>(
                "ModifyManagedPrefixList", "prefix_list_id: '" + id + "' add_entries { cidr: '10.0.0.0/8' }")
            .prefix_list()
            .state() == "modify-in-progress");
  CHECK(lists.Call<ec2::v1::DeleteManagedPrefixListResponse>("DeleteManagedPrefixList", "prefix_list_id: '" + id + "'")
            .prefix_list()
            .state() == "delete-in-progress");
}

TEST_CASE("what no prefix list could have is refused, and changes nothing", "[api]") {
  Lists lists;
  const std::string id = lists.Make({"10.0.0.0/8", "192.0.2.0/24"}, 3);
  const std::pair<const char*, std::string> modifications[] = {
      {"MissingParameter", ""},
      {"PrefixListVersionMismatch", "current_version: 2 add_entries { cidr: '10.1.0.0/16' }"},
      {"PrefixListVersionMismatch", "current_version: 0 remove_entries { cidr: '10.0.0.0/8' }"},
      {"InvalidParameterCombination", "max_entries: 5 add_entries { cidr: '10.1.0.0/16' }"},
      {"InvalidParameterValue", "max_entries: 1001"},
      {"InvalidParameterValue", "max_entries: 0"},
      {"PrefixListMaxEntriesExceeded", "max_entries: 1"},
      {"PrefixListMaxEntriesExceeded", "add_entries { cidr: '10.1.0.0/16' } add_entries { cidr: '10.2.0.0/16' }"},
      {"InvalidPrefixListModification", "add_entries { cidr: '10.9.9.9/8' }"},
      {"InvalidPrefixListModification", "remove_entries { cidr: '10.1.0.0/16' }"},
      {"InvalidParameterValue", "add_entries { cidr: '10.1.0.0/16' } add_entries { cidr: '10.1.2.3/16' }"},
      {"InvalidParameterValue", "add_entries { cidr: '10.0.0.0/8' } remove_entries { cidr: '10.0.0.0/8' }"},
      {"InvalidParameterValue", "add_entries { cidr: '10.1.0.0/33' }"},
      {"InvalidParameterValue", "add_entries { cidr: '10.1.0.0' }"},
      {"InvalidParameterValue", "add_entries { cidr: '2001:db8::/32' }"},
      {"InvalidParameterValue", "add_entries { cidr: '10.1.0.0/16' description: 'a\\tb' }"},
      {"InvalidParameterValue", "prefix_list_name: 'com.amazonaws.mine'"},
      {"DryRunOperation", "max_entries: 9 dry_run: true"},
  };
  for (const auto& [code, change] : modifications) {
    INFO(change);
    CHECK(lists.Modify(id, change) == code);
  }
  CHECK(lists.Show(id).version() == 1);
  CHECK(lists.Show(id).max_entries() == 3);
  CHECK(lists.Show(id).prefix_list_name() == "office");
  CHECK(lists.Entries(id).size() == 2);
  CHECK(lists.CodeOf("GetManagedPrefixListEntries", "prefix_list_id: '" + id + "' target_version: 2") ==
        "InvalidParameterValue");
  CHECK(lists.CodeOf("GetManagedPrefixListEntries", "prefix_list_id: '" + id + "' target_version: 0") ==
        "InvalidParameterValue");
  CHECK(lists.CodeOf("RestoreManagedPrefixListVersion",
                     "prefix_list_id: '" + id + "' previous_version: 9 current_version: 1") == "InvalidParameterValue");

  const std::string create = "prefix_list_name: 'x' address_family: 'IPv4' ";
  const std::pair<const char*, std::string> creations[] = {
      {"MissingParameter", create},
      {"MissingParameter", "address_family: 'IPv4' max_entries: 1"},
      {"MissingParameter", "prefix_list_name: 'x' max_entries: 1"},
      {"InvalidParameterValue", "prefix_list_name: 'x' max_entries: 1 address_family: 'ipv5'"},
      {"InvalidParameterValue", create + "max_entries: 0"},
      {"InvalidParameterValue", create + "max_entries: 1001"},
      {"InvalidParameterValue", "prefix_list_name: 'com.amazonaws.x' address_family: 'IPv4' max_entries: 1"},
      {"PrefixListMaxEntriesExceeded",
       create + "max_entries: 1 entries { cidr: '10.0.0.0/8' } entries { cidr: '11.0.0.0/8' }"},
      {"InvalidParameterValue",
       create + "max_entries: 2 entries { cidr: '10.0.0.0/8' } entries { cidr: '10.1.0.0/8' }"},
      {"InvalidParameterValue", create + "max_entries: 1 entries { cidr: 'ten' }"},
      {"InvalidParameterValue", create + "max_entries: 1 client_token: 'jeton-é'"},
      {"InvalidParameterValue",
       create + "max_entries: 1 tag_specifications { resource_type: 'vpc' tags { key: 'k' } }"},
  };
  for (const auto& [code, request] : creations) {
    INFO(request);
    CHECK(lists.CodeOf("CreateManagedPrefixList", request) == code);
  }
  CHECK(lists.Call<ec2::v1::DescribeManagedPrefixListsResponse>("DescribeManagedPrefixLists", "").prefix_lists_size() ==
        1);
}

TEST_CASE("a client token makes one prefix list, and no other by the same token", "[api]") {
  Lists lists;
  const std::string request = "prefix_list_name: 'x' address_family: 'IPv4' max_entries: 1 client_token: 'once'";
  const auto id = [&] {
    return lists.Call<ec2::v1::CreateManagedPrefixListResponse>("CreateManagedPrefixList", request)
        .prefix_list()
        .prefix_list_id();
  };
  CHECK(id() == id());
  CHECK(lists.CodeOf("CreateManagedPrefixList",
                     "prefix_list_name: 'x' address_family: 'IPv4' max_entries: 2 client_token: 'once'") ==
        "IdempotentParameterMismatch");
}

TEST_CASE("prefix lists are found by EC2's filters, and AWS's own are none", "[api]") {
  Lists lists;
  const std::string id = lists.Make({}, 1);
  REQUIRE(lists.world.tags.Create({id}, {{"Name", "x"}}).ok());
  const std::pair<std::string, std::string> found[] = {{"owner-id", lists.world.settings.account_id},
                                                       {"prefix-list-id", id},
                                                       {"prefix-list-name", "off*"},
                                                       {"tag:Name", "x"}};
  for (const auto& [name, value] : found) {
    INFO(name);
    const std::string filter = "filters { name: '" + name + "' values: '" + value + "' }";
    CHECK(lists.Call<ec2::v1::DescribeManagedPrefixListsResponse>("DescribeManagedPrefixLists", filter)
              .prefix_lists_size() == 1);
  }
  CHECK(lists
            .Call<ec2::v1::DescribeManagedPrefixListsResponse>(
                "DescribeManagedPrefixLists", "filters { name: 'prefix-list-name' values: 'com.amazonaws.*' }")
            .prefix_lists_size() == 0);
  CHECK(lists.Call<ec2::v1::DescribePrefixListsResponse>("DescribePrefixLists", "").prefix_lists_size() == 0);
  CHECK(lists.CodeOf("DescribePrefixLists", "prefix_list_ids: '" + id + "'") == "InvalidPrefixListId.NotFound");
}

TEST_CASE("a rule by prefix list is made, shown, described anew, changed and revoked", "[api]") {
  Lists lists;
  const std::string id = lists.Make({"203.0.113.0/24"}, 5), other = lists.Make({}, 5);
  REQUIRE(lists.Allow(id) == "");
  CHECK(lists.Allow(id) == "InvalidPermission.Duplicate");
  CHECK(lists.Allow("pl-00000000000000000") == "InvalidPrefixListID.NotFound");
  CHECK(lists.Users(id) == std::set<std::string>{lists.group});
  CHECK(lists.Users(other).empty());

  const auto groups = lists.Call<ec2::v1::DescribeSecurityGroupsResponse>(
      "DescribeSecurityGroups", "filters { name: 'ip-permission.prefix-list-id' values: '" + id + "' }");
  REQUIRE(groups.security_groups_size() == 1);
  const ec2::v1::IpPermission& permission = groups.security_groups(0).ip_permissions(0);
  REQUIRE(permission.prefix_list_ids_size() == 1);
  CHECK(permission.prefix_list_ids(0).prefix_list_id() == id);
  CHECK(permission.prefix_list_ids(0).description() == "office");
  CHECK(permission.ip_ranges().empty());
  CHECK(permission.user_id_group_pairs().empty());

  const auto rule = [&] {
    const auto rules = lists.Call<ec2::v1::DescribeSecurityGroupRulesResponse>(
        "DescribeSecurityGroupRules", "filters { name: 'group-id' values: '" + lists.group + "' }");
    for (const auto& each : rules.security_group_rules()) {
      if (!each.is_egress()) return each;
    }
    return ec2::v1::SecurityGroupRule();
  };
  CHECK(rule().prefix_list_id() == id);
  CHECK_FALSE(rule().has_cidr_ipv4());
  CHECK_FALSE(rule().has_referenced_group_info());
  CHECK(lists.CodeOf("UpdateSecurityGroupRuleDescriptionsIngress",
                     "group_id: '" + lists.group +
                         "' ip_permissions { ip_protocol: 'tcp' from_port: 22 to_port: 22 "
                         "prefix_list_ids { prefix_list_id: '" +
                         id + "' description: 'home' } }") == "");
  CHECK(rule().description() == "home");

  const auto change = [&](const std::string& wanted) {
    return lists.CodeOf("ModifySecurityGroupRules",
                        "group_id: '" + lists.group + "' security_group_rules { security_group_rule_id: '" +
                            rule().security_group_rule_id() + "' security_group_rule { " + wanted + " } }");
  };
  CHECK(change("ip_protocol: '-1' cidr_ipv4: '0.0.0.0/0'") == "InvalidParameterValue");
  CHECK(change("ip_protocol: '-1' referenced_group_id: '" + lists.group + "'") == "InvalidParameterValue");
  CHECK(change("ip_protocol: '-1' prefix_list_id: 'pl-00000000000000000'") == "InvalidPrefixListID.NotFound");
  CHECK(change("ip_protocol: 'udp' from_port: 53 to_port: 53 description: 'dns' prefix_list_id: '" + other + "'") ==
        "");
  CHECK(rule().prefix_list_id() == other);
  CHECK(rule().description() == "dns");

  CHECK(lists.CodeOf("DeleteManagedPrefixList", "prefix_list_id: '" + other + "'") == "DependencyViolation");
  CHECK(lists.CodeOf("DeleteManagedPrefixList", "prefix_list_id: '" + id + "'") == "");
  CHECK(
      lists.CodeOf("RevokeSecurityGroupIngress", "group_id: '" + lists.group +
                                                     "' ip_permissions { ip_protocol: 'udp' from_port: 53 to_port: 53 "
                                                     "prefix_list_ids { prefix_list_id: '" +
                                                     other + "' } }") == "");
  CHECK(lists.CodeOf("DeleteManagedPrefixList", "prefix_list_id: '" + other + "'") == "");
}

TEST_CASE("a rule by prefix list counts as many as the list may have entries, of its family and direction", "[api]") {
  Lists lists;
  const std::string large = lists.Make({}, 60), one = lists.Make({}, 1), six = lists.Make({}, 60, "IPv6");
  REQUIRE(lists.Allow(large) == "");
  CHECK(lists.Allow(one) == "RulesPerSecurityGroupLimitExceeded");
  CHECK(lists.Allow(six) == "");
  CHECK(lists.Allow(one, 22, "AuthorizeSecurityGroupEgress") == "");
  CHECK(lists.Allow(large, 22, "RevokeSecurityGroupIngress") == "");
  REQUIRE(lists.Allow(one) == "");

  // A change of the size that a group has no room for fails, as EC2 tells it.
  CHECK(lists.Modify(one, "max_entries: 61") == "");
  CHECK(lists.Show(one).state() == "modify-failed");
  CHECK(lists.Show(one).state_message().find(lists.group) != std::string::npos);
  CHECK(lists.Show(one).max_entries() == 1);
  CHECK(lists.Modify(one, "max_entries: 59") == "");
  CHECK(lists.Show(one).state() == "modify-complete");
  CHECK_FALSE(lists.Show(one).has_state_message());
  CHECK(lists.Allow(one, 23) == "RulesPerSecurityGroupLimitExceeded");
}

TEST_CASE("a rule that takes a larger prefix list is refused where the group has no room", "[api]") {
  Lists lists;
  const std::string small = lists.Make({}, 1), large = lists.Make({}, 61);
  const auto made = lists.Call<ec2::v1::AuthorizeSecurityGroupIngressResponse>(
      "AuthorizeSecurityGroupIngress", "group_id: '" + lists.group +
                                           "' ip_permissions { ip_protocol: '-1' "
                                           "prefix_list_ids { prefix_list_id: '" +
                                           small + "' } }");
  CHECK(made.security_group_rules(0).prefix_list_id() == small);
  CHECK(lists.CodeOf("ModifySecurityGroupRules",
                     "group_id: '" + lists.group + "' security_group_rules { security_group_rule_id: '" +
                         made.security_group_rules(0).security_group_rule_id() +
                         "' security_group_rule { ip_protocol: '-1' prefix_list_id: '" + large + "' } }") ==
        "RulesPerSecurityGroupLimitExceeded");
  CHECK(lists.Users(small).size() == 1);
}

TEST_CASE("a route to a prefix list is made, shown, replaced and deleted, and counts by the list's size", "[api]") {
  Lists lists;
  const std::string id = lists.Make({"192.0.2.0/24", "198.51.100.0/24"}, 10);
  const std::string gateway = lists.Gateway();
  REQUIRE(lists.Route("CreateRoute", id, gateway) == "");
  REQUIRE(lists.Route("CreateRoute", id, gateway) == "");  // made twice the same way is made once
  CHECK(lists.Users(id) == std::set<std::string>{lists.table});
  CHECK(lists.CodeOf("DeleteManagedPrefixList", "prefix_list_id: '" + id + "'") == "DependencyViolation");
  const auto tables = lists.Call<ec2::v1::DescribeRouteTablesResponse>(
      "DescribeRouteTables", "filters { name: 'route.destination-prefix-list-id' values: '" + id + "' }");
  REQUIRE(tables.route_tables_size() == 1);
  const ec2::v1::Route& route = tables.route_tables(0).routes(tables.route_tables(0).routes_size() - 1);
  CHECK(route.destination_prefix_list_id() == id);
  CHECK_FALSE(route.has_destination_cidr_block());
  CHECK(route.state() == "active");

  // One route is there besides: 39 are free.
  CHECK(lists.Route("CreateRoute", lists.Make({}, 40), gateway) == "RouteLimitExceeded");
  CHECK(lists.Modify(id, "max_entries: 50") == "");
  CHECK(lists.Show(id).state() == "modify-failed");
  CHECK(lists.Show(id).state_message().find(lists.table) != std::string::npos);
  CHECK(lists.Modify(id, "max_entries: 49") == "");
  CHECK(lists.Show(id).state() == "modify-complete");

  CHECK(lists.Route("ReplaceRoute", id, gateway) == "");
  CHECK(lists.Route("ReplaceRoute", lists.Make({}, 1), gateway) == "InvalidParameterValue");
  CHECK(lists.Route("DeleteRoute", id) == "");
  CHECK(lists.Route("DeleteRoute", id) == "InvalidRoute.NotFound");
  CHECK(lists.Route("CreateRoute", "pl-00000000000000000", gateway) == "InvalidPrefixListID.NotFound");
  CHECK(lists.Route("CreateRoute", lists.Make({}, 1, "IPv6"), gateway) == "UnsupportedOperation");
  CHECK(lists.Route("CreateRoute", id, gateway + " destination_cidr_block: '192.0.2.0/24'") ==
        "InvalidParameterCombination");
  CHECK(lists.CodeOf("DeleteManagedPrefixList", "prefix_list_id: '" + id + "'") == "");
}

namespace {

// Keeps what it was told of prefix lists and routes.
class ListeningFabric : public network::SimulatedFabric {
 public:
  absl::Status SyncVpc(const network::VpcSpec& spec) override {
    MutexLock lock(mutex_);
    ++syncs_[spec.vpc.id];
    for (const network::GroupSpec& group : spec.groups) Note(group);
    for (const network::RouteTableSpec& table : spec.tables) routes_ = table.routes;
    return SimulatedFabric::SyncVpc(spec);
  }
  absl::Status ApplyGroup(const network::GroupSpec& spec) override {
    MutexLock lock(mutex_);
    Note(spec);
    return absl::OkStatus();
  }
  absl::Status ApplyPrefixList(const VpcId& vpc, const network::PrefixListSpec& spec) override {
    MutexLock lock(mutex_);
    applied_[vpc] = spec.ranges;
    return absl::OkStatus();
  }
  std::vector<Cidr> OfGroups(const std::string& list) {
    MutexLock lock(mutex_);
    return of_groups_[list];
  }
  std::map<VpcId, std::vector<Cidr>> Applied() {
    MutexLock lock(mutex_);
    return applied_;
  }
  std::vector<network::RouteSpec> Routes() {
    MutexLock lock(mutex_);
    return routes_;
  }
  int Syncs(const VpcId& vpc) {
    MutexLock lock(mutex_);
    return syncs_[vpc];
  }

 private:
  void Note(const network::GroupSpec& spec) {
    for (const network::PrefixListSpec& list : spec.prefix_lists) of_groups_[list.id.text()] = list.ranges;
  }
  Mutex mutex_;
  std::map<std::string, std::vector<Cidr>> of_groups_;
  std::map<VpcId, std::vector<Cidr>> applied_;
  std::vector<network::RouteSpec> routes_;
  std::map<VpcId, int> syncs_;
};

// A reconciler that follows a service of its own.
struct Followed : Lists {
  Followed() {
    reconciler.Start();
    REQUIRE(ComputeWorld::Eventually([&] { return fabric.Syncs(vpc) == 1; }));
  }
  ~Followed() { reconciler.Stop(); }

  ListeningFabric fabric;
  network::NetworkReconciler reconciler{
      *world.database,
      world.clock,
      fabric,
      world.settings,
      {.instances = compute::AnswersForNetwork(), .on_vpc_ready = [](const Vpc&) { return absl::OkStatus(); }}};
  network::PrefixListService service{*world.database, world.random,
                                     [this](const PrefixListId& list, const network::PrefixListUsers& users) {
                                       reconciler.WakePrefixListUsers(list, users);
                                     }};
};

Cidr Range(const char* text) { return Cidr::Parse(text).value(); }

}  // namespace

TEST_CASE("a list that rules name reaches each VPC that uses it, by its ranges alone", "[api]") {
  Followed f;
  const std::string id = f.Make({"203.0.113.0/24"}, 5);
  const VpcId other = Value(f.world.vpcs.CreateVpc(Range("10.9.0.0/16"), {})).id;
  const VpcId third = Value(f.world.vpcs.CreateVpc(Range("10.8.0.0/16"), {})).id;
  for (const VpcId& each : {other, third}) f.reconciler.WakeVpc(each);
  REQUIRE(f.Allow(id) == "");
  f.group = f.world.groups.Create("web", "there too", other, {})->group.id.text();
  REQUIRE(f.Allow(id, 80) == "");
  f.reconciler.WakeGroup(f.vpc, Value(f.world.groups.Resolve(std::nullopt, "web")).id);
  REQUIRE(ComputeWorld::Eventually([&] { return f.fabric.Syncs(other) == 1 && f.fabric.Syncs(third) == 1; }));
  REQUIRE(
      ComputeWorld::Eventually([&] { return f.fabric.OfGroups(id) == std::vector<Cidr>{Range("203.0.113.0/24")}; }));
  const int before = f.fabric.Syncs(f.vpc);

  network::PrefixListChange change;
  change.add = {{.cidr = "192.0.2.0/24"}};
  REQUIRE(f.service.Modify(Value(PrefixListId::Parse(id)), change).ok());
  const std::vector<Cidr> wanted = {Range("203.0.113.0/24"), Range("192.0.2.0/24")};
  const std::map<VpcId, std::vector<Cidr>> both = {{f.vpc, wanted}, {other, wanted}};
  REQUIRE(ComputeWorld::Eventually([&] { return f.fabric.Applied() == both; }));
  CHECK(f.fabric.Syncs(f.vpc) == before);
}

TEST_CASE("a list of IPv6 ranges stands for no IPv4 range, and a rule about it lets nobody in", "[api]") {
  Followed f;
  const std::string id = f.Make({"::/0", "::ffff:0:0/96"}, 5, "IPv6");
  REQUIRE(f.Allow(id) == "");
  const SecurityGroupId group = Value(SecurityGroupId::Parse(f.group));
  f.reconciler.WakeGroup(f.vpc, group);
  f.reconciler.WakeVpc(f.vpc);
  REQUIRE(ComputeWorld::Eventually([&] { return f.fabric.Syncs(f.vpc) == 2; }));
  CHECK(f.fabric.OfGroups(id).empty());
}

TEST_CASE("a route to a list is one to each of its ranges, behind those to one range, and none into the VPC", "[api]") {
  Followed f;
  const std::string gateway = f.Gateway();
  const std::string inside = f.world.networks.ListVpcs()->front().cidr.text();
  const std::string id = f.Make({"192.0.2.0/24", "198.51.100.0/24", "169.254.169.0/24", inside}, 10);
  REQUIRE(f.CodeOf("CreateRoute",
                   "route_table_id: '" + f.table + "' destination_cidr_block: '192.0.2.0/24' " + gateway) == "");
  REQUIRE(f.Route("CreateRoute", id, gateway) == "");
  f.reconciler.WakeVpc(f.vpc);
  const auto routed = [&] {
    std::set<std::string> destinations;
    for (const network::RouteSpec& route : f.fabric.Routes()) {
      CHECK(route.way == network::RouteSpec::Way::kGateway);
      CHECK(destinations.insert(route.destination.text()).second);
    }
    return destinations;
  };
  const std::set<std::string> wanted = {"0.0.0.0/0", "192.0.2.0/24", "198.51.100.0/24"};
  REQUIRE(ComputeWorld::Eventually([&] { return routed() == wanted; }));

  network::PrefixListChange change;
  change.add = {{.cidr = "203.0.113.0/25"}};
  change.remove = {"198.51.100.0/24"};
  REQUIRE(f.service.Modify(Value(PrefixListId::Parse(id)), change).ok());
  const std::set<std::string> changed = {"0.0.0.0/0", "192.0.2.0/24", "203.0.113.0/25"};
  REQUIRE(ComputeWorld::Eventually([&] { return routed() == changed; }));
}

}  // namespace brume
