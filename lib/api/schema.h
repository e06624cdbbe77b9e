// The schema as compiled in: what is served, and what its options say.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace brume::api {

// The services of proto/brume, in order of their files' names.
std::vector<const google::protobuf::ServiceDescriptor*> Services();

// The public API a service belongs to, by the options of its ApiFamily.
struct ApiFamilyInfo {
  std::string signing_name;  // "ec2"
  std::string api_version;   // "2016-11-15"; empty for what is not served over HTTP
  bool aws_query = false;    // Name.member.1 and <XResult>, not EC2's Name.1
};
// The reference stays good.
const ApiFamilyInfo& Family(const google::protobuf::ServiceDescriptor& service);

// True for a method that takes or gives a stream: the dispatcher does not serve those.
bool IsStreaming(const google::protobuf::MethodDescriptor& method);

// The name of a field in messages to the caller: as a Query request spells it, with a small first letter, as EC2 does.
// The field image_id is "imageId", instance_ids is "instanceId".
std::string ParameterName(const google::protobuf::FieldDescriptor& field);

}  // namespace brume::api
