// An instance with what belongs to it, read in one snapshot: what the API renders and filters.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/ec2/compute/model/profile_association.h"
#include "lib/ec2/network/model/network.h"
#include "lib/ec2/storage/model/storage.h"
#include "lib/store/database.h"

namespace brume::compute {

struct InstanceView {
  Instance instance;
  InstanceType type;
  // By device index; empty once terminated.
  std::vector<NetworkInterface> interfaces;
  // Names of the groups the interfaces are in.
  std::map<SecurityGroupId, std::string> group_names;
  std::vector<Volume> volumes;
  std::optional<ProfileAssociation> profile;
  TagMap tags;
};

struct ReservationView {
  ReservationId id;
  // Those of one reservation, by launch index.
  std::vector<InstanceView> instances;
};

// Completes rows to views in a number of statements that does not grow with their number.
absl::StatusOr<std::vector<InstanceView>> CompleteViews(store::Connection& connection, const InstanceTypeTable& types,
                                                        std::vector<Instance> instances);

}  // namespace brume::compute
