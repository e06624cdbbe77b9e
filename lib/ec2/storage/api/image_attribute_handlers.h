// The actions on single attributes of an image. What is given outlives the dispatcher.
#pragma once

#include "brume/ec2/v1/image.pb.h"
#include "google/protobuf/repeated_field.h"
#include "lib/ec2/storage/api/storage_actions.h"
#include "lib/gateway/actions.h"

namespace brume::ec2 {

void AddImageAttributeActions(gateway::Actions& actions, const StorageServices& services);

// The root volume, and the others that an instance of the image gets.
google::protobuf::RepeatedPtrField<v1::BlockDeviceMapping> RenderDisks(const storage::ImageView& view);

}  // namespace brume::ec2
