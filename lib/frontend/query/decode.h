// The parameters of a Query request as a request message, by the names and types of the schema.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/frontend/query/form.h"

namespace brume::frontend {

// Fills the empty `request`, of the input type of `method`, from `form`. Action, Version and what signs a request
// (X-Amz-…, Signature …) are passed over. Time and memory are linear in the form.
//
//   InstanceId.1=i-1&InstanceId.2=i-2      EC2's lists; AWS_QUERY's are Tags.member.1.Key=…
//   BlockDeviceMapping.1.Ebs.VolumeSize=8  structures
//   InstanceId=                            an empty list, as clients send it
//   InstanceId=i-1                         EC2's list of one value
//
// The numbers of a list order it; gaps mean nothing. Nothing is dropped silently. Errors: UnknownParameter for a name
// that the schema does not have; InvalidQueryParameter for a parameter that comes twice; InvalidParameterValue for a
// value that is not of the parameter's type. What the schema's options say is gateway::Validate's to check.
absl::Status DecodeRequest(const Form& form, const google::protobuf::MethodDescriptor& method,
                           google::protobuf::Message& request);

}  // namespace brume::frontend
