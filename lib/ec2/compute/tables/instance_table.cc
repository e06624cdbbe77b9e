#include "lib/ec2/compute/tables/instance_table.h"

#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table.h"

namespace brume::compute {
namespace {

const auto& Instances() {
  static const auto table = store::DescribeTable<Instance>(
      "instances", "instance", store::Key("id", &Instance::id), store::Version(&Instance::version),
      store::Fixed("reservation_id", &Instance::reservation_id), store::Fixed("launch_index", &Instance::launch_index),
      store::Column("image_id", &Instance::image_id), store::Column("instance_type", &Instance::instance_type),
      store::Column("state", &Instance::state),
      store::Column("state_reason_code", &Instance::state_reason, &StateReason::code),
      store::Column("state_reason_message", &Instance::state_reason, &StateReason::message),
      store::Column("transition_reason", &Instance::transition_reason),
      store::Column("state_since", &Instance::state_since), store::Column("launch_time", &Instance::launch_time),
      store::Column("uuid", &Instance::uuid), store::Column("key_name", &Instance::key_name),
      store::Column("public_key", &Instance::public_key), store::Column("client_token", &Instance::client_token),
      store::Column("shutdown_behavior", &Instance::shutdown_behavior),
      store::Column("disable_api_termination", &Instance::disable_api_termination),
      store::Column("disable_api_stop", &Instance::disable_api_stop),
      store::Column("monitoring", &Instance::monitoring), store::Column("ebs_optimized", &Instance::ebs_optimized),
      store::Column("unlimited_credits", &Instance::unlimited_credits),
      store::Column("auto_recovery", &Instance::auto_recovery),
      store::Column("open_to_reservations", &Instance::open_to_reservations),
      store::Column("boot_mode", &Instance::boot_mode), store::Column("hibernation", &Instance::hibernation),
      store::Column("source_dest_check", &Instance::source_dest_check),
      store::Column("tokens_required", &Instance::metadata_options, &MetadataOptions::tokens),
      store::Column("endpoint_enabled", &Instance::metadata_options, &MetadataOptions::endpoint),
      store::Column("tags_enabled", &Instance::metadata_options, &MetadataOptions::tags),
      store::Column("hop_limit", &Instance::metadata_options, &MetadataOptions::hop_limit),
      store::Column("metadata_by_ipv6", &Instance::metadata_options, &MetadataOptions::ipv6),
      store::Column("availability_zone", &Instance::availability_zone), store::Column("vpc_id", &Instance::vpc_id),
      store::Column("subnet_id", &Instance::subnet_id), store::Column("root_device_name", &Instance::root_device_name),
      store::Column("force_stop", &Instance::force_stop),
      store::Column("reboot_requested", &Instance::reboot_requested),
      store::Column("host_boot_id", &Instance::host_boot_id), store::Column("last_error", &Instance::last_error),
      store::Unmapped("seq"), store::Unmapped("memory_mib"), store::Unmapped("vcpus"));
  return table;
}

struct TokenRow {
  std::string action, token;
  TokenUse use;
  absl::Time created;
};
const auto& Tokens() {
  static const auto table = store::DescribeTable<TokenRow>(
      "client_tokens", "client token", store::Key("action", &TokenRow::action), store::Key("token", &TokenRow::token),
      store::Fixed("parameters_digest", &TokenRow::use, &TokenUse::parameters_digest),
      store::Fixed("reservation_id", &TokenRow::use, &TokenUse::reservation_id),
      store::Fixed("created", &TokenRow::created));
  return table;
}

Instance ReadInstance(store::Row& row) { return Instances().Read(row); }

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
  return absl::StrCat("SELECT ", Instances().columns(), " FROM instances ", rest);
}
// For ReadInstanceWithUserData; the joins must not bring other columns of these names.
std::string SelectWithUserData(absl::string_view from_and_rest) {
  return absl::StrCat("SELECT ", Instances().columns(), ", data FROM ", from_and_rest);
}

}  // namespace

std::vector<store::TableDescription> InstanceTable::Describe() { return {Instances().Describe(), Tokens().Describe()}; }

absl::Status InstanceTable::Insert(const Instance& instance, int64_t memory_mib, int vcpus) {
  RETURN_IF_ERROR(Instances().Insert(connection_, instance, store::With<int64_t>{"memory_mib", memory_mib},
                                     store::With<int>{"vcpus", vcpus}));
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
  RETURN_IF_ERROR(Instances().Update(connection_, instance));
  return instance.user_data.empty() ? absl::OkStatus() : SetUserData(instance.id, instance.user_data);
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

absl::StatusOr<std::vector<Instance>> InstanceTable::ListBehind(int64_t position, int limit,
                                                                absl::Span<const InstanceId> ids) {
  static const std::string sql =
      absl::StrCat("SELECT ", Instances().columns(),
                   " FROM (SELECT value AS wanted FROM json_each(?)) CROSS JOIN instances ON id = wanted "
                   "WHERE seq > ? ORDER BY seq LIMIT ?");
  return connection_.All(sql, ReadInstance, store::JsonArrayOfIds(ids), position, limit == 0 ? -1 : limit);
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

absl::StatusOr<std::vector<InstanceId>> InstanceTable::ListIdsOfOtherBoots(const std::string& boot_id) {
  return connection_.All(
      "SELECT id FROM instances WHERE state IN (?, ?) AND host_boot_id != '' AND host_boot_id != ? ORDER BY seq",
      ReadId, InstanceState::kPending, InstanceState::kRunning, boot_id);
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
  ASSIGN_OR_RETURN(std::optional<TokenRow> found, Tokens().Find(connection_, std::tie(action, token)));
  if (!found.has_value()) return std::nullopt;
  return std::move(found->use);
}

absl::Status InstanceTable::InsertToken(const std::string& action, const std::string& token, const TokenUse& use,
                                        absl::Time now) {
  return Tokens().Insert(connection_, {action, token, use, now});
}

absl::Status InstanceTable::DeleteTokensBefore(absl::Time limit) {
  return connection_.Run("DELETE FROM client_tokens WHERE created < ?", limit);
}

}  // namespace brume::compute
