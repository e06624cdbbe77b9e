#include "lib/ec2/compute/instance_table.h"

#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::compute {
namespace {

// What Update writes, in the order of kMutableColumns.
constexpr char kMutableColumns[] =
    "image_id, instance_type, state, state_reason_code, state_reason_message, transition_reason, state_since, "
    "launch_time, uuid, key_name, public_key, client_token, shutdown_behavior, disable_api_termination, "
    "disable_api_stop, "
    "monitoring, source_dest_check, tokens_required, endpoint_enabled, tags_enabled, hop_limit, availability_zone, "
    "vpc_id, subnet_id, root_device_name, force_stop, reboot_requested, host_boot_id, last_error";

template <typename AnyInstance>
auto MutableFields(AnyInstance& i) {
  return std::tie(i.image_id, i.instance_type, i.state, i.state_reason.code, i.state_reason.message,
                  i.transition_reason, i.state_since, i.launch_time, i.uuid, i.key_name, i.public_key, i.client_token,
                  i.shutdown_behavior, i.disable_api_termination, i.disable_api_stop, i.monitoring, i.source_dest_check,
                  i.metadata_options.tokens_required, i.metadata_options.endpoint_enabled,
                  i.metadata_options.tags_enabled, i.metadata_options.hop_limit, i.availability_zone, i.vpc_id,
                  i.subnet_id, i.root_device_name, i.force_stop, i.reboot_requested, i.host_boot_id, i.last_error);
}
using MutableTuple = decltype(MutableFields(std::declval<Instance&>()));

constexpr char kFixedColumns[] = "id, reservation_id, launch_index, version";
constexpr int kFixedCount = 4;

Instance ReadInstance(store::Row& row) {
  Instance i;
  row.Read(i.id, i.reservation_id, i.launch_index, i.version, MutableFields(i));
  return i;
}

Instance ReadInstanceWithUserData(store::Row& row) {
  Instance i = ReadInstance(row);
  row.Read(i.user_data);
  return i;
}

InstanceId ReadId(store::Row& row) {
  InstanceId id;
  row.Read(id);
  return id;
}

// For ReadInstance.
std::string SelectRows(absl::string_view rest) {
  return absl::StrCat("SELECT ", kFixedColumns, ", ", kMutableColumns, " FROM instances ", rest);
}
// For ReadInstanceWithUserData; the joins must not bring other columns of these names.
std::string SelectWithUserData(absl::string_view from_and_rest) {
  return absl::StrCat("SELECT ", kFixedColumns, ", ", kMutableColumns, ", data FROM ", from_and_rest);
}

}  // namespace

absl::Status InstanceTable::Insert(const Instance& instance, int64_t memory_mib, int vcpus) {
  static const std::string sql =
      absl::StrCat("INSERT INTO instances (", kFixedColumns, ", ", kMutableColumns, ", memory_mib, vcpus) VALUES (",
                   store::Placeholders(kFixedCount + static_cast<int>(std::tuple_size_v<MutableTuple>) + 2), ")");
  RETURN_IF_ERROR(connection_.Run(sql, instance.id, instance.reservation_id, instance.launch_index, instance.version,
                                  MutableFields(instance), memory_mib, vcpus));
  return instance.user_data.empty() ? absl::OkStatus() : SetUserData(instance.id, instance.user_data);
}

absl::Status InstanceTable::SetUserData(const InstanceId& id, const std::string& user_data) {
  if (user_data.empty()) return connection_.Run("DELETE FROM instance_user_data WHERE instance_id = ?", id);
  return connection_.Run(
      "INSERT INTO instance_user_data (instance_id, data) VALUES (?, ?) "
      "ON CONFLICT (instance_id) DO UPDATE SET data = excluded.data WHERE data <> excluded.data",
      id, store::Blob{user_data});
}

absl::Status InstanceTable::SetCapacity(const InstanceId& id, int64_t memory_mib, int vcpus) {
  RETURN_IF_ERROR(
      connection_.Run("UPDATE instances SET memory_mib = ?, vcpus = ? WHERE id = ?", memory_mib, vcpus, id));
  return connection_.changed_rows() == 0 ? id.NotFound() : absl::OkStatus();
}

absl::StatusOr<Instance> InstanceTable::Get(const InstanceId& id) {
  static const std::string sql =
      SelectWithUserData("instances LEFT JOIN instance_user_data ON instance_id = id WHERE id = ?");
  ASSIGN_OR_RETURN(std::optional<Instance> found, connection_.First(sql, ReadInstanceWithUserData, id));
  if (!found.has_value()) return id.NotFound();
  return *std::move(found);
}

absl::Status InstanceTable::Update(Instance& instance) {
  static const std::string sql =
      absl::StrCat("UPDATE instances SET (version, ", kMutableColumns, ") = (version + 1, ",
                   store::Placeholders(std::tuple_size_v<MutableTuple>), ") WHERE id = ? AND version = ?");
  RETURN_IF_ERROR(connection_.Run(sql, MutableFields(instance), instance.id, instance.version));
  if (connection_.changed_rows() == 0) {
    return absl::AbortedError(absl::StrCat("instance ", instance.id.text(), " was changed by someone else meanwhile"));
  }
  if (!instance.user_data.empty()) RETURN_IF_ERROR(SetUserData(instance.id, instance.user_data));
  ++instance.version;
  return absl::OkStatus();
}

absl::Status InstanceTable::Delete(const InstanceId& id) {
  return connection_.Run("DELETE FROM instances WHERE id = ?", id);
}

absl::StatusOr<std::vector<Instance>> InstanceTable::List(const std::optional<InstanceId>& after, int limit) {
  if (!after.has_value()) return ListBehind(0, limit);
  ASSIGN_OR_RETURN(const int64_t position, PositionOf(*after));
  return ListBehind(position, limit);
}

absl::StatusOr<int64_t> InstanceTable::PositionOf(const InstanceId& id) {
  const auto read_seq = [](store::Row& row) {
    int64_t seq = 0;
    row.Read(seq);
    return seq;
  };
  ASSIGN_OR_RETURN(const std::optional<int64_t> seq,
                   connection_.First("SELECT seq FROM instances WHERE id = ?", read_seq, id));
  if (!seq.has_value()) return id.NotFound();
  return *seq;
}

absl::StatusOr<std::vector<Instance>> InstanceTable::ListBehind(int64_t position, int limit) {
  static const std::string sql = SelectRows("WHERE seq > ? ORDER BY seq LIMIT ?");
  return connection_.All(sql, ReadInstance, position, limit == 0 ? -1 : limit);
}

absl::StatusOr<std::vector<Instance>> InstanceTable::GetMany(absl::Span<const InstanceId> ids) {
  static const std::string sql = SelectWithUserData(
      "(SELECT key AS place, value AS wanted FROM json_each(?)) CROSS JOIN instances ON id = wanted "
      "LEFT JOIN instance_user_data ON instance_id = id ORDER BY place");
  return connection_.All(sql, ReadInstanceWithUserData, store::JsonArrayOfIds(ids));
}

absl::StatusOr<std::vector<Instance>> InstanceTable::ListByReservation(const ReservationId& id) {
  static const std::string sql = SelectWithUserData(
      "instances LEFT JOIN instance_user_data ON instance_id = id WHERE reservation_id = ? ORDER BY launch_index, seq");
  return connection_.All(sql, ReadInstanceWithUserData, id);
}

absl::StatusOr<std::vector<InstanceId>> InstanceTable::ListIdsInState(absl::Span<const InstanceState> states) {
  const std::string wanted = absl::StrCat(
      "[",
      absl::StrJoin(states, ",",
                    [](std::string* out, InstanceState state) { absl::StrAppend(out, static_cast<int>(state)); }),
      "]");
  return connection_.All("SELECT id FROM instances WHERE state IN (SELECT value FROM json_each(?)) ORDER BY seq",
                         ReadId, wanted);
}

absl::StatusOr<std::vector<InstanceId>> InstanceTable::ListTerminatedBefore(absl::Time limit) {
  return connection_.All("SELECT id FROM instances WHERE state = ? AND state_since <= ? ORDER BY state_since, seq",
                         ReadId, InstanceState::kTerminated, limit);
}

absl::StatusOr<CapacityInUse> InstanceTable::InUse() {
  CapacityInUse use;
  RETURN_IF_ERROR(connection_.Query("SELECT memory_mib, vcpus, count FROM capacity_in_use",
                                    [&](store::Row& row) { row.Read(use.memory_mib, use.vcpus, use.count); }));
  return use;
}

absl::StatusOr<std::optional<TokenUse>> InstanceTable::FindToken(const std::string& action, const std::string& token) {
  const auto read = [](store::Row& row) {
    TokenUse use;
    row.Read(use.parameters_digest, use.reservation_id);
    return use;
  };
  return connection_.First("SELECT parameters_digest, reservation_id FROM client_tokens WHERE action = ? AND token = ?",
                           read, action, token);
}

absl::Status InstanceTable::InsertToken(const std::string& action, const std::string& token, const TokenUse& use,
                                        absl::Time now) {
  return connection_.Run(
      "INSERT INTO client_tokens (action, token, parameters_digest, reservation_id, created) VALUES (?, ?, ?, ?, ?)",
      action, token, use.parameters_digest, use.reservation_id, now);
}

absl::Status InstanceTable::DeleteTokensBefore(absl::Time limit) {
  return connection_.Run("DELETE FROM client_tokens WHERE created < ?", limit);
}

}  // namespace brume::compute
