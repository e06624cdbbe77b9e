#include "lib/ec2/network/ipv6_ranges.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/quotas.h"
#include "lib/ec2/network/tables/interface_ipv6_table.h"
#include "lib/ec2/network/tables/network_acl_table.h"
#include "lib/ec2/network/tables/network_table.h"
#include "lib/ec2/network/tables/security_group_table.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/value_table.h"

namespace brume::network {
namespace {

constexpr char kPoolValue[] = "network.ipv6_pool";
constexpr int kPoolLength = 40, kVpcLength = 56, kSubnetLength = 64;
constexpr size_t kMaxIpv6Cidrs = 5;

// Of "10.0.0.0/8 in all directions" only what nobody changed: one rule, to everywhere.
absl::Status OpenGroups(store::Connection& connection, const VpcId& vpc, Random& random) {
  SecurityGroupTable groups(connection);
  ASSIGN_OR_RETURN(const std::vector<SecurityGroup> all, groups.List(vpc));
  for (const SecurityGroup& group : all) {
    ASSIGN_OR_RETURN(std::vector<SecurityGroupRule> rules, groups.ListRules(group.id));
    std::erase_if(rules, [](const SecurityGroupRule& rule) { return !rule.egress; });
    if (rules.size() != 1 || rules.front().protocol >= 0 || rules.front().cidr != Cidr{}) continue;
    RETURN_IF_ERROR(groups.InsertRule(EverywhereByIpv6(group.id, random)));
  }
  return absl::OkStatus();
}

absl::Status OpenDefaultAcl(store::Connection& connection, const VpcId& vpc) {
  NetworkAclTable acls(connection);
  ASSIGN_OR_RETURN(const std::optional<NetworkAcl> acl, acls.DefaultOf(vpc));
  if (!acl.has_value()) return absl::InternalError(absl::StrCat(vpc.text(), " has no default network ACL"));
  ASSIGN_OR_RETURN(const std::vector<NetworkAclEntry> entries, acls.ListEntries(acl->id));
  for (const bool egress : {false, true}) {
    const auto count = std::count_if(entries.begin(), entries.end(),
                                     [&](const NetworkAclEntry& entry) { return entry.egress == egress; });
    if (count != 1 || !AllowsEverything(entries)) continue;
    NetworkAclEntry entry;
    entry.acl_id = acl->id;
    entry.egress = egress;
    entry.number = kFirstAclEntry + 1;
    entry.allow = true;
    entry.cidr_ipv6 = CidrIpv6{};
    RETURN_IF_ERROR(acls.InsertEntry(entry));
  }
  return absl::OkStatus();
}

absl::Status NoIpv6(const Subnet& subnet) {
  return ec2::Error("InvalidParameterValue", absl::StrCat("The subnet '", subnet.id.text(),
                                                          "' has no IPv6 CIDR block: "
                                                          "AssociateSubnetCidrBlock gives it one"));
}

}  // namespace

absl::StatusOr<std::optional<CidrIpv6>> FindIpv6Pool(store::Connection& connection, const Settings& settings) {
  if (settings.ipv6_pool.has_value()) return settings.ipv6_pool;
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, store::ValueTable(connection).Get(kPoolValue));
  if (!kept.has_value()) return std::optional<CidrIpv6>();
  absl::StatusOr<CidrIpv6> pool = CidrIpv6::Parse(*kept);
  if (!pool.ok()) return absl::DataLossError(absl::StrCat("the value ", kPoolValue, " is no IPv6 range"));
  return std::optional<CidrIpv6>(*pool);
}

absl::StatusOr<CidrIpv6> Ipv6PoolOf(store::Connection& connection, const Settings& settings, Random& random) {
  ASSIGN_OR_RETURN(const std::optional<CidrIpv6> present, FindIpv6Pool(connection, settings));
  if (present.has_value()) return *present;
  // RFC 4193: fd, and 40 random bits, of which a /40 has 32.
  CidrIpv6 pool{.base = {0xfd}, .prefix_length = kPoolLength};
  const uint64_t bits = random.Next();
  for (int i = 1; i < kPoolLength / 8; ++i) pool.base[i] = static_cast<uint8_t>(bits >> (8 * i));
  RETURN_IF_ERROR(store::ValueTable(connection).Set(kPoolValue, pool.text()));
  log::Info("IPv6 ranges of VPCs are taken from {}", pool.text());
  return pool;
}

absl::StatusOr<VpcIpv6Cidr> InsertIpv6Range(store::Connection& connection, const VpcId& vpc, const Settings& settings,
                                            Random& random) {
  NetworkTable networks(connection);
  ASSIGN_OR_RETURN(const CidrIpv6 pool, Ipv6PoolOf(connection, settings, random));
  ASSIGN_OR_RETURN(const std::vector<VpcIpv6Cidr> all, networks.ListIpv6Cidrs(std::nullopt));
  std::set<CidrIpv6> taken;
  size_t own = 0;
  for (const VpcIpv6Cidr& range : all) {
    taken.insert(range.cidr);
    own += range.vpc_id == vpc ? 1 : 0;
  }
  if (own >= kMaxIpv6Cidrs) return QuotaReached("CidrLimitExceeded", "IPv6 ranges of a VPC", kMaxIpv6Cidrs);
  const uint64_t count = uint64_t{1} << (kVpcLength - pool.prefix_length);
  // The first is the host's own.
  const uint64_t start = count < 2 ? 0 : random.Below(count - 1);
  for (uint64_t i = 0; i + 1 < count && i <= taken.size(); ++i) {
    const CidrIpv6 candidate = pool.Part(kVpcLength, 1 + (start + i) % (count - 1));
    if (taken.contains(candidate)) continue;
    VpcIpv6Cidr made{.id = VpcCidrAssociationId::New(random), .vpc_id = vpc, .cidr = candidate};
    RETURN_IF_ERROR(networks.InsertIpv6Cidr(made));
    if (own > 0) return made;
    RETURN_IF_ERROR(OpenGroups(connection, vpc, random));
    RETURN_IF_ERROR(OpenDefaultAcl(connection, vpc));
    return made;
  }
  return ec2::Error("InsufficientFreeAddressesInSubnet",
                    absl::StrCat("The host's IPv6 range ", pool.text(), " has no /56 left"));
}

absl::StatusOr<std::vector<CidrIpv6>> Ipv6RangesOf(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::vector<VpcIpv6Cidr> rows, NetworkTable(connection).ListIpv6Cidrs(vpc));
  std::vector<CidrIpv6> ranges;
  ranges.reserve(rows.size());
  for (const VpcIpv6Cidr& row : rows) ranges.push_back(row.cidr);
  return ranges;
}

absl::Status CheckSubnetIpv6(store::Connection& connection, const VpcId& vpc, const CidrIpv6& cidr) {
  const auto bad = [&](const std::string& why) {
    return ec2::Error("InvalidSubnet.Range", absl::StrCat("The CIDR '", cidr.text(), "' is invalid: ", why));
  };
  if (cidr.prefix_length != kSubnetLength) return bad("an IPv6 range of a subnet is a /64");
  ASSIGN_OR_RETURN(const std::vector<CidrIpv6> ranges, Ipv6RangesOf(connection, vpc));
  if (std::none_of(ranges.begin(), ranges.end(), [&](const CidrIpv6& range) { return range.Contains(cidr); })) {
    const std::string has =
        absl::StrJoin(ranges, ", ", [](std::string* out, const CidrIpv6& range) { *out += range.text(); });
    return bad(absl::StrCat(vpc.text(), " has ", ranges.empty() ? "no IPv6 range" : has));
  }
  ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, NetworkTable(connection).ListSubnets(vpc));
  for (const Subnet& subnet : subnets) {
    if (subnet.cidr_ipv6 != cidr) continue;
    return ec2::Error("InvalidSubnet.Conflict",
                      absl::StrCat("The CIDR '", cidr.text(), "' conflicts with another subnet: ", subnet.id.text()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<CidrIpv6>> FreeSubnetIpv6(store::Connection& connection, const VpcId& vpc) {
  ASSIGN_OR_RETURN(const std::vector<CidrIpv6> ranges, Ipv6RangesOf(connection, vpc));
  ASSIGN_OR_RETURN(const std::vector<Subnet> subnets, NetworkTable(connection).ListSubnets(vpc));
  std::set<CidrIpv6> taken;
  for (const Subnet& subnet : subnets) {
    if (subnet.cidr_ipv6.has_value()) taken.insert(*subnet.cidr_ipv6);
  }
  for (const CidrIpv6& range : ranges) {
    for (uint64_t i = 0; i < uint64_t{1} << (kSubnetLength - range.prefix_length); ++i) {
      const CidrIpv6 part = range.Part(kSubnetLength, i);
      if (!taken.contains(part)) return std::optional<CidrIpv6>(part);
    }
  }
  return std::optional<CidrIpv6>();
}

absl::StatusOr<Ipv6> AllocateIpv6(store::Connection& connection, const Subnet& subnet, Random& random) {
  if (!subnet.cidr_ipv6.has_value()) return NoIpv6(subnet);
  InterfaceIpv6Table addresses(connection);
  absl::Status failed;
  const std::optional<Ipv6> address = ChooseAddress(*subnet.cidr_ipv6, random, [&](const Ipv6& candidate) {
    const absl::StatusOr<bool> taken = addresses.IsTaken(candidate);
    if (!taken.ok()) failed = taken.status();
    return !taken.ok() || !*taken;
  });
  RETURN_IF_ERROR(failed);
  if (address.has_value()) return *address;
  return ec2::Error("InsufficientFreeAddressesInSubnet",
                    absl::StrCat("The subnet '", subnet.id.text(), "' has no free IPv6 address left"));
}

absl::Status CheckIpv6(store::Connection& connection, const Subnet& subnet, const Ipv6& wanted) {
  if (!subnet.cidr_ipv6.has_value()) return NoIpv6(subnet);
  if (!subnet.cidr_ipv6->Contains(wanted)) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Address ", wanted.text(), " is not in the range ", subnet.cidr_ipv6->text(),
                                   " of subnet '", subnet.id.text(), "'"));
  }
  if (!IsAssignable(*subnet.cidr_ipv6, wanted)) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Address ", wanted.text(), " is reserved: the first four addresses of subnet '",
                                   subnet.id.text(), "' and its last are not given to instances"));
  }
  ASSIGN_OR_RETURN(const bool taken, InterfaceIpv6Table(connection).IsTaken(wanted));
  if (taken) return ec2::Error("InvalidIPAddress.InUse", absl::StrCat("Address ", wanted.text(), " is in use."));
  return absl::OkStatus();
}

}  // namespace brume::network
