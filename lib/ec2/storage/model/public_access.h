// What keeps images and snapshots from being made everybody's. Source of behaviour: EC2 API reference,
// EnableImageBlockPublicAccess, EnableSnapshotBlockPublicAccess.
#pragma once

#include <type_traits>

#include "lib/base/enum_names.h"

namespace brume {

// Everybody, in the list of those whom an image or a snapshot is shared with.
inline constexpr char kEveryone[] = "all";

enum class SharedKind { kImages = 0, kSnapshots = 1 };
std::true_type IsPersisted(SharedKind);  // the database keeps its values

// kBlockAllSharing, of snapshots alone, is also against what is everybody's already; there is nobody else here.
enum class PublicAccessBlock { kUnblocked = 0, kBlockNewSharing = 1, kBlockAllSharing = 2 };
std::true_type IsPersisted(PublicAccessBlock);  // the database keeps its values

inline constexpr EnumNames kPublicAccessBlockNames({std::pair{PublicAccessBlock::kUnblocked, "unblocked"},
                                                    {PublicAccessBlock::kBlockNewSharing, "block-new-sharing"},
                                                    {PublicAccessBlock::kBlockAllSharing, "block-all-sharing"}});

}  // namespace brume
