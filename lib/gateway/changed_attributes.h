// The condition keys that say what a call changes of a resource.
#pragma once

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/gateway/access_question.h"

namespace brume::gateway {

// Of EC2's Modify… and Reset… actions: ec2:Attribute, the names of the attributes that the request sets
// ("InstanceType"), also where it has the name in the parameter Attribute, and ec2:Attribute/NAME, the value of one
// that is a text, a number or a boolean. A secret's value is left out.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policies-for-amazon-ec2.html, "Attribute keys"
void AddChangedAttributes(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request,
                          AccessContext& context);

}  // namespace brume::gateway
