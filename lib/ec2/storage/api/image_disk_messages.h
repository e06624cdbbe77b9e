// Block device mappings of images between the schema's messages and the model.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "brume/ec2/v1/common.pb.h"
#include "google/protobuf/repeated_field.h"
#include "lib/ec2/storage/image_mappings.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/resource/account.h"

namespace brume::ec2 {

using BlockDeviceMappings = google::protobuf::RepeatedPtrField<v1::BlockDeviceMapping>;

// Errors: MissingParameter for one without a device, InvalidBlockDeviceMapping for one that says nothing or both that
// there is a volume and that there is none, those of CheckKmsKey.
absl::StatusOr<std::vector<storage::ImageMapping>> ParseMappings(const BlockDeviceMappings& mappings,
                                                                 const Account& account);

// The root volume, and the others that an instance of the image gets.
BlockDeviceMappings RenderDisks(const storage::ImageView& view);

}  // namespace brume::ec2
