// An instance as EC2's API sees it, and the pure rules of its life.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/base/enum_names.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/resource/ids.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/state_reason.h"
#include "lib/resource/tags.h"

namespace brume {

// Values are EC2's state codes.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html
enum class InstanceState {
  kPending = 0,
  kRunning = 16,
  kShuttingDown = 32,
  kTerminated = 48,
  kStopping = 64,
  kStopped = 80
};
std::true_type IsPersisted(InstanceState);  // the database keeps its values
inline constexpr InstanceState kAllInstanceStates[] = {InstanceState::kPending,      InstanceState::kRunning,
                                                       InstanceState::kShuttingDown, InstanceState::kTerminated,
                                                       InstanceState::kStopping,     InstanceState::kStopped};

// "pending", "running", "shutting-down", "terminated", "stopping", "stopped".
absl::string_view StateName(InstanceState state);
// A row in such a state is work for the reconciler.
bool IsTransitional(InstanceState state);
// States in which the instance holds memory and vCPUs of the host.
bool HoldsCapacity(InstanceState state);

enum class ShutdownBehavior { kStop = 0, kTerminate = 1 };
std::true_type IsPersisted(ShutdownBehavior);  // the database keeps its values
absl::string_view ShutdownBehaviorName(ShutdownBehavior behavior);
// "stop" or "terminate"; InvalidParameterValue otherwise.
absl::StatusOr<ShutdownBehavior> ParseShutdownBehavior(absl::string_view name);

enum class HttpTokens { kOptional = 0, kRequired = 1 };
std::true_type IsPersisted(HttpTokens);  // the database keeps its values
inline constexpr EnumNames kHttpTokensNames({std::pair{HttpTokens::kOptional, "optional"},
                                             {HttpTokens::kRequired, "required"}});

enum class MetadataState { kDisabled = 0, kEnabled = 1 };
std::true_type IsPersisted(MetadataState);  // the database keeps its values
inline constexpr EnumNames kMetadataStateNames({std::pair{MetadataState::kDisabled, "disabled"},
                                                {MetadataState::kEnabled, "enabled"}});

struct MetadataOptions {
  HttpTokens tokens = HttpTokens::kRequired;
  MetadataState endpoint = MetadataState::kEnabled;  // HttpEndpoint
  MetadataState tags = MetadataState::kDisabled;     // InstanceMetadataTags
  int hop_limit = 1;                                 // HttpPutResponseHopLimit, 1..64
  MetadataState ipv6 = MetadataState::kDisabled;     // HttpProtocolIpv6
  friend bool operator==(const MetadataOptions&, const MetadataOptions&) = default;
};

// An unset member stays as it is.
struct MetadataOptionsChange {
  std::optional<HttpTokens> tokens;
  std::optional<MetadataState> endpoint, tags;
  std::optional<int> hop_limit;
  std::optional<MetadataState> ipv6 = {};

  MetadataOptions AppliedTo(const MetadataOptions& present) const {
    return {.tokens = tokens.value_or(present.tokens),
            .endpoint = endpoint.value_or(present.endpoint),
            .tags = tags.value_or(present.tags),
            .hop_limit = hop_limit.value_or(present.hop_limit),
            .ipv6 = ipv6.value_or(present.ipv6)};
  }
};

// What an instance keeps of its memory while it is stopped. kUnsupported: it was not launched for that.
enum class Hibernation {
  kUnsupported = 0,
  kConfigured = 1,  // nothing now
  kSaving = 2,      // it is being stopped, and its memory is to be saved
  kSaved = 3,       // the next guest goes on from it
};
std::true_type IsPersisted(Hibernation);  // the database keeps its values

struct Instance {
  InstanceId id;
  ReservationId reservation_id;
  int launch_index = 0;
  ImageId image_id;
  std::string instance_type;
  InstanceState state = InstanceState::kPending;
  StateReason state_reason;
  // EC2's StateTransitionReason: "User initiated (2026-01-31 10:00:00 GMT)"; empty when it never left running.
  std::string transition_reason;
  // When the present state was entered; deadlines of transitional states count from it.
  absl::Time state_since;
  absl::Time launch_time;  // of the latest start, as in EC2
  std::string uuid;        // SMBIOS; begins with "ec2"
  std::string key_name;    // empty = none
  // The pair's public line as it was at the launch: deleting the pair takes nobody's login away.
  std::string public_key;
  std::string client_token;
  std::string user_data;  // raw bytes, at most 16 KiB
  ShutdownBehavior shutdown_behavior = ShutdownBehavior::kStop;
  bool disable_api_termination = false;
  bool disable_api_stop = false;
  bool monitoring = false;  // detailed
  bool ebs_optimized = false;
  bool unlimited_credits = false;        // CreditSpecification; of burstable types alone
  bool auto_recovery = true;             // MaintenanceOptions: started again when it ran as the host went down
  bool open_to_reservations = true;      // CapacityReservationPreference: "open" or "none"
  BootMode boot_mode = BootMode::kBios;  // its image's
  Hibernation hibernation = Hibernation::kUnsupported;
  bool source_dest_check = true;
  MetadataOptions metadata_options;
  std::string availability_zone;
  VpcId vpc_id;
  SubnetId subnet_id;
  std::string root_device_name;
  // A stop that cuts the power at once.
  bool force_stop = false;
  // Set while a reboot is asked for and not yet seen; state stays running, as in EC2.
  std::optional<absl::Time> reboot_requested;
  // The host boot (/proc/sys/kernel/random/boot_id) under which the guest was last seen on; tells a guest that stopped
  // by itself from a host that was switched off.
  std::string host_boot_id;
  // What the latest failed step of the reconciler said; empty when none failed.
  std::string last_error;
  // Counts changes of the row; an update of an older one is Aborted.
  int64_t version = 0;
};

// IncorrectInstanceState: what cannot be done with an instance in its state, "started".
absl::Status WrongState(const Instance& instance, absl::string_view verb);
// Error: IncorrectInstanceState for one that ends or has ended.
absl::Status CheckModifiable(const Instance& instance);
// `what` changes only while the instance is stopped. Error: IncorrectInstanceState.
absl::Status CheckStopped(const Instance& instance, absl::string_view what);

// Volumes and network interfaces come and go while it runs or is stopped. Error: IncorrectState.
absl::Status CheckSteady(const Instance& instance);
// `what` cannot change while the memory of its guest is kept. Error: UnsupportedOperation.
absl::Status CheckNotHibernated(const Instance& instance, absl::string_view what);

inline constexpr size_t kMaxUserDataBytes = 16 * 1024;

}  // namespace brume
