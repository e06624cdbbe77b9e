// EC2's resource ids as types: one cannot be passed for another, and one that exists is well formed.
// Form: PREFIX-, then 17 (or, as in old accounts, 8) lower-case hex digits.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/base/random.h"
#include "lib/resource/error_codes.h"

namespace brume {

struct IdKind {
  const char* prefix;          // "i"
  const char* noun;            // "instance", as in the messages
  ec2::KnownCode malformed_code; // "InvalidInstanceID.Malformed"
  ec2::KnownCode not_found_code; // "InvalidInstanceID.NotFound"
};

inline constexpr IdKind kInstanceKind{"i", "instance", "InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound"};
inline constexpr IdKind kImageKind{"ami", "image", "InvalidAMIID.Malformed", "InvalidAMIID.NotFound"};
inline constexpr IdKind kVolumeKind{"vol", "volume", "InvalidVolumeID.Malformed", "InvalidVolume.NotFound"};
inline constexpr IdKind kSnapshotKind{"snap", "snapshot", "InvalidSnapshotID.Malformed", "InvalidSnapshot.NotFound"};
inline constexpr IdKind kVpcKind{"vpc", "vpc", "InvalidVpcID.Malformed", "InvalidVpcID.NotFound"};
inline constexpr IdKind kSubnetKind{"subnet", "subnet", "InvalidSubnetID.Malformed", "InvalidSubnetID.NotFound"};
inline constexpr IdKind kEniKind{"eni", "network interface", "InvalidNetworkInterfaceId.Malformed",
                                 "InvalidNetworkInterfaceID.NotFound"};
inline constexpr IdKind kSecurityGroupKind{"sg", "security group", "InvalidGroupId.Malformed", "InvalidGroup.NotFound"};
inline constexpr IdKind kSecurityGroupRuleKind{"sgr", "security group rule", "InvalidSecurityGroupRuleId.Malformed",
                                               "InvalidSecurityGroupRuleId.NotFound"};
inline constexpr IdKind kReservationKind{"r", "reservation", "InvalidReservationID.Malformed",
                                         "InvalidReservationID.NotFound"};
inline constexpr IdKind kKeyPairKind{"key", "key pair", "InvalidParameterValue", "InvalidKeyPair.NotFound"};
inline constexpr IdKind kLaunchTemplateKind{"lt", "launch template", "InvalidLaunchTemplateId.Malformed",
                                            "InvalidLaunchTemplateId.NotFound"};

// True for PREFIX-hex17 and PREFIX-hex8.
bool IsWellFormedId(absl::string_view prefix, absl::string_view text);
absl::Status MalformedId(const IdKind& kind, absl::string_view text);
absl::Status IdNotFound(const IdKind& kind, absl::string_view text);

// A value type; the empty one (default) stands for "none".
template <const IdKind& kind>
class Id {
 public:
  Id() = default;

  // Errors: the kind's malformed code.
  static absl::StatusOr<Id> Parse(absl::string_view text) {
    if (!IsWellFormedId(kind.prefix, text)) return MalformedId(kind, text);
    return Id(std::string(text));
  }
  // For text that was checked before it was stored.
  static Id FromTrusted(std::string text) { return Id(std::move(text)); }
  static Id New(Random& random) { return Id(std::string(kind.prefix) + "-" + random.Hex(17)); }

  static absl::Status NotFound(absl::string_view text) { return IdNotFound(kind, text); }
  absl::Status NotFound() const { return IdNotFound(kind, text_); }

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(const Id& a, const Id& b) { return a.text_ == b.text_; }
  friend auto operator<=>(const Id& a, const Id& b) { return a.text_ <=> b.text_; }
  template <typename H>
  friend H AbslHashValue(H h, const Id& id) {
    return H::combine(std::move(h), id.text_);
  }

 private:
  explicit Id(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

using InstanceId = Id<kInstanceKind>;
using ImageId = Id<kImageKind>;
using VolumeId = Id<kVolumeKind>;
using SnapshotId = Id<kSnapshotKind>;
using VpcId = Id<kVpcKind>;
using SubnetId = Id<kSubnetKind>;
using EniId = Id<kEniKind>;
using SecurityGroupId = Id<kSecurityGroupKind>;
using SecurityGroupRuleId = Id<kSecurityGroupRuleKind>;
using ReservationId = Id<kReservationKind>;
using KeyPairId = Id<kKeyPairKind>;
using LaunchTemplateId = Id<kLaunchTemplateKind>;

}  // namespace brume
