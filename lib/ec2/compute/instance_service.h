// The rules of instances: each call checks, commits one transaction of wishes, wakes the reconciler and returns.
// Source of behaviour: EC2 API reference, actions RunInstances, DescribeInstances, StartInstances, StopInstances,
// RebootInstances, TerminateInstances, ModifyInstanceAttribute.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/compute/instance_placement.h"
#include "lib/ec2/compute/instance_view.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/storage/model/machine.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::compute {

struct StateChange {
  InstanceId id;
  InstanceState previous = InstanceState::kPending;
  InstanceState current = InstanceState::kPending;
};

struct Termination {
  bool even_protected = false;  // as an Auto Scaling group ends its members, whatever DisableApiTermination says
  bool at_once = false;         // without asking the guest
};

struct InstanceQuery {
  // Those; none = all, in launch order.
  std::vector<InstanceId> ids = {};
  // Without ids: those that have such a tag.
  std::optional<tagging::TagQuery> tags = {};
  std::function<bool(const InstanceView&)> keep = nullptr;
  int64_t after = 0;  // the `next` of a page
  int limit = 0;      // so many at most that `keep` holds for; 0 = all
};

struct InstancePage {
  std::vector<InstanceView> instances;
  // Where the next page begins, when there is one; it may be asked for when this page's instances are gone.
  std::optional<int64_t> next;
};

// What ModifyInstanceAttribute can change; one attribute a call in EC2.
struct InstanceChange {
  std::optional<std::string> instance_type;  // stopped only
  std::optional<std::string> user_data;      // stopped only
  std::optional<ShutdownBehavior> shutdown_behavior;
  std::optional<bool> disable_api_termination;
  std::optional<bool> disable_api_stop;
  std::optional<bool> source_dest_check;
  std::optional<bool> ebs_optimized;  // stopped only
  std::optional<std::vector<SecurityGroupId>> group_ids;
  // Device name → DeleteOnTermination.
  std::map<std::string, bool> delete_on_termination;
};

struct InstanceServiceHooks {
  std::function<void(const InstanceId&)> wake_instance;
  // Groups of an interface changed: the fabric must follow.
  std::function<void(const VpcId&)> wake_vpc;
};

// Thread-safe.
class InstanceService {
 public:
  InstanceService(store::Database& database, const Settings& settings, const InstanceTypeTable& types,
                  const Clock& clock, Random& random, InstanceServiceHooks hooks);

  // Launches between min_count and max_count instances: as many as capacity and addresses allow, or none at all.
  // Errors: InvalidAMIID.NotFound, InvalidAMIID.Unavailable, InvalidParameterValue, InvalidKeyPair.NotFound,
  // InvalidGroup.NotFound, InvalidSubnetID.NotFound, InvalidIPAddress.InUse, InsufficientInstanceCapacity,
  // InsufficientFreeAddressesInSubnet, IdempotentParameterMismatch, IdempotentInstanceTerminated,
  // UnsupportedHibernationConfiguration.
  absl::StatusOr<ReservationView> Run(const RunRequest& request);
  // Whether Run would launch them now. Errors: those of Run, but for those of its token.
  absl::Status CheckRun(const RunRequest& request);
  // What Run would use and make. Errors: those of InstancePlacer::Plan.
  absl::StatusOr<LaunchPlan> Plan(const RunRequest& request);

  // Without a filter give no `keep`: a page then costs what the page costs, however many instances there are. Error:
  // InvalidInstanceID.NotFound, which names all ids that are unknown.
  absl::StatusOr<InstancePage> Describe(const InstanceQuery& query);
  // One with its user data. InvalidInstanceID.NotFound.
  absl::StatusOr<InstanceView> Get(const InstanceId& id);

  // What Run launched under this client token; unset when it was not used, or so long ago that it was evicted. Errors:
  // IdempotentParameterMismatch, IdempotentInstanceTerminated.
  absl::StatusOr<std::optional<ReservationView>> FindRun(const std::string& token, const std::string& digest);

  // All or none of `ids`. Errors: InvalidInstanceID.NotFound, IncorrectInstanceState, OperationNotPermitted
  // (protection), InsufficientInstanceCapacity.
  absl::StatusOr<std::vector<StateChange>> Start(absl::Span<const InstanceId> ids);
  absl::StatusOr<std::vector<StateChange>> Stop(absl::Span<const InstanceId> ids, bool force);
  // As Stop, but that their memory is kept, and the next start goes on from it. Errors too:
  // UnsupportedHibernationConfiguration for one that was not launched for that, IncorrectState while its root volume is
  // being replaced.
  absl::StatusOr<std::vector<StateChange>> Hibernate(absl::Span<const InstanceId> ids);
  absl::StatusOr<std::vector<StateChange>> Terminate(absl::Span<const InstanceId> ids, const Termination& how = {});
  absl::Status Reboot(absl::Span<const InstanceId> ids);

  // Errors of all that change an instance: InvalidInstanceID.NotFound, IncorrectInstanceState.
  absl::Status Modify(const InstanceId& id, const InstanceChange& change);
  // The options as they are then.
  absl::StatusOr<MetadataOptions> ModifyMetadataOptions(const InstanceId& id, const MetadataOptionsChange& change);
  absl::Status SetAutoRecovery(const InstanceId& id, bool enabled);
  // Error: InstanceCreditSpecification.NotSupported too.
  absl::Status SetCredits(const InstanceId& id, bool unlimited);
  // The hostname type changes only while the instance is stopped.
  absl::Status ModifyDnsNameOptions(const InstanceId& id, const PrivateDnsNameOptionsChange& change);
  // Of all or none of `ids`.
  absl::Status SetMonitoring(absl::Span<const InstanceId> ids, bool detailed);

 private:
  absl::StatusOr<std::optional<ReservationView>> FindRun(store::Connection& c, const std::string& token,
                                                         const std::string& digest);
  absl::StatusOr<std::vector<StateChange>> ChangeStates(
      absl::Span<const InstanceId> ids, const std::function<absl::Status(store::Connection&, Instance&)>& change);
  // Whether an instance with these interfaces may be of the type. Error: that of CheckIpv6OnlyType.
  absl::Status CheckTypeForInterfaces(store::Connection& c, const InstanceId& id, absl::string_view type) const;
  absl::Status GivePublicAddresses(store::Connection& c, const InstanceId& id);
  // Makes the interfaces of a launch, and attaches those that are there.
  absl::Status InsertInterfaces(store::Connection& c, const RunRequest& request, const Placement& place,
                                Instance& instance);
  absl::StatusOr<Instance> Insert(store::Connection& c, const RunRequest& request, const Placement& place,
                                  const ReservationId& reservation, int index);
  absl::Status ChangeInterfaces(store::Connection& c, const Instance& instance, const InstanceChange& change);
  absl::Status ChangeVolumes(store::Connection& c, const Instance& instance, const InstanceChange& change);

  store::Database& database_;
  const Settings& settings_;
  const InstanceTypeTable& types_;
  const Clock& clock_;
  Random& random_;
  const InstanceServiceHooks hooks_;
  const InstancePlacer placer_;
};

// Error: InstanceCreditSpecification.NotSupported for a type that has no burst credits.
absl::Status CheckBurstable(const Instance& instance);

// Inside a transaction of the caller's.

absl::StatusOr<Instance> GetInstance(store::Connection& connection,
                                     const InstanceId& id);  // InvalidInstanceID.NotFound
// With its user data. Error: InvalidInstanceID.NotFound.
absl::StatusOr<InstanceView> GetInstanceView(store::Connection& connection, const InstanceTypeTable& types,
                                             const InstanceId& id);
// In whatever state.
absl::StatusOr<std::vector<InstanceId>> ListInstances(store::Connection& connection);
// What Run launched under this client token; empty when it was not used, or so long ago that it was evicted.
absl::StatusOr<std::vector<Instance>> FindLaunch(store::Connection& connection, const std::string& client_token);

// As storage asks.
absl::StatusOr<storage::Machine> MachineOf(InstanceService& instances, const InstanceId& id);

}  // namespace brume::compute
