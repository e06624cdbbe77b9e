// What policies may ask about images, volumes and snapshots.
// Source: the condition keys of "Actions, resources, and condition keys for Amazon EC2", Service Authorization
// Reference.
#pragma once

#include "lib/ec2/storage/image_service.h"
#include "lib/ec2/storage/snapshot_service.h"
#include "lib/ec2/storage/volume_service.h"
#include "lib/gateway/resource_facts.h"
#include "lib/resource/account.h"

namespace brume::ec2 {

void AddStorageFacts(gateway::ResourceFacts& facts, storage::ImageService& images, storage::VolumeService& volumes,
                     storage::SnapshotService& snapshots, const Account& account);

// Of a snapshot that is made of a volume.
AccessContext FactsOfSnapshotOf(const Volume& volume, const Account& account);
std::vector<AccessContext> FactsOfSnapshotsOf(const std::vector<Volume>& volumes, const Account& account);

}  // namespace brume::ec2
