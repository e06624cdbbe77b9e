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

// The instance of the interface, with all its documents are made of but the credentials of its role. None when it has
// none.
absl::StatusOr<std::optional<MetadataSource>> ReadSource(store::Connection& connection, const Settings& settings,
                                                         const InstanceTypeTable& types, const NetworkInterface& eni);

// The installation's token key, made at the first call, so that tokens survive a restart.
absl::StatusOr<TokenKey> EnsureTokenKey(store::Database& database, Random& random);

}  // namespace brume::imds
