// A call as policies see it: its action, the resources it names, the condition keys that hold for it.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "lib/gateway/access_question.h"
#include "lib/gateway/caller.h"
#include "lib/resource/account.h"

namespace brume::gateway {

// "ec2:RunInstances".
std::string ActionName(const google::protobuf::MethodDescriptor& method);

// Resources: each id and name the request holds (the field options `id` and `arn_type`), and what the method creates.
// Condition keys: aws:CurrentTime, aws:EpochTime, aws:PrincipalArn, aws:PrincipalAccount, aws:PrincipalType,
// aws:RequestedRegion, aws:SecureTransport, aws:SourceIp, aws:UserAgent, aws:userid, aws:username, and of the tags a
// request sets aws:RequestTag/KEY and aws:TagKeys.
AccessQuestion QuestionOf(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request,
                          const Caller& caller, const Account& account, absl::Time now);

}  // namespace brume::gateway
