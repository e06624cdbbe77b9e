#include "lib/ec2/network/network_reconciler.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "lib/base/failpoint.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/default_network.h"
#include "lib/ec2/network/dhcp_options_service.h"
#include "lib/ec2/network/ipv6_spec.h"
#include "lib/ec2/network/model/dns_names.h"
#include "lib/ec2/network/nat_gateway_service.h"
#include "lib/ec2/network/network_acl_service.h"
#include "lib/ec2/network/prefix_list_service.h"
#include "lib/ec2/network/route_service.h"
#include "lib/ec2/network/tables/flow_log_table.h"
#include "lib/ec2/network/tables/interface_ipv6_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/routing_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/ec2/network/vpc_endpoint_service.h"
#include "lib/ec2/network/vpc_links.h"
#include "lib/ec2/network/vpc_names.h"

namespace brume::network {
namespace {

// From the notification of a change to its inspection: what is done together has been done by then.
constexpr absl::Duration kGather = absl::Milliseconds(50);
// Sweeps are at most this far apart, or their period if that is longer.
constexpr absl::Duration kMaxSweepPeriod = absl::Seconds(5);
// Between audits, by the time one takes: with many VPCs it is done less often rather than for a larger part of a CPU.
constexpr int kSweepPause = 50, kChangePause = 10;
constexpr size_t kMaxRepairs = 20;

absl::StatusOr<GroupSpec> ReadGroup(store::Connection& connection, const SecurityGroup& group) {
  SecurityGroupTable groups(connection);
  GroupSpec spec{.group = group, .rules = {}, .members = {}};
  ASSIGN_OR_RETURN(const std::vector<SecurityGroupRule> rules, groups.ListRules(group.id));
  spec.rules = rules;
  // What is not about IPv4 must not be among these: a rule without an IPv4 range is one about every IPv4 address there.
  std::erase_if(spec.rules, [](const SecurityGroupRule& rule) { return !AppliesToIpv4(rule); });
  ASSIGN_OR_RETURN(spec.members, groups.MemberAddresses(group.id));
  std::set<PrefixListId> lists;
  for (const SecurityGroupRule& rule : spec.rules) {
    if (!rule.prefix_list.empty()) lists.insert(rule.prefix_list);
  }
  for (const PrefixListId& id : lists) {
    PrefixListSpec& list = spec.prefix_lists.emplace_back();
    list.id = id;
    ASSIGN_OR_RETURN(list.ranges, Ipv4RangesOf(connection, id));
  }
  ASSIGN_OR_RETURN(const std::vector<VpcIpv6Cidr> ipv6, NetworkTable(connection).ListIpv6Cidrs(group.vpc_id));
  if (!ipv6.empty()) RETURN_IF_ERROR(ReadIpv6Group(connection, rules, spec));
  return spec;
}

// The VPC's tables as the host carries them.
absl::StatusOr<std::vector<RouteTableSpec>> ReadTables(store::Connection& connection, const Vpc& vpc,
                                                       const std::vector<NatSpec>& nats,
                                                       const AttachedInstances& instances) {
  ASSIGN_OR_RETURN(const std::vector<RouteTableView> views, ReadRouteTables(connection, vpc, instances));
  std::vector<RouteTableSpec> tables;
  tables.reserve(views.size());
  for (const RouteTableView& view : views) {
    RouteTableSpec& table = tables.emplace_back();
    table.number = view.table.number;
    for (const RouteTableAssociation& association : view.associations) {
      if (association.is_main()) table.main = true;
      if (!association.is_main()) table.subnets.push_back(association.subnet_id);
    }
    ASSIGN_OR_RETURN(const std::vector<PlainRoute> routes, ExpandRoutes(connection, view));
    for (const auto& [destination, route] : routes) {
      RouteSpec& spec = table.routes.emplace_back();
      spec.destination = destination;
      if (!route.active) continue;
      const RouteGatewayId& gateway = route.target.gateway_id;
      if (gateway.is<InternetGatewayId>()) spec.way = RouteSpec::Way::kGateway;
      if (gateway.is<VpcPeeringConnectionId>()) {
        spec.way = RouteSpec::Way::kPeer;
        spec.peering = gateway.as<VpcPeeringConnectionId>();
      }
      for (const NatSpec& nat : nats) {
        if (gateway == RouteGatewayId(nat.id)) spec.nat = nat.number;
      }
      if (!gateway.empty()) continue;
      ASSIGN_OR_RETURN(const NetworkInterface eni, NetworkTable(connection).GetInterface(route.target.eni_id));
      // One without IPv4 hears nothing of it.
      if (eni.ipv6_native()) continue;
      spec.way = RouteSpec::Way::kPort;
      spec.tap = TapName(eni.id);
      spec.address = *eni.private_ip;
    }
  }
  LeadThroughNats(tables, nats);
  return tables;
}

// Those of the VPC's ACLs that packets have to be asked about.
absl::StatusOr<std::vector<AclSpec>> ReadAclSpecs(store::Connection& connection, const VpcId& vpc, bool ipv6) {
  ASSIGN_OR_RETURN(std::vector<NetworkAclView> views, ReadAcls(connection, vpc));
  std::vector<AclSpec> acls;
  for (NetworkAclView& view : views) {
    const bool opens = AllowsEverything(view.entries) && (!ipv6 || AllowsEverything(view.entries, /*ipv6=*/true));
    if (view.associations.empty() || opens) continue;
    AclSpec& acl = acls.emplace_back();
    for (NetworkAclAssociation& association : view.associations)
      acl.subnets.push_back(std::move(association.subnet_id));
    acl.entries = std::move(view.entries);
  }
  return acls;
}

// Interfaces whose instance has, or is about to have, a guest.
absl::StatusOr<std::vector<NetworkInterface>> LiveInterfaces(store::Connection& connection, const VpcId& vpc,
                                                             const AttachedInstances& instances) {
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> interfaces, NetworkTable(connection).ListInterfaces(vpc));
  ASSIGN_OR_RETURN(const std::vector<InstanceId> ids, instances.list_live(connection));
  const absl::flat_hash_set<InstanceId> live(ids.begin(), ids.end());
  std::erase_if(interfaces, [&](const NetworkInterface& eni) { return !live.contains(eni.instance_id); });
  return interfaces;
}

}  // namespace

NetworkReconciler::NetworkReconciler(store::Database& database, const Clock& clock, Fabric& fabric,
                                     const Settings& settings, NetworkReconcilerHooks hooks,
                                     absl::Duration sweep_period)
    : database_(database),
      clock_(clock),
      fabric_(fabric),
      settings_(settings),
      hooks_(std::move(hooks)),
      sweep_period_(sweep_period),
      loop_({.name = "network", .threads = 2}, [this](const Key& key) { return Reconcile(key); }),
      audit_([this] { return Audit(); }) {}

void NetworkReconciler::Start() {
  loop_.Start();
  loop_.Wake(Sweep());
  audit_.Start();
  fabric_.ListenForChanges([this](const FabricPart& part) {
    {
      MutexLock lock(mutex_);
      changed_.insert(part);
    }
    audit_.Wake();
  });
}

void NetworkReconciler::Stop() {
  fabric_.ListenForChanges(nullptr);
  audit_.Stop();
  loop_.Stop();
}

std::vector<Repair> NetworkReconciler::Repairs() const {
  MutexLock lock(mutex_);
  return {repairs_.begin(), repairs_.end()};
}

absl::Duration NetworkReconciler::Audit() {
  using Steady = std::chrono::steady_clock;
  const bool sweep = Steady::now() >= next_sweep_;
  if (!sweep && !audit_.Sleep(kGather)) return absl::InfiniteDuration();
  const std::vector<FabricPart> changed = TakeChanged();
  const Steady::time_point start = Steady::now();
  AuditParts(sweep ? fabric_.Parts() : changed, sweep);
  const absl::Duration cost = absl::FromChrono(Steady::now() - start);
  if (sweep) {
    const absl::Duration max_period = std::max(sweep_period_, kMaxSweepPeriod);
    next_sweep_ = Steady::now() + absl::ToChronoNanoseconds(std::clamp(cost * kSweepPause, sweep_period_, max_period));
  } else if (!audit_.Sleep(std::min(cost * kChangePause, sweep_period_))) {
    return absl::InfiniteDuration();
  }
  return std::max(absl::FromChrono(next_sweep_ - Steady::now()), absl::ZeroDuration());
}

std::vector<FabricPart> NetworkReconciler::TakeChanged() {
  MutexLock lock(mutex_);
  const std::set<FabricPart> changed = std::exchange(changed_, {});
  return {changed.begin(), changed.end()};
}

void NetworkReconciler::AuditParts(const std::vector<FabricPart>& parts, bool sweep) {
  bool host_damaged = false;
  std::set<std::string> places;
  for (const FabricPart& part : parts) {
    absl::StatusOr<std::vector<Damage>> damages = fabric_.InspectPart(part);
    // An audit that cannot see is a damage like others: logged once, until it is past.
    if (!damages.ok()) {
      damages = std::vector<Damage>{{.vpc = part,
                                     .what = absl::StrCat("cannot be inspected: ", damages.status().message()),
                                     .repairable = false}};
    }
    const std::string place = part.has_value() ? part->text() : "host";
    places.insert(place);
    host_damaged |= WakeDamaged(place, *damages, sweep);
  }
  if (sweep) {
    // No kernel tells of these.
    constexpr char kListeners[] = "listeners";
    places.insert(kListeners);
    host_damaged |= WakeDamaged(kListeners, FindDeafVpcs(), sweep);
    std::erase_if(known_damages_, [&](const auto& each) { return !places.contains(each.first); });
  }
  if (!host_damaged) return;
  const absl::Status restored = fabric_.SyncHost();
  if (!restored.ok()) log::Error("the host's part of the network cannot be made again: {}", restored.message());
}

bool NetworkReconciler::WakeDamaged(const std::string& place, const std::vector<Damage>& damages, bool sweep) {
  std::set<std::string>& known = known_damages_[place];
  std::set<std::string> found;
  bool host_damaged = false;
  for (const Damage& damage : damages) {
    const std::string text = damage.text();
    found.insert(text);
    const bool is_new = !known.contains(text);
    if (is_new) NoteRepair(damage);
    if (!damage.repairable || (!is_new && !sweep)) continue;
    if (damage.vpc.has_value()) WakeVpc(*damage.vpc);
    host_damaged |= !damage.vpc.has_value();
  }
  known = std::move(found);
  return host_damaged;
}

void NetworkReconciler::NoteRepair(const Damage& damage) {
  log::Warn("network of {}{}", damage.text(), damage.repairable ? "; it is made again" : "");
  if (!damage.repairable) return;
  MutexLock lock(mutex_);
  repairs_.push_back({absl::Now(), damage.text()});
  if (repairs_.size() > kMaxRepairs) repairs_.pop_front();
}

std::vector<Damage> NetworkReconciler::FindDeafVpcs() {
  std::vector<Damage> damages;
  std::vector<VpcId> vpcs;
  {
    MutexLock lock(mutex_);
    for (const auto& [vpc, guard] : guards_) vpcs.push_back(vpc);
  }
  for (const VpcId& vpc : vpcs) FindUnserved(vpc, damages);
  return damages;
}

void NetworkReconciler::FindUnserved(const VpcId& vpc, std::vector<Damage>& damages) const {
  if (hooks_.is_vpc_ready != nullptr && !hooks_.is_vpc_ready(vpc)) {
    damages.push_back({.vpc = vpc, .what = "its metadata service does not listen"});
  }
  if (hooks_.are_endpoints_served != nullptr && !hooks_.are_endpoints_served(vpc)) {
    damages.push_back({.vpc = vpc, .what = "a VPC endpoint of it does not listen"});
  }
}

void NetworkReconciler::WakeVpc(const VpcId& id) { loop_.Wake(id); }

void NetworkReconciler::WakeGroup(const VpcId& vpc, const SecurityGroupId& group) { loop_.Wake(GroupKey{vpc, group}); }

void NetworkReconciler::WakeMembers(const VpcId& vpc, const SecurityGroupId& group) {
  loop_.Wake(MembersKey{vpc, group});
}

void NetworkReconciler::WakePrefixListUsers(const PrefixListId& list, const PrefixListUsers& users) {
  for (const VpcId& vpc : users.by_rules) loop_.Wake(PrefixListKey{vpc, list});
  for (const VpcId& vpc : users.by_routes) WakeVpc(vpc);
}

void NetworkReconciler::WakePort(const VpcId& vpc, const EniId& eni) { loop_.Wake(PortKey{vpc, eni}); }

std::shared_ptr<NetworkReconciler::VpcGuard> NetworkReconciler::GuardOf(const VpcId& id) {
  MutexLock lock(mutex_);
  std::shared_ptr<VpcGuard>& guard = guards_[id];
  if (guard == nullptr) guard = std::make_shared<VpcGuard>();
  return guard;
}

absl::Status NetworkReconciler::WakeAll() {
  return database_.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<Vpc> vpcs, NetworkTable(c).ListVpcs());
    for (const Vpc& vpc : vpcs) WakeVpc(vpc.id);
    ASSIGN_OR_RETURN(const std::vector<VpcId> former, NetworkTable(c).ListFormerVpcs());
    for (const VpcId& id : former) WakeVpc(id);
    return absl::OkStatus();
  });
}

absl::StatusOr<absl::Duration> NetworkReconciler::Reconcile(const Key& key) {
  if (const VpcId* const vpc = std::get_if<VpcId>(&key)) {
    RETURN_IF_ERROR(SyncVpc(*vpc));
  } else if (const GroupKey* const group = std::get_if<GroupKey>(&key)) {
    RETURN_IF_ERROR(SyncGroup(group->vpc, group->group));
  } else if (const MembersKey* const members = std::get_if<MembersKey>(&key)) {
    RETURN_IF_ERROR(SyncMembers(members->vpc, members->group));
  } else if (const PrefixListKey* const list = std::get_if<PrefixListKey>(&key)) {
    RETURN_IF_ERROR(SyncPrefixList(list->vpc, list->list));
  } else if (const PortKey* const port = std::get_if<PortKey>(&key)) {
    RETURN_IF_ERROR(SyncPort(port->vpc, port->eni));
  } else if (const PeerNamesKey* const names = std::get_if<PeerNamesKey>(&key)) {
    RETURN_IF_ERROR(SyncPeerNames(names->vpc));
  } else if (const InstanceId* const instance = std::get_if<InstanceId>(&key)) {
    RETURN_IF_ERROR(SyncInstance(*instance));
  } else {
    RETURN_IF_ERROR(WakeAll());
  }
  return absl::InfiniteDuration();
}

absl::StatusOr<VpcSpec> NetworkReconciler::ReadVpc(const VpcId& id) {
  VpcSpec spec;
  spec.domain = PrivateDomain(settings_);
  spec.public_domain = PublicDomain(settings_.region);
  spec.tag_domain = settings_.name_tag_domain;
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
    NetworkTable networks(c);
    ASSIGN_OR_RETURN(spec.vpc, networks.GetVpc(id));
    ASSIGN_OR_RETURN(spec.ranges, RangesOf(c, spec.vpc));
    ASSIGN_OR_RETURN(spec.subnets, networks.ListSubnets(id));
    ASSIGN_OR_RETURN(const std::optional<InternetGateway> gateway, RoutingTable(c).GatewayOf(id));
    spec.has_gateway = gateway.has_value();
    ASSIGN_OR_RETURN(spec.nats, ReadNatSpecs(c, id));
    ASSIGN_OR_RETURN(spec.endpoints, ReadEndpointSpecs(c, spec.vpc, settings_.region));
    ASSIGN_OR_RETURN(spec.peerings, ReadPeeringSpecs(c, id));
    ASSIGN_OR_RETURN(spec.tables, ReadTables(c, spec.vpc, spec.nats, hooks_.instances));
    ASSIGN_OR_RETURN(spec.ipv6, ReadIpv6Spec(c, spec.vpc, settings_, spec.peerings, hooks_.instances));
    ASSIGN_OR_RETURN(spec.acls, ReadAclSpecs(c, id, spec.ipv6.on()));
    ASSIGN_OR_RETURN(const std::vector<SecurityGroup> groups, SecurityGroupTable(c).List(id));
    for (const SecurityGroup& group : groups) {
      ASSIGN_OR_RETURN(GroupSpec group_spec, ReadGroup(c, group));
      spec.groups.push_back(std::move(group_spec));
    }
    ASSIGN_OR_RETURN(std::vector<GroupSpec> of_peers, ReadPeerGroups(c, id, spec.peerings));
    std::move(of_peers.begin(), of_peers.end(), std::back_inserter(spec.groups));
    ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, LiveInterfaces(c, id, hooks_.instances));
    ASSIGN_OR_RETURN(const std::vector<FlowLog> logs, FlowLogsIn(c, id));
    spec.flow_logs = !logs.empty();
    for (const NetworkInterface& eni : interfaces) {
      ASSIGN_OR_RETURN(spec.ports.emplace_back(), PortOf(c, eni, logs));
    }
    ASSIGN_OR_RETURN(spec.dhcp, ReadDhcpLease(c, spec.vpc));
    ASSIGN_OR_RETURN(spec.reverse_names, ReadReverseNames(c));
    return absl::OkStatus();
  }));
  return spec;
}

absl::StatusOr<std::vector<VpcSpec>> NetworkReconciler::ReadSpecs() {
  ASSIGN_OR_RETURN(const std::vector<Vpc> vpcs,
                   database_.ReadFor([](store::Connection& c) { return NetworkTable(c).ListVpcs(); }));
  std::vector<VpcSpec> specs;
  for (const Vpc& vpc : vpcs) {
    absl::StatusOr<VpcSpec> spec = ReadVpc(vpc.id);
    if (absl::IsNotFound(spec.status())) continue;  // deleted at this moment
    ASSIGN_OR_RETURN(specs.emplace_back(), std::move(spec));
  }
  return specs;
}

absl::Status NetworkReconciler::SyncVpc(const VpcId& id) {
  VpcSpec spec;
  bool first = false;
  {
    const std::shared_ptr<VpcGuard> guard = GuardOf(id);
    WriterLock lock(guard->mutex);
    absl::StatusOr<VpcSpec> read = ReadVpc(id);
    if (absl::IsNotFound(read.status())) {
      // Something that it names may be missing, which is no reason to take it away.
      const absl::StatusOr<Vpc> row =
          database_.ReadFor([&](store::Connection& c) { return NetworkTable(c).GetVpc(id); });
      if (!absl::IsNotFound(row.status())) return absl::InternalError(read.status().message());
      guard->ready = false;
      return RemoveVpc(id);
    }
    ASSIGN_OR_RETURN(spec, std::move(read));
    RETURN_IF_ERROR(Failpoint("network.before_sync"));
    RETURN_IF_ERROR(fabric_.SyncVpc(spec));
    first = !std::exchange(guard->ready, true);
  }
  // Those that are new answer before they are reported available, and those that are gone do so no more.
  if (hooks_.serve_endpoints != nullptr) RETURN_IF_ERROR(hooks_.serve_endpoints(id, spec.endpoints));
  RETURN_IF_ERROR(Failpoint("network.before_settle"));
  RETURN_IF_ERROR(Settle(spec));
  // A peer that was there before this VPC had a namespace has no link to it yet.
  for (const PeeringSpec& peering : spec.peerings) {
    if (first) WakeVpc(peering.other);
  }
  RETURN_IF_ERROR(WakePeers(id));
  loop_.Wake(PeerNamesKey{id});
  log::Info("network {} is in place: {} groups, {} ports", id.text(), spec.groups.size(), spec.ports.size());
  return hooks_.on_vpc_ready(spec.vpc);
}

absl::Status NetworkReconciler::Settle(const VpcSpec& spec) {
  const VpcId& vpc = spec.vpc.id;
  std::set<NatGatewayId> nats;
  for (const NatSpec& nat : spec.nats) nats.insert(nat.id);
  std::set<EniId> endpoints;
  for (const EndpointSpec& endpoint : spec.endpoints) endpoints.insert(endpoint.eni_id);
  ASSIGN_OR_RETURN(const bool unsettled, database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const bool unsettled_nats, HasUnsettledNatGateways(c, vpc));
    if (unsettled_nats) return true;
    return HasUnsettledVpcEndpoints(c, vpc);
  }));
  if (!unsettled) return absl::OkStatus();
  return database_.Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(SettleNatGateways(c, vpc, nats, clock_.Now()));
    return SettleVpcEndpoints(c, vpc, endpoints);
  });
}

absl::Status NetworkReconciler::WakePeers(const VpcId& id) {
  return database_.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const auto namers, SecurityGroupTable(c).ListNamers(id));
    for (const auto& [vpc, group] : namers) WakeGroup(vpc, group);
    ASSIGN_OR_RETURN(const std::vector<VpcId> peers, ListPeersKnowingNames(c, id));
    for (const VpcId& vpc : peers) loop_.Wake(PeerNamesKey{vpc});
    return absl::OkStatus();
  });
}

absl::Status NetworkReconciler::RemoveVpc(const VpcId& id) {
  RETURN_IF_ERROR(fabric_.RemoveVpc(id));
  if (hooks_.on_vpc_gone != nullptr) hooks_.on_vpc_gone(id);
  RETURN_IF_ERROR(Failpoint("network.before_forget"));
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) { return NetworkTable(c).DeleteFormerVpc(id); }));
  {
    MutexLock lock(mutex_);
    guards_.erase(id);
  }
  log::Info("network {} is gone", id.text());
  return absl::OkStatus();
}

absl::Status NetworkReconciler::SyncGroup(const VpcId& vpc, const SecurityGroupId& group) {
  const std::shared_ptr<VpcGuard> guard = GuardOf(vpc);
  WriterLock lock(guard->mutex);
  if (!guard->ready) return absl::OkStatus();  // the sync to come reads the same rows
  std::optional<GroupSpec> spec;
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
    const absl::StatusOr<SecurityGroup> row = SecurityGroupTable(c).Get(group);
    if (absl::IsNotFound(row.status())) return absl::OkStatus();
    RETURN_IF_ERROR(row.status());
    if (row->vpc_id == vpc) {
      ASSIGN_OR_RETURN(spec, ReadGroup(c, *row));
      return absl::OkStatus();
    }
    // A peer's, of which rules here name the members.
    ASSIGN_OR_RETURN(const std::vector<PeeringSpec> peerings, ReadPeeringSpecs(c, vpc));
    ASSIGN_OR_RETURN(const std::vector<GroupSpec> of_peers, ReadPeerGroups(c, vpc, peerings));
    for (const GroupSpec& each : of_peers) {
      if (each.group.id == group) spec = each;
    }
    return absl::OkStatus();
  }));
  return spec ? fabric_.ApplyGroup(*spec) : fabric_.RemoveGroup(vpc, group);
}

absl::Status NetworkReconciler::SyncMembers(const VpcId& vpc, const SecurityGroupId& group) {
  absl::Status applied;
  {
    const std::shared_ptr<VpcGuard> guard = GuardOf(vpc);
    WriterLock lock(guard->mutex);
    if (!guard->ready) return absl::OkStatus();  // the sync to come reads the same rows
    GroupMembers members{.vpc = vpc, .group = group, .members = {}};
    RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
      ASSIGN_OR_RETURN(members.members, SecurityGroupTable(c).MemberAddresses(group));
      ASSIGN_OR_RETURN(const std::vector<VpcIpv6Cidr> ipv6, NetworkTable(c).ListIpv6Cidrs(vpc));
      if (ipv6.empty()) return absl::OkStatus();
      ASSIGN_OR_RETURN(members.ipv6_members, InterfaceIpv6Table(c).MembersOf(group));
      return absl::OkStatus();
    }));
    applied = fabric_.ApplyMembers(members);
  }
  // New, or deleted meanwhile.
  if (absl::IsNotFound(applied)) return SyncGroup(vpc, group);
  RETURN_IF_ERROR(applied);
  return WakePeers(vpc);
}

absl::Status NetworkReconciler::SyncPrefixList(const VpcId& vpc, const PrefixListId& list) {
  const std::shared_ptr<VpcGuard> guard = GuardOf(vpc);
  WriterLock lock(guard->mutex);
  if (!guard->ready) return absl::OkStatus();  // the sync to come reads the same rows
  PrefixListSpec spec{.id = list, .ranges = {}};
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(spec.ranges, Ipv4RangesOf(c, list));
    ASSIGN_OR_RETURN(spec.ipv6_ranges, ListIpv6RangesOf(c, list));
    return absl::OkStatus();
  }));
  return fabric_.ApplyPrefixList(vpc, spec);
}

absl::Status NetworkReconciler::SyncPort(const VpcId& vpc, const EniId& id) {
  const std::shared_ptr<VpcGuard> guard = GuardOf(vpc);
  WriterLock lock(guard->mutex);
  if (!guard->ready) return absl::OkStatus();  // the sync to come reads the same rows
  std::optional<NetworkInterface> live;
  RETURN_IF_ERROR(database_.Read([&](store::Connection& c) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<NetworkInterface> all, LiveInterfaces(c, vpc, hooks_.instances));
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& eni) { return eni.id == id; });
    if (found != all.end()) live = *found;
    return absl::OkStatus();
  }));
  if (!live.has_value()) return absl::OkStatus();
  // One whose guest is still being made has no tap here yet, and its maker may have read it before: asked again until
  // it has.
  ASSIGN_OR_RETURN(const PortSpec port, ReadPort(*live));
  RETURN_IF_ERROR(fabric_.PlugPort(port));
  return WakePeers(vpc);
}

absl::Status NetworkReconciler::SyncPeerNames(const VpcId& vpc) {
  std::shared_ptr<VpcGuard> guard;
  {
    // A VPC that has gone meanwhile gets no guard again.
    MutexLock lock(mutex_);
    if (const auto found = guards_.find(vpc); found != guards_.end()) guard = found->second;
  }
  if (guard == nullptr) return absl::OkStatus();
  WriterLock lock(guard->mutex);
  if (!guard->ready) return absl::OkStatus();  // the sync to come wakes this again
  ASSIGN_OR_RETURN(const std::vector<VpcId> peers,
                   database_.ReadFor([&](store::Connection& c) { return ListNamingPeers(c, vpc); }));
  std::vector<PublicName> names;
  for (const VpcId& peer : peers) {
    const absl::StatusOr<std::vector<PublicName>> of_peer = fabric_.PublicNames(peer);
    // Its first sync wakes this again.
    if (absl::IsNotFound(of_peer.status()) || absl::IsFailedPrecondition(of_peer.status())) continue;
    RETURN_IF_ERROR(of_peer.status());
    names.insert(names.end(), of_peer->begin(), of_peer->end());
  }
  return fabric_.SetPeerNames(vpc, names);
}

absl::Status NetworkReconciler::SyncInstance(const InstanceId& id) {
  ASSIGN_OR_RETURN(const std::vector<NetworkInterface> interfaces, database_.ReadFor([&](store::Connection& c) {
    return NetworkTable(c).ListInterfacesOf({&id, 1});
  }));
  for (const NetworkInterface& eni : interfaces) WakePort(eni.vpc_id, eni.id);
  return absl::OkStatus();
}

void NetworkReconciler::WakeTagged(const std::vector<std::string>& resource_ids) {
  if (settings_.name_tag_domain.empty()) return;
  for (const std::string& text : resource_ids) {
    const absl::StatusOr<InstanceId> id = InstanceId::Parse(text);
    if (id.ok()) loop_.Wake(*id);
  }
}

absl::StatusOr<PortSpec> NetworkReconciler::ReadPort(const NetworkInterface& eni) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<PortSpec> {
    ASSIGN_OR_RETURN(const std::vector<FlowLog> logs, FlowLogTable(c).List());
    return PortOf(c, eni, logs);
  });
}

absl::StatusOr<PortSpec> NetworkReconciler::PortOf(store::Connection& connection, const NetworkInterface& eni,
                                                   const std::vector<FlowLog>& logs) const {
  ASSIGN_OR_RETURN(PortSpec port, ReadPortSpec(connection, eni, settings_));
  port.flow_logging = LoggingOf(eni, logs);
  if (hooks_.instances.shape_of == nullptr || eni.instance_id.empty()) return port;
  ASSIGN_OR_RETURN(port.shape, hooks_.instances.shape_of(connection, eni.instance_id));
  return port;
}

absl::Status NetworkReconciler::PreparePort(const NetworkInterface& eni) {
  const std::shared_ptr<VpcGuard> guard = GuardOf(eni.vpc_id);
  ReaderLock lock(guard->mutex);
  if (!guard->ready)
    return absl::UnavailableError(absl::StrCat("the network of ", eni.vpc_id.text(), " is not up yet"));
  ASSIGN_OR_RETURN(const PortSpec port, ReadPort(eni));
  return fabric_.PreparePort(port);
}

absl::Status NetworkReconciler::PlugPort(const NetworkInterface& eni) {
  const std::shared_ptr<VpcGuard> guard = GuardOf(eni.vpc_id);
  ReaderLock lock(guard->mutex);
  if (!guard->ready)
    return absl::UnavailableError(absl::StrCat("the network of ", eni.vpc_id.text(), " is not up yet"));
  ASSIGN_OR_RETURN(const PortSpec port, ReadPort(eni));
  RETURN_IF_ERROR(fabric_.PlugPort(port));
  return WakePeers(eni.vpc_id);
}

absl::Status NetworkReconciler::UnplugPort(const NetworkInterface& eni) {
  const std::shared_ptr<VpcGuard> guard = GuardOf(eni.vpc_id);
  ReaderLock lock(guard->mutex);
  RETURN_IF_ERROR(fabric_.UnplugPort(eni));
  return WakePeers(eni.vpc_id);
}

}  // namespace brume::network
