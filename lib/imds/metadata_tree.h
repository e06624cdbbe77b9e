// What an instance can read about itself, as one tree of documents. Pure.
//
// Source of behaviour: "Instance metadata categories" and "Instance identity documents" in the EC2 User Guide, and what
// cloud-init makes of the answers: it walks meta-data/ by its listings and drops everything when one listed entry does
// not resolve. So listings are never written by hand: they are made of the same nodes the documents are found in.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/network/model/network.h"
#include "lib/iam/model/instance_profile.h"
#include "lib/imds/role_credentials.h"

namespace brume::imds {

// Everything the documents of one instance are made of, read in one snapshot.
struct MetadataSource {
  compute::InstanceView view;  // with user data
  Vpc vpc;
  std::vector<Cidr> further_ranges;    // of the VPC, beside its first
  std::vector<CidrIpv6> ipv6_ranges;   // of the VPC
  std::map<SubnetId, Subnet> subnets;  // of the interfaces
  std::string architecture;            // of the image
  std::string public_key;              // one OpenSSH line; empty = no key
  std::string region;
  std::string zone_id;
  std::string account_id;
  std::string domain;  // of private names: "ec2.internal"
  // What view.profile names; none when the instance has none or it is deleted.
  std::optional<InstanceProfile> profile;
  // Of the profile's role; none when it has none or does not let EC2 take it on.
  std::optional<RoleCredentials> credentials;
  // Of a member of an Auto Scaling group: "InService" …; empty for an instance of no group.
  std::string target_lifecycle_state;
};

struct Document {
  std::string content_type;
  std::string body;
};

// The document at a path that was split at '/' and decoded; no segments = the list of versions. A directory answers its
// entries, one a line, with or without a '/' at the end of the path. Every version of EC2's serves the same tree.
// Error: NotFound.
absl::StatusOr<Document> FindDocument(const MetadataSource& source, absl::Span<const std::string> path);

// EC2's versions, "latest" last.
absl::Span<const char* const> Versions();

}  // namespace brume::imds
