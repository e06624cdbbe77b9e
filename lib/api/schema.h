// The schema as compiled in: what is served, and what its options say.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace brume::api {

// The services of proto/brume/v1, in order of their files' names.
std::vector<const google::protobuf::ServiceDescriptor*> Services();

// True for a method that takes or gives a stream: the dispatcher does not serve those.
bool IsStreaming(const google::protobuf::MethodDescriptor& method);

// The name of a field in messages to the caller: as a Query request spells it, with a small first letter, as EC2 does.
// The field image_id is "imageId", instance_ids is "instanceId".
std::string ParameterName(const google::protobuf::FieldDescriptor& field);

}  // namespace brume::api
