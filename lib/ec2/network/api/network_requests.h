// What handlers of several networks' actions check of their requests.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/ipv4.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// Error: UnsupportedOperation where the request wants what subnets and interfaces do not have.
inline absl::Status RefuseIpv6(bool wanted, absl::string_view parameter, absl::string_view why) {
  if (!wanted) return absl::OkStatus();
  return Error("UnsupportedOperation", absl::StrCat("The parameter ", parameter, " is not supported: ", why));
}

// Of a VPC, which gets what the host chooses. Error: UnsupportedOperation.
inline absl::Status RefuseOwnIpv6(absl::string_view range) {
  return RefuseIpv6(!range.empty(), "Ipv6CidrBlock",
                    "the host chooses IPv6 ranges of VPCs, by AmazonProvidedIpv6CidrBlock");
}

// The group that addresses of a request are announced from. Error: InvalidParameterValue for one beside the region.
inline absl::Status CheckBorderGroup(absl::string_view group, absl::string_view parameter, const Settings& settings) {
  if (group.empty() || group == settings.region) return absl::OkStatus();
  return Error("InvalidParameterValue", absl::StrCat("Value (", group.substr(0, 64), ") for parameter ", parameter,
                                                     " is invalid: it is ", settings.region));
}

// The zone that a request names, by name or by id; empty where it names none. Error: InvalidParameterCombination.
template <typename Request>
absl::StatusOr<std::string> ParseZone(const Request& request) {
  if (request.availability_zone().empty()) return request.availability_zone_id();
  if (request.availability_zone_id().empty()) return request.availability_zone();
  return Error("InvalidParameterCombination",
               "The parameters availabilityZone and availabilityZoneId cannot be used together");
}

// A range that the request must have. Errors: MissingParameter, InvalidParameterValue.
inline absl::StatusOr<Cidr> ParseCidr(absl::string_view text, absl::string_view parameter) {
  if (text.empty()) return Error(kMissingParameter, parameter);
  const absl::StatusOr<Cidr> cidr = Cidr::Parse(text);
  if (cidr.ok()) return *cidr;
  return Error("InvalidParameterValue", absl::StrCat("Value (", text.substr(0, 64), ") for parameter ", parameter,
                                                     " is invalid. This is not a valid CIDR block."));
}

// The one of a request's attributes that is set. Error: InvalidParameterCombination unless it is exactly one.
inline absl::Status CheckOneAttribute(int set, absl::string_view of) {
  if (set == 1) return absl::OkStatus();
  return Error(set == 0 ? KnownCode("MissingParameter") : KnownCode("InvalidParameterCombination"),
               absl::StrCat("The request must contain exactly one attribute of the ", of));
}

}  // namespace brume::ec2
