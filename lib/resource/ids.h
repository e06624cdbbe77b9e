// EC2's resource ids as types: one cannot be passed for another, and one that exists is well formed.
// Form: PREFIX-, then 17 (or, as in old accounts, 8) lower-case hex digits.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/random.h"
#include "lib/resource/kinds.h"

namespace brume {

// True for PREFIX-hex17 and PREFIX-hex8.
bool IsWellFormedId(const Kind& kind, absl::string_view text);
absl::Status MalformedId(const Kind& kind, absl::string_view text);
absl::Status IdNotFound(const Kind& kind, absl::string_view text);

// A kind's prefix as an argument of a template: Id<"vol">.
struct IdPrefix {
  template <size_t size>
  consteval IdPrefix(const char (&prefix)[size]) : length(size - 1) {  // NOLINT(google-explicit-constructor)
    for (size_t i = 0; i < size; ++i) text[i] = prefix[i];
  }
  // With its length: under UBSan, GCC 12 does not take it from the text in a constant expression.
  constexpr absl::string_view view() const { return absl::string_view(text, length); }

  char text[24] = {};
  size_t length;
};

// A value type; the empty one (default) stands for "none".
template <IdPrefix prefix>
class Id {
 public:
  // By its index: under UBSan, GCC 12 does not take a pointer for a constant.
  static_assert(IndexOfKind(prefix.view()) < std::size(kKinds), "no row of kKinds has this prefix");
  static constexpr const Kind& kKind = kKinds[IndexOfKind(prefix.view())];

  Id() = default;

  // Errors: the kind's malformed code.
  static absl::StatusOr<Id> Parse(absl::string_view text) {
    if (!IsWellFormedId(kKind, text)) return MalformedId(kKind, text);
    return Id(std::string(text));
  }
  // For text that was checked before it was stored.
  static Id FromTrusted(std::string text) { return Id(std::move(text)); }
  static Id New(Random& random) { return Id(absl::StrCat(kKind.prefix, "-", random.Hex(17))); }

  static absl::Status NotFound(absl::string_view text) { return IdNotFound(kKind, text); }
  absl::Status NotFound() const { return IdNotFound(kKind, text_); }

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

using InstanceId = Id<"i">;
using ImageId = Id<"ami">;
using VolumeId = Id<"vol">;
using PrefixListId = Id<"pl">;
using SnapshotId = Id<"snap">;
using VpcId = Id<"vpc">;
using SubnetId = Id<"subnet">;
using EniId = Id<"eni">;
using SecurityGroupId = Id<"sg">;
using SecurityGroupRuleId = Id<"sgr">;
using ReservationId = Id<"r">;
using KeyPairId = Id<"key">;
using LaunchTemplateId = Id<"lt">;
using NetworkAclId = Id<"acl">;
using NetworkAclAssociationId = Id<"aclassoc">;
using RouteTableId = Id<"rtb">;
using InternetGatewayId = Id<"igw">;
using NatGatewayId = Id<"nat">;
using FlowLogId = Id<"fl">;
using NetworkInsightsPathId = Id<"nip">;
using NetworkInsightsAnalysisId = Id<"nia">;
using VpcEndpointId = Id<"vpce">;
using VpcPeeringConnectionId = Id<"pcx">;
using RouteTableAssociationId = Id<"rtbassoc">;
using VpcCidrAssociationId = Id<"vpc-cidr-assoc">;
using DhcpOptionsId = Id<"dopt">;
using SubnetCidrAssociationId = Id<"subnet-cidr-assoc">;
using EgressOnlyInternetGatewayId = Id<"eigw">;
using AllocationId = Id<"eipalloc">;
using AddressAssociationId = Id<"eipassoc">;
using ExportImageTaskId = Id<"export-ami">;
using ImportImageTaskId = Id<"import-ami">;
using ImportSnapshotTaskId = Id<"import-snap">;
using ReplaceRootVolumeTaskId = Id<"replacevol">;

}  // namespace brume
