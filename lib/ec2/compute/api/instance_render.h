// Instances as EC2 shows them.
#pragma once

#include "absl/types/span.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/instance_view.h"
#include "lib/ec2/compute/status_service.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// What a page of thousands of instances is made of is rendered in place, as messages are moved field by field.
void RenderState(InstanceState state, v1::InstanceState& rendered);
void RenderProfile(const ProfileAssociation& association, v1::IamInstanceProfile& rendered);
void RenderInstance(const compute::InstanceView& view, const Settings& settings, v1::Instance& rendered);
void RenderMetadataOptions(const MetadataOptions& options, v1::InstanceMetadataOptionsResponse& rendered);
void RenderMonitoring(bool detailed, v1::Monitoring& rendered);
v1::InstanceStatus RenderStatus(const compute::InstanceView& view, const compute::InstanceStatus& status,
                                const Settings& settings);
v1::InstanceStateChange RenderChange(const compute::StateChange& change);

// The groups of the first interface; empty once the instance has none.
google::protobuf::RepeatedPtrField<v1::GroupIdentifier> RenderGroups(const compute::InstanceView& view);
google::protobuf::RepeatedPtrField<v1::InstanceBlockDeviceMapping> RenderVolumes(const compute::InstanceView& view);

// "open", "none".
absl::string_view ReservationPreference(const Instance& instance);
// "default", "disabled".
absl::string_view AutoRecovery(bool enabled);
// What becomes of an instance whose host is to be left at a reboot; there is no other host.
inline constexpr char kRebootMigration[] = "default";
// Network and storage have no shares of their own.
inline constexpr char kBandwidthWeighting[] = "default";

// Why it is in its state: what the row says, else what keeps it from the state it is on its way to. Empty code =
// nothing.
StateReason ReasonOf(const Instance& instance);
// "ok", "impaired", "initializing", "not-applicable"; and of the one check in it: "passed", "failed", "initializing",
// "".
absl::string_view SummaryText(compute::CheckStatus status);
absl::string_view CheckText(compute::CheckStatus status);

// Instances that stand side by side and are of one launch, as reservations.
google::protobuf::RepeatedPtrField<v1::Reservation> RenderReservations(absl::Span<const compute::InstanceView> views,
                                                                       const Settings& settings);

}  // namespace brume::ec2
