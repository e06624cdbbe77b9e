#include "lib/ec2/network/tables/network_table.h"

#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/network/tables/interface_address_table.h"
#include "lib/ec2/network/tables/interface_ipv6_table.h"
#include "lib/ec2/network/tables/ipv6_text.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& Vpcs() {
  static const auto table = store::DescribeTable<Vpc>(
      "vpcs", "VPC", store::Key("id", &Vpc::id), store::Fixed("cidr_base", &Vpc::cidr, &Cidr::base),
      store::Fixed("prefix_length", &Vpc::cidr, &Cidr::prefix_length), store::Fixed("is_default", &Vpc::is_default),
      store::Column("dns_support", &Vpc::attributes, &VpcAttributes::dns_support),
      store::Column("dns_hostnames", &Vpc::attributes, &VpcAttributes::dns_hostnames),
      store::Column("address_usage_metrics", &Vpc::attributes, &VpcAttributes::address_usage_metrics),
      store::Column("dhcp_options_id", &Vpc::dhcp_options_id), store::Unmapped("seq"));
  return table;
}

struct FormerVpc {
  VpcId id;
};
const auto& FormerVpcs() {
  static const auto table =
      store::DescribeTable<FormerVpc>("former_vpcs", "former VPC", store::Key("id", &FormerVpc::id));
  return table;
}

const auto& VpcCidrs() {
  static const auto table = store::DescribeTable<VpcCidr>(
      "vpc_cidrs", "range of the VPC", store::Key("id", &VpcCidr::id), store::Fixed("vpc_id", &VpcCidr::vpc_id),
      store::Fixed("cidr_base", &VpcCidr::cidr, &Cidr::base),
      store::Fixed("prefix_length", &VpcCidr::cidr, &Cidr::prefix_length), store::Unmapped("seq"));
  return table;
}

const auto& VpcIpv6Cidrs() {
  static const auto table = store::DescribeTable<VpcIpv6Cidr>(
      "vpc_ipv6_cidrs", "range of the VPC", store::Key("id", &VpcIpv6Cidr::id),
      store::Fixed("vpc_id", &VpcIpv6Cidr::vpc_id), store::FixedEncoded<Ipv6Text<CidrIpv6>>("cidr", &VpcIpv6Cidr::cidr),
      store::Unmapped("seq"));
  return table;
}

// '' where there is none.
struct OptionalCidrText {
  static std::string ToStore(const std::optional<Cidr>& value) { return value.has_value() ? value->text() : ""; }
  static absl::Status FromStore(const std::string& text, std::optional<Cidr>& value) {
    value.reset();
    if (text.empty()) return absl::OkStatus();
    const absl::StatusOr<Cidr> parsed = Cidr::Parse(text);
    if (!parsed.ok()) return absl::DataLossError("not a range");
    value = *parsed;
    return absl::OkStatus();
  }
};

const auto& Subnets() {
  static const auto table = store::DescribeTable<Subnet>(
      "subnets", "subnet", store::Key("id", &Subnet::id), store::Fixed("vpc_id", &Subnet::vpc_id),
      store::FixedEncoded<OptionalCidrText>("cidr", &Subnet::cidr),
      store::Fixed("availability_zone", &Subnet::availability_zone),
      store::Fixed("default_for_az", &Subnet::default_for_az),
      store::Column("map_public_ip_on_launch", &Subnet::map_public_ip_on_launch),
      store::Column("resource_name", &Subnet::dns_name_options, &PrivateDnsNameOptions::hostname_type),
      store::Column("dns_a_record", &Subnet::dns_name_options, &PrivateDnsNameOptions::a_record),
      store::Column("dns_aaaa_record", &Subnet::dns_name_options, &PrivateDnsNameOptions::aaaa_record),
      store::Encoded<OptionalIpv6Text>("cidr_ipv6", &Subnet::cidr_ipv6),
      store::Column("ipv6_association_id", &Subnet::ipv6_association_id),
      store::Column("assign_ipv6_on_creation", &Subnet::assign_ipv6_on_creation), store::Unmapped("seq"));
  return table;
}

// All of an interface but its groups, which are rows of their own.
const auto& InterfaceRows() {
  using Eni = NetworkInterface;
  static const auto table = store::DescribeTable<Eni>(
      "network_interfaces", "network interface", store::Key("id", &Eni::id), store::Version(&Eni::version),
      store::Column("vpc_id", &Eni::vpc_id), store::Column("subnet_id", &Eni::subnet_id),
      store::Fixed("type", &Eni::type), store::Fixed("requester_id", &Eni::requester_id),
      store::Column("attachment_state", &Eni::attachment_state), store::Column("instance_id", &Eni::instance_id),
      store::Column("device_index", &Eni::device_index), store::Column("attachment_id", &Eni::attachment_id),
      store::Column("attach_time", &Eni::attach_time),
      store::Column("delete_on_termination", &Eni::delete_on_termination),
      store::Column("source_dest_check", &Eni::source_dest_check), store::Column("description", &Eni::description),
      store::Column("mac", &Eni::mac), store::Column("private_ip", &Eni::private_ip),
      store::Column("public_ip", &Eni::public_ip), store::Column("auto_public_ip", &Eni::auto_public_ip),
      store::Column("primary_ipv6", &Eni::primary_ipv6),
      store::Column("resource_name", &Eni::dns_name_options, &PrivateDnsNameOptions::hostname_type),
      store::Column("dns_a_record", &Eni::dns_name_options, &PrivateDnsNameOptions::a_record),
      store::Column("dns_aaaa_record", &Eni::dns_name_options, &PrivateDnsNameOptions::aaaa_record),
      store::Column("tcp_established_timeout", &Eni::tracking, &ConnectionTracking::tcp_established_timeout),
      store::Column("udp_stream_timeout", &Eni::tracking, &ConnectionTracking::udp_stream_timeout),
      store::Column("udp_timeout", &Eni::tracking, &ConnectionTracking::udp_timeout),
      store::Fixed("client_token", &Eni::client_token), store::Fixed("parameters_digest", &Eni::parameters_digest),
      store::Unmapped("seq"));
  return table;
}

// One of an interface's groups, in the order they were given.
struct GroupRow {
  EniId eni_id;
  int position = 0;
  SecurityGroupId group_id;
};
const auto& InterfaceGroups() {
  static const auto table = store::DescribeTable<GroupRow>(
      "interface_groups", "security group of the network interface", store::Key("eni_id", &GroupRow::eni_id),
      store::Key("position", &GroupRow::position), store::Fixed("group_id", &GroupRow::group_id));
  return table;
}

// As Table::Set, of several columns: "vpcs SET dns_support = ?".
template <typename IdType, typename... Values>
absl::Status SetColumns(store::Connection& connection, absl::string_view table_and_columns, const IdType& id,
                        const Values&... values) {
  RETURN_IF_ERROR(connection.Run(absl::StrCat("UPDATE ", table_and_columns, " WHERE id = ?"), values..., id));
  return connection.changed_rows() == 0 ? id.NotFound() : absl::OkStatus();
}

bool ReadBool(store::Row& row) {
  bool value = false;
  row.Read(value);
  return value;
}

absl::Status InsertGroups(store::Connection& connection, const EniId& id, absl::Span<const SecurityGroupId> groups) {
  int position = 0;
  for (const SecurityGroupId& group : groups) {
    RETURN_IF_ERROR(InterfaceGroups().Insert(connection, {id, position++, group}));
  }
  return absl::OkStatus();
}

// Fills the groups of all with one statement. `ids`: theirs, as JSON, in this order.
absl::Status LoadGroups(store::Connection& connection, const std::string& ids,
                        std::vector<NetworkInterface>& interfaces) {
  return connection.Query(
      "SELECT wanted.key, group_id FROM json_each(?) AS wanted CROSS JOIN interface_groups ON eni_id = wanted.value "
      "ORDER BY wanted.key, position",
      [&](store::Row& row) {
        int64_t index = 0;
        SecurityGroupId group;
        row.Read(index, group);
        interfaces[static_cast<size_t>(index)].groups.push_back(std::move(group));
      },
      ids);
}

// Of the public addresses: which have a name, as their VPC gives them, and which are elastic.
absl::Status LoadPublicFacts(store::Connection& connection, std::vector<NetworkInterface>& interfaces) {
  absl::flat_hash_map<EniId, NetworkInterface*> by_id;
  std::vector<EniId> ids;
  for (NetworkInterface& eni : interfaces) {
    if (PublicAddresses(eni).empty()) continue;
    by_id[eni.id] = &eni;
    ids.push_back(eni.id);
  }
  if (ids.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Vpc> nameless,
                   Vpcs().Select(connection, "vpcs WHERE dns_hostnames = 0 OR dns_support = 0"));
  absl::flat_hash_set<VpcId> without;
  for (const Vpc& vpc : nameless) without.insert(vpc.id);
  for (const auto& [id, eni] : by_id) eni->public_name = !without.contains(eni->vpc_id);
  return connection.Query(
      "SELECT eni_id, private_ip, allocation_id, address_associations.id FROM json_each(?) AS wanted "
      "CROSS JOIN address_associations ON eni_id = wanted.value",
      [&](store::Row& row) {
        EniId id;
        Ipv4 private_ip;
        AllocationId allocation;
        AddressAssociationId association;
        row.Read(id, private_ip, allocation, association);
        NetworkInterface& eni = *by_id[id];
        if (private_ip == eni.private_ip) {
          std::tie(eni.allocation_id, eni.association_id) = std::tie(allocation, association);
        }
        for (SecondaryAddress& address : eni.secondary) {
          if (private_ip != address.private_ip) continue;
          std::tie(address.allocation_id, address.association_id) = std::tie(allocation, association);
        }
      },
      store::JsonArrayOfIds(ids));
}

template <typename... Args>
absl::StatusOr<std::vector<NetworkInterface>> Interfaces(store::Connection& connection, absl::string_view from_and_rest,
                                                         const Args&... args) {
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> all, InterfaceRows().Select(connection, from_and_rest, args...));
  if (all.empty()) return all;
  store::JsonTexts json(all.size());
  for (const NetworkInterface& eni : all) json.Add(eni.id.text());
  const std::string ids = std::move(json).Finish();
  RETURN_IF_ERROR(LoadGroups(connection, ids, all));
  RETURN_IF_ERROR(InterfaceAddressTable(connection).Load(ids, all));
  RETURN_IF_ERROR(InterfaceIpv6Table(connection).Load(ids, all));
  RETURN_IF_ERROR(LoadPublicFacts(connection, all));
  return all;
}

}  // namespace

absl::Status AddressInUse(Ipv4 address) {
  return ec2::Error("InvalidIPAddress.InUse", absl::StrCat("Address ", address.text(), " is in use."));
}

std::vector<store::TableDescription> NetworkTable::Describe() {
  return {Vpcs().Describe(),    FormerVpcs().Describe(),    VpcCidrs().Describe(),       VpcIpv6Cidrs().Describe(),
          Subnets().Describe(), InterfaceRows().Describe(), InterfaceGroups().Describe()};
}

absl::Status NetworkTable::InsertVpc(const Vpc& vpc) { return Vpcs().Insert(connection_, vpc); }

absl::StatusOr<Vpc> NetworkTable::GetVpc(const VpcId& id) { return Vpcs().Get(connection_, id); }

absl::StatusOr<std::vector<Vpc>> NetworkTable::ListVpcs() { return Vpcs().Select(connection_, "vpcs ORDER BY seq"); }

absl::StatusOr<std::vector<Vpc>> NetworkTable::FindVpcs(absl::Span<const VpcId> ids) {
  return Vpcs().Select(connection_, "(SELECT value AS wanted FROM json_each(?)) CROSS JOIN vpcs ON id = wanted",
                       store::JsonArrayOfIds(ids));
}

absl::StatusOr<std::optional<Vpc>> NetworkTable::DefaultVpc() {
  return Vpcs().First(connection_, "vpcs WHERE is_default = 1");
}

absl::Status NetworkTable::SetVpcAttributes(const VpcId& id, const VpcAttributes& attributes) {
  return SetColumns(connection_, "vpcs SET dns_support = ?, dns_hostnames = ?, address_usage_metrics = ?", id,
                    attributes.dns_support, attributes.dns_hostnames, attributes.address_usage_metrics);
}

absl::Status NetworkTable::SetDhcpOptions(const VpcId& id, const DhcpOptionsId& options) {
  return Vpcs().Set(connection_, id, &Vpc::dhcp_options_id, options);
}

absl::Status NetworkTable::DeleteVpc(const VpcId& id) {
  RETURN_IF_ERROR(Vpcs().Delete(connection_, id));
  return FormerVpcs().Insert(connection_, {id});
}

absl::StatusOr<std::vector<VpcId>> NetworkTable::ListFormerVpcs() {
  ASSIGN_OR_RETURN(const std::vector<FormerVpc> rows, FormerVpcs().Select(connection_, "former_vpcs ORDER BY id"));
  std::vector<VpcId> ids;
  for (const FormerVpc& row : rows) ids.push_back(row.id);
  return ids;
}

absl::Status NetworkTable::DeleteFormerVpc(const VpcId& id) { return FormerVpcs().Delete(connection_, id); }

absl::Status NetworkTable::InsertCidr(const VpcCidr& cidr) { return VpcCidrs().Insert(connection_, cidr); }

absl::StatusOr<std::vector<VpcCidr>> NetworkTable::ListCidrsOf(absl::Span<const VpcId> vpcs) {
  return VpcCidrs().Select(connection_, "vpc_cidrs WHERE vpc_id IN (SELECT value FROM json_each(?)) ORDER BY seq",
                           store::JsonArrayOfIds(vpcs));
}

absl::StatusOr<VpcCidr> NetworkTable::GetCidr(const VpcCidrAssociationId& id) {
  return VpcCidrs().Get(connection_, id);
}

absl::Status NetworkTable::DeleteCidr(const VpcCidrAssociationId& id) { return VpcCidrs().Delete(connection_, id); }

absl::Status NetworkTable::InsertIpv6Cidr(const VpcIpv6Cidr& cidr) { return VpcIpv6Cidrs().Insert(connection_, cidr); }

absl::StatusOr<std::vector<VpcIpv6Cidr>> NetworkTable::ListIpv6CidrsOf(absl::Span<const VpcId> vpcs) {
  return VpcIpv6Cidrs().Select(connection_,
                               "vpc_ipv6_cidrs WHERE vpc_id IN (SELECT value FROM json_each(?)) ORDER BY seq",
                               store::JsonArrayOfIds(vpcs));
}

absl::StatusOr<std::vector<VpcIpv6Cidr>> NetworkTable::ListIpv6Cidrs(const std::optional<VpcId>& vpc) {
  if (!vpc.has_value()) return VpcIpv6Cidrs().Select(connection_, "vpc_ipv6_cidrs ORDER BY seq");
  return VpcIpv6Cidrs().Select(connection_, "vpc_ipv6_cidrs WHERE vpc_id = ? ORDER BY seq", *vpc);
}

absl::Status NetworkTable::DeleteIpv6Cidr(const VpcCidrAssociationId& id) {
  return VpcIpv6Cidrs().Delete(connection_, id);
}

absl::StatusOr<std::optional<Subnet>> NetworkTable::FindSubnetByAssociation(const SubnetCidrAssociationId& id) {
  return Subnets().First(connection_, "subnets WHERE ipv6_association_id = ?", id);
}

absl::Status NetworkTable::InsertSubnet(const Subnet& subnet) { return Subnets().Insert(connection_, subnet); }

absl::StatusOr<Subnet> NetworkTable::GetSubnet(const SubnetId& id) { return Subnets().Get(connection_, id); }

absl::StatusOr<std::vector<Subnet>> NetworkTable::ListSubnets(const std::optional<VpcId>& vpc) {
  if (!vpc.has_value()) return Subnets().Select(connection_, "subnets ORDER BY seq");
  return Subnets().Select(connection_, "subnets WHERE vpc_id = ? ORDER BY seq", *vpc);
}

absl::StatusOr<std::vector<Subnet>> NetworkTable::FindSubnets(absl::Span<const SubnetId> ids) {
  return Subnets().Select(connection_, "subnets WHERE id IN (SELECT value FROM json_each(?)) ORDER BY seq",
                          store::JsonArrayOfIds(ids));
}

absl::Status NetworkTable::SetMapPublicIpOnLaunch(const SubnetId& id, bool map) {
  return Subnets().Set(connection_, id, &Subnet::map_public_ip_on_launch, map);
}

absl::Status NetworkTable::SetAssignIpv6OnCreation(const SubnetId& id, bool assign) {
  return Subnets().Set(connection_, id, &Subnet::assign_ipv6_on_creation, assign);
}

absl::Status NetworkTable::SetSubnetDnsNameOptions(const SubnetId& id, const PrivateDnsNameOptions& options) {
  return SetColumns(connection_, "subnets SET resource_name = ?, dns_a_record = ?, dns_aaaa_record = ?", id,
                    options.hostname_type, options.a_record, options.aaaa_record);
}

absl::Status NetworkTable::SetSubnetIpv6(const Subnet& subnet) {
  return SetColumns(connection_, "subnets SET cidr_ipv6 = ?, ipv6_association_id = ?", subnet.id,
                    OptionalIpv6Text::ToStore(subnet.cidr_ipv6), subnet.ipv6_association_id);
}

absl::Status NetworkTable::DeleteSubnet(const SubnetId& id) { return Subnets().Delete(connection_, id); }

absl::Status NetworkTable::InsertInterface(const NetworkInterface& eni) {
  if (eni.private_ip.has_value()) {
    ASSIGN_OR_RETURN(const bool taken, PrivateIpTaken(eni.vpc_id, *eni.private_ip));
    if (taken) return AddressInUse(*eni.private_ip);
  }
  const absl::Status inserted = InterfaceRows().Insert(connection_, eni);
  if (store::Violates(inserted, "network_interfaces.private_ip")) return AddressInUse(eni.private_ip.value_or(Ipv4{}));
  if (store::Violates(inserted, "network_interfaces.public_ip")) return AddressInUse(eni.public_ip.value_or(Ipv4{}));
  RETURN_IF_ERROR(inserted);
  for (const SecondaryAddress& address : eni.secondary) {
    RETURN_IF_ERROR(InterfaceAddressTable(connection_).Insert(eni, address));
  }
  for (const Ipv6& address : eni.ipv6) RETURN_IF_ERROR(InterfaceIpv6Table(connection_).Insert(eni.id, address));
  return InsertGroups(connection_, eni.id, eni.groups);
}

absl::Status NetworkTable::DeleteInterface(const EniId& id) { return InterfaceRows().Delete(connection_, id); }

absl::StatusOr<NetworkInterface> NetworkTable::GetInterface(const EniId& id) {
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> found, Interfaces(connection_, "network_interfaces WHERE id = ?", id));
  if (found.empty()) return id.NotFound();
  return std::move(found.front());
}

absl::StatusOr<std::vector<NetworkInterface>> NetworkTable::ListInterfaces(const std::optional<VpcId>& vpc) {
  if (!vpc.has_value()) return Interfaces(connection_, "network_interfaces ORDER BY seq");
  return Interfaces(connection_, "network_interfaces WHERE vpc_id = ? ORDER BY seq", *vpc);
}

absl::StatusOr<std::vector<NetworkInterface>> NetworkTable::FindInterfaces(absl::Span<const EniId> ids) {
  return Interfaces(connection_, "network_interfaces WHERE id IN (SELECT value FROM json_each(?)) ORDER BY seq",
                    store::JsonArrayOfIds(ids));
}

absl::StatusOr<std::vector<AttachedPort>> NetworkTable::ListAttachedPorts() {
  return connection_.All(
      "SELECT instance_id, id, vpc_id FROM network_interfaces WHERE instance_id IS NOT NULL "
      "ORDER BY instance_id, device_index",
      [](store::Row& row) {
        AttachedPort port;
        row.Read(port.instance_id, port.eni_id, port.vpc_id);
        return port;
      });
}

absl::StatusOr<std::vector<NetworkInterface>> NetworkTable::ListInterfacesOf(absl::Span<const InstanceId> instances) {
  return Interfaces(connection_,
                    "(SELECT key AS place, value AS wanted FROM json_each(?)) CROSS JOIN network_interfaces "
                    "ON instance_id = wanted ORDER BY place, device_index",
                    store::JsonArrayOfIds(instances));
}

absl::StatusOr<std::optional<NetworkInterface>> NetworkTable::FindInterfaceByMac(const VpcId& vpc,
                                                                                 const std::string& mac) {
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> found,
                   Interfaces(connection_, "network_interfaces WHERE vpc_id = ? AND mac = ?", vpc, mac));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

absl::StatusOr<std::optional<NetworkInterface>> NetworkTable::FindInterfaceByPrivateIp(const VpcId& vpc, Ipv4 address) {
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> found,
                   Interfaces(connection_, "network_interfaces WHERE vpc_id = ? AND private_ip = ?", vpc, address));
  if (!found.empty()) return std::move(found.front());
  ASSIGN_OR_RETURN(const std::optional<EniId> id, InterfaceAddressTable(connection_).Find(vpc, address));
  if (!id.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(NetworkInterface eni, GetInterface(*id));
  return eni;
}

absl::StatusOr<std::optional<NetworkInterface>> NetworkTable::FindInterfaceByAttachment(
    const std::string& attachment_id) {
  ASSIGN_OR_RETURN(
      std::vector<NetworkInterface> found,
      Interfaces(connection_, "network_interfaces WHERE attachment_id = ? AND attachment_state <> 0", attachment_id));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

absl::StatusOr<std::optional<NetworkInterface>> NetworkTable::FindInterfaceByToken(const std::string& client_token) {
  ASSIGN_OR_RETURN(
      std::vector<NetworkInterface> found,
      Interfaces(connection_, "network_interfaces WHERE client_token = ? AND client_token <> ''", client_token));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

absl::StatusOr<bool> NetworkTable::PrivateIpTaken(const VpcId& vpc, Ipv4 address) {
  ASSIGN_OR_RETURN(const std::optional<bool> taken,
                   connection_.First("SELECT 1 FROM network_interfaces WHERE vpc_id = ?1 AND private_ip = ?2 UNION ALL "
                                     "SELECT 1 FROM interface_addresses WHERE vpc_id = ?1 AND private_ip = ?2",
                                     ReadBool, vpc, address));
  return taken.has_value();
}

absl::StatusOr<bool> NetworkTable::PublicIpTaken(Ipv4 address) {
  ASSIGN_OR_RETURN(const std::optional<bool> taken,
                   connection_.First("SELECT 1 FROM network_interfaces WHERE public_ip = ? UNION ALL "
                                     "SELECT 1 FROM addresses WHERE public_ip = ?",
                                     ReadBool, address, address));
  return taken.has_value();
}

absl::StatusOr<int64_t> NetworkTable::CountAddresses(const SubnetId& subnet) {
  int64_t count = 0;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT count(*) FROM network_interfaces WHERE subnet_id = ?", [&](store::Row& row) { row.Read(count); },
      subnet));
  ASSIGN_OR_RETURN(const int64_t secondary, InterfaceAddressTable(connection_).CountIn(subnet));
  return count + secondary;
}

absl::Status NetworkTable::SetInterfaceGroups(const EniId& id, absl::Span<const SecurityGroupId> groups) {
  RETURN_IF_ERROR(connection_.Run("DELETE FROM interface_groups WHERE eni_id = ?", id));
  return InsertGroups(connection_, id, groups);
}

absl::Status NetworkTable::SetPublicIp(NetworkInterface& eni, std::optional<Ipv4> address) {
  NetworkInterface changed = eni;
  changed.public_ip = address;
  const absl::Status set = InterfaceRows().Update(connection_, changed, {"public_ip"});
  if (store::Violates(set, "network_interfaces.public_ip")) return AddressInUse(address.value_or(Ipv4{}));
  if (absl::IsAborted(set)) RETURN_IF_ERROR(GetInterface(eni.id).status());
  RETURN_IF_ERROR(set);
  eni = std::move(changed);
  return absl::OkStatus();
}

absl::Status NetworkTable::SetSourceDestCheck(const EniId& id, bool source_dest_check) {
  return InterfaceRows().Set(connection_, id, &NetworkInterface::source_dest_check, source_dest_check);
}

absl::Status NetworkTable::SetDnsNameOptions(NetworkInterface eni, const PrivateDnsNameOptions& options) {
  eni.dns_name_options = options;
  return InterfaceRows().Update(connection_, eni, {"resource_name", "dns_a_record", "dns_aaaa_record"});
}

absl::Status NetworkTable::SetAttachment(NetworkInterface& eni) {
  const absl::Status set =
      InterfaceRows().Update(connection_, eni,
                             {"attachment_state", "instance_id", "device_index", "attachment_id", "attach_time",
                              "delete_on_termination", "public_ip", "auto_public_ip", "primary_ipv6"});
  return store::Violates(set, "network_interfaces.public_ip") ? AddressInUse(eni.public_ip.value_or(Ipv4{})) : set;
}

absl::Status NetworkTable::SetDeleteOnTermination(const EniId& id, bool delete_on_termination) {
  return InterfaceRows().Set(connection_, id, &NetworkInterface::delete_on_termination, delete_on_termination);
}

absl::Status NetworkTable::SetPrimaryIpv6(const EniId& id, bool primary) {
  return InterfaceRows().Set(connection_, id, &NetworkInterface::primary_ipv6, primary);
}

absl::Status NetworkTable::SetTracking(NetworkInterface eni, const ConnectionTracking& tracking) {
  eni.tracking = tracking;
  return InterfaceRows().Update(connection_, eni, {"tcp_established_timeout", "udp_stream_timeout", "udp_timeout"});
}

absl::Status NetworkTable::SetDescription(const EniId& id, const std::string& description) {
  return InterfaceRows().Set(connection_, id, &NetworkInterface::description, description);
}

}  // namespace brume::network
