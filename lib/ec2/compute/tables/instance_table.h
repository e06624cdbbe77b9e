// Repository of instances and the reservations and client tokens they were made under.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::compute {

// What one ClientToken was first used for.
struct TokenUse {
  std::string parameters_digest;
  ReservationId reservation_id;
};

struct CapacityInUse {
  int64_t memory_mib = 0;  // of the guests alone
  int64_t vcpus = 0;
  int64_t count = 0;
};

class InstanceTable {
 public:
  explicit InstanceTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  // memory_mib and vcpus are what the instance's type had when it was launched.
  absl::Status Insert(const Instance& instance, int64_t memory_mib, int vcpus);
  // Error: InvalidInstanceID.NotFound.
  absl::StatusOr<Instance> Get(const InstanceId& id);
  // Writes every field but id, reservation and launch index. Aborted unless the row still has instance.version; sets
  // the next version in `instance`. User data is written only when there is some, since rows from List carry none: to
  // take it away use SetUserData.
  absl::Status Update(Instance& instance);
  absl::Status SetUserData(const InstanceId& id, const std::string& user_data);
  // After a change of type. Error: InvalidInstanceID.NotFound.
  absl::Status SetCapacity(const InstanceId& id, int64_t memory_mib, int vcpus);
  // With its tags. FailedPrecondition while an interface or a volume is attached. OK when there is none.
  absl::Status Delete(const InstanceId& id);

  // In order of launch; `after` an id continues behind it (InvalidInstanceID.NotFound when it is gone). limit 0 = all.
  // Without user data; all others here bring it.
  absl::StatusOr<std::vector<Instance>> List(const std::optional<InstanceId>& after, int limit);
  // Where a row stands in the order of launch, above 0; only the last one's may be given again once it is deleted.
  // Error: InvalidInstanceID.NotFound.
  absl::StatusOr<int64_t> PositionOf(const InstanceId& id);
  // As List, behind a position whose row may be gone.
  absl::StatusOr<std::vector<Instance>> ListBehind(int64_t position, int limit);
  // The same of these alone.
  absl::StatusOr<std::vector<Instance>> ListBehind(int64_t position, int limit, absl::Span<const InstanceId> ids);
  // Those there are, in the order of `ids`, each once.
  absl::StatusOr<std::vector<Instance>> GetMany(absl::Span<const InstanceId> ids);
  absl::StatusOr<std::vector<Instance>> ListByReservation(const ReservationId& id);
  absl::StatusOr<std::vector<InstanceId>> ListIdsInState(absl::Span<const InstanceState> states);
  // Those that ran in another boot of the host than this and are to run, in the order of their launches.
  absl::StatusOr<std::vector<InstanceId>> ListIdsOfOtherBoots(const std::string& boot_id);
  // Terminated at or before `limit`.
  absl::StatusOr<std::vector<InstanceId>> ListTerminatedBefore(absl::Time limit);

  // Of instances for which HoldsCapacity.
  absl::StatusOr<CapacityInUse> InUse();

  // Tokens are compared byte by byte.
  absl::StatusOr<std::optional<TokenUse>> FindToken(const std::string& action, const std::string& token);
  // AlreadyExists when the action has the token: look first, in the same change.
  absl::Status InsertToken(const std::string& action, const std::string& token, const TokenUse& use, absl::Time now);
  absl::Status DeleteTokensBefore(absl::Time limit);

 private:
  store::Connection& connection_;
};

}  // namespace brume::compute
