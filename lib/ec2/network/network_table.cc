#include "lib/ec2/network/network_table.h"

#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"
#include "lib/store/connection.h"

namespace brume::network {
namespace {

constexpr char kVpcColumns[] = "id, cidr_base, prefix_length, is_default";
template <typename AnyVpc>
auto Fields(AnyVpc& v) requires std::is_same_v<std::remove_const_t<AnyVpc>, Vpc> {
  return std::tie(v.id, v.cidr.base, v.cidr.prefix_length, v.is_default);
}

constexpr char kSubnetColumns[] =
    "id, vpc_id, cidr_base, prefix_length, availability_zone, default_for_az, map_public_ip_on_launch";
template <typename AnySubnet>
auto Fields(AnySubnet& s) requires std::is_same_v<std::remove_const_t<AnySubnet>, Subnet> {
  return std::tie(s.id, s.vpc_id, s.cidr.base, s.cidr.prefix_length, s.availability_zone, s.default_for_az,
                  s.map_public_ip_on_launch);
}

// All of an interface but its groups, which are rows of their own.
constexpr char kInterfaceColumns[] =
    "id, vpc_id, subnet_id, instance_id, device_index, attachment_id, attach_time, delete_on_termination, "
    "source_dest_check, description, mac, private_ip, public_ip, auto_public_ip";
template <typename AnyInterface>
auto Fields(AnyInterface& i) requires std::is_same_v<std::remove_const_t<AnyInterface>, NetworkInterface> {
  return std::tie(i.id, i.vpc_id, i.subnet_id, i.instance_id, i.device_index, i.attachment_id, i.attach_time,
                  i.delete_on_termination, i.source_dest_check, i.description, i.mac, i.private_ip, i.public_ip,
                  i.auto_public_ip);
}

template <typename T>
T ReadFields(store::Row& row) {
  T value;
  row.Read(Fields(value));
  return value;
}

template <typename T>
absl::Status InsertFields(store::Connection& connection, absl::string_view table, absl::string_view columns,
                          const T& value) {
  return connection.Run(absl::StrCat("INSERT INTO ", table, " (", columns, ") VALUES (",
                                     store::Placeholders(std::tuple_size_v<decltype(Fields(value))>), ")"),
                        Fields(value));
}

bool ReadBool(store::Row& row) {
  bool value = false;
  row.Read(value);
  return value;
}

absl::Status AddressInUse(Ipv4 address) {
  return ec2::Error("InvalidIPAddress.InUse", absl::StrCat("Address ", address.text(), " is in use."));
}

absl::Status InsertGroups(store::Connection& connection, const EniId& id, absl::Span<const SecurityGroupId> groups) {
  int position = 0;
  for (const SecurityGroupId& group : groups) {
    RETURN_IF_ERROR(connection.Run("INSERT INTO interface_groups (eni_id, position, group_id) VALUES (?, ?, ?)", id,
                                   position++, group));
  }
  return absl::OkStatus();
}

// Fills the groups of all with one statement.
absl::Status LoadGroups(store::Connection& connection, std::vector<NetworkInterface>& interfaces) {
  if (interfaces.empty()) return absl::OkStatus();
  absl::flat_hash_map<EniId, NetworkInterface*> by_id;
  std::vector<EniId> ids;
  ids.reserve(interfaces.size());
  for (NetworkInterface& eni : interfaces) {
    by_id[eni.id] = &eni;
    ids.push_back(eni.id);
  }
  EniId eni;
  SecurityGroupId group;
  return connection.Query(
      "SELECT eni_id, group_id FROM json_each(?) AS wanted CROSS JOIN interface_groups ON eni_id = wanted.value "
      "ORDER BY eni_id, position",
      [&](store::Row& row) {
        row.Read(eni, group);
        by_id[eni]->groups.push_back(group);
      },
      store::JsonArrayOfIds(ids));
}

template <typename... Args>
absl::StatusOr<std::vector<NetworkInterface>> Interfaces(store::Connection& connection, absl::string_view from_and_rest,
                                                         const Args&... args) {
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> all,
                   connection.All(absl::StrCat("SELECT ", kInterfaceColumns, " FROM ", from_and_rest),
                                  ReadFields<NetworkInterface>, args...));
  RETURN_IF_ERROR(LoadGroups(connection, all));
  return all;
}

// The change of one interface that must be there.
absl::Status Changed(store::Connection& connection, const EniId& id) {
  return connection.changed_rows() == 0 ? id.NotFound() : absl::OkStatus();
}

}  // namespace

absl::Status NetworkTable::InsertVpc(const Vpc& vpc) { return InsertFields(connection_, "vpcs", kVpcColumns, vpc); }

absl::StatusOr<Vpc> NetworkTable::GetVpc(const VpcId& id) {
  static const std::string sql = absl::StrCat("SELECT ", kVpcColumns, " FROM vpcs WHERE id = ?");
  ASSIGN_OR_RETURN(std::optional<Vpc> found, connection_.First(sql, ReadFields<Vpc>, id));
  if (!found.has_value()) return id.NotFound();
  return *std::move(found);
}

absl::StatusOr<std::vector<Vpc>> NetworkTable::ListVpcs() {
  static const std::string sql = absl::StrCat("SELECT ", kVpcColumns, " FROM vpcs ORDER BY seq");
  return connection_.All(sql, ReadFields<Vpc>);
}

absl::StatusOr<std::optional<Vpc>> NetworkTable::DefaultVpc() {
  static const std::string sql = absl::StrCat("SELECT ", kVpcColumns, " FROM vpcs WHERE is_default = 1");
  return connection_.First(sql, ReadFields<Vpc>);
}

absl::Status NetworkTable::InsertSubnet(const Subnet& subnet) {
  return InsertFields(connection_, "subnets", kSubnetColumns, subnet);
}

absl::StatusOr<Subnet> NetworkTable::GetSubnet(const SubnetId& id) {
  static const std::string sql = absl::StrCat("SELECT ", kSubnetColumns, " FROM subnets WHERE id = ?");
  ASSIGN_OR_RETURN(std::optional<Subnet> found, connection_.First(sql, ReadFields<Subnet>, id));
  if (!found.has_value()) return id.NotFound();
  return *std::move(found);
}

absl::StatusOr<std::vector<Subnet>> NetworkTable::ListSubnets(const std::optional<VpcId>& vpc) {
  static const std::string select = absl::StrCat("SELECT ", kSubnetColumns, " FROM subnets ");
  if (!vpc.has_value()) return connection_.All(select + "ORDER BY seq", ReadFields<Subnet>);
  return connection_.All(select + "WHERE vpc_id = ? ORDER BY seq", ReadFields<Subnet>, *vpc);
}

absl::Status NetworkTable::InsertInterface(const NetworkInterface& eni) {
  const absl::Status inserted = InsertFields(connection_, "network_interfaces", kInterfaceColumns, eni);
  if (store::Violates(inserted, "network_interfaces.private_ip")) return AddressInUse(eni.private_ip);
  if (store::Violates(inserted, "network_interfaces.public_ip")) return AddressInUse(eni.public_ip.value_or(Ipv4{}));
  RETURN_IF_ERROR(inserted);
  return InsertGroups(connection_, eni.id, eni.groups);
}

absl::Status NetworkTable::DeleteInterface(const EniId& id) {
  return connection_.Run("DELETE FROM network_interfaces WHERE id = ?", id);
}

absl::StatusOr<NetworkInterface> NetworkTable::GetInterface(const EniId& id) {
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> found, Interfaces(connection_, "network_interfaces WHERE id = ?", id));
  if (found.empty()) return id.NotFound();
  return std::move(found.front());
}

absl::StatusOr<std::vector<NetworkInterface>> NetworkTable::ListInterfaces(const std::optional<VpcId>& vpc) {
  if (!vpc.has_value()) return Interfaces(connection_, "network_interfaces ORDER BY seq");
  return Interfaces(connection_, "network_interfaces WHERE vpc_id = ? ORDER BY seq", *vpc);
}

absl::StatusOr<std::vector<NetworkInterface>> NetworkTable::ListInterfacesOf(absl::Span<const InstanceId> instances) {
  return Interfaces(connection_,
                    "(SELECT key AS place, value AS wanted FROM json_each(?)) CROSS JOIN network_interfaces "
                    "ON instance_id = wanted ORDER BY place, device_index",
                    store::JsonArrayOfIds(instances));
}

absl::StatusOr<std::optional<NetworkInterface>> NetworkTable::FindInterfaceByPrivateIp(const VpcId& vpc, Ipv4 address) {
  ASSIGN_OR_RETURN(std::vector<NetworkInterface> found,
                   Interfaces(connection_, "network_interfaces WHERE vpc_id = ? AND private_ip = ?", vpc, address));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

absl::StatusOr<bool> NetworkTable::PrivateIpTaken(const VpcId& vpc, Ipv4 address) {
  ASSIGN_OR_RETURN(const std::optional<bool> taken,
                   connection_.First("SELECT 1 FROM network_interfaces WHERE vpc_id = ? AND private_ip = ?", ReadBool,
                                     vpc, address));
  return taken.has_value();
}

absl::StatusOr<bool> NetworkTable::PublicIpTaken(Ipv4 address) {
  ASSIGN_OR_RETURN(const std::optional<bool> taken,
                   connection_.First("SELECT 1 FROM network_interfaces WHERE public_ip = ?", ReadBool, address));
  return taken.has_value();
}

absl::StatusOr<int64_t> NetworkTable::CountInterfaces(const SubnetId& subnet) {
  int64_t count = 0;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT count(*) FROM network_interfaces WHERE subnet_id = ?", [&](store::Row& row) { row.Read(count); },
      subnet));
  return count;
}

absl::Status NetworkTable::SetInterfaceGroups(const EniId& id, absl::Span<const SecurityGroupId> groups) {
  RETURN_IF_ERROR(connection_.Run("DELETE FROM interface_groups WHERE eni_id = ?", id));
  return InsertGroups(connection_, id, groups);
}

absl::Status NetworkTable::SetPublicIp(const EniId& id, std::optional<Ipv4> address) {
  const absl::Status set = connection_.Run("UPDATE network_interfaces SET public_ip = ? WHERE id = ?", address, id);
  if (store::Violates(set, "network_interfaces.public_ip")) return AddressInUse(address.value_or(Ipv4{}));
  RETURN_IF_ERROR(set);
  return Changed(connection_, id);
}

absl::Status NetworkTable::SetSourceDestCheck(const EniId& id, bool source_dest_check) {
  RETURN_IF_ERROR(
      connection_.Run("UPDATE network_interfaces SET source_dest_check = ? WHERE id = ?", source_dest_check, id));
  return Changed(connection_, id);
}

absl::Status NetworkTable::SetDescription(const EniId& id, const std::string& description) {
  RETURN_IF_ERROR(connection_.Run("UPDATE network_interfaces SET description = ? WHERE id = ?", description, id));
  return Changed(connection_, id);
}

absl::Status NetworkTable::SetDeleteOnTermination(const EniId& id, bool delete_on_termination) {
  RETURN_IF_ERROR(connection_.Run("UPDATE network_interfaces SET delete_on_termination = ? WHERE id = ?",
                                  delete_on_termination, id));
  return Changed(connection_, id);
}

}  // namespace brume::network
