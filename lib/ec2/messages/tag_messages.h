// Tags between the schema's messages and the model.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "brume/ec2/v1/common.pb.h"
#include "lib/resource/kinds.h"
#include "lib/resource/tags.h"

namespace brume::ec2 {

using TagSpecifications = google::protobuf::RepeatedPtrField<v1::TagSpecification>;

// Sorts the tags of a call by what they are for; `targets` has a map for every kind of resource the call makes.
// Errors: InvalidParameterValue for another type, and for a key given twice.
absl::Status ParseTags(const TagSpecifications& specifications, const std::map<const Kind*, TagMap*>& targets);
// For calls that make one resource.
absl::StatusOr<TagMap> ParseTags(const TagSpecifications& specifications, const Kind& kind);
// Error: InvalidParameterValue for a key given twice.
absl::Status AddTags(const google::protobuf::RepeatedPtrField<v1::Tag>& tags, TagMap& target);

google::protobuf::RepeatedPtrField<v1::Tag> RenderTags(const TagMap& tags);

}  // namespace brume::ec2
