// What the metadata service reads of the store, and the one value it keeps there.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "lib/base/random.h"
#include "lib/ec2/compute/model/instance_type.h"
#include "lib/imds/metadata_tree.h"
#include "lib/imds/token.h"
#include "lib/resource/settings.h"
#include "lib/store/database.h"

namespace brume::imds {

// The instance that owns the private address `peer` in `vpc`, with all its documents are made of but the credentials of
// its role. None when no instance has the address.
absl::StatusOr<std::optional<MetadataSource>> ReadSource(store::Connection& connection, const Settings& settings,
                                                         const InstanceTypeTable& types, const VpcId& vpc, Ipv4 peer);

// The installation's token key, made at the first call, so that tokens survive a restart.
absl::StatusOr<TokenKey> EnsureTokenKey(store::Database& database, Random& random);

}  // namespace brume::imds
