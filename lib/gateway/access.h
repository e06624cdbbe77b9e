// A call as policies see it: its action, the resources it names, the condition keys that hold for it.
#pragma once

#include <string>
#include <vector>

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
// aws:RequestedRegion, aws:ResourceAccount, aws:SecureTransport, aws:SourceIp (through a VPC endpoint aws:SourceVpc,
// aws:SourceVpcArn, aws:SourceVpce and aws:VpcSourceIp instead), aws:UserAgent, aws:userid, aws:username, ec2:Region,
// aws:ViaAWSService, aws:PrincipalIsAWSService, of temporary credentials aws:TokenIssueTime,
// aws:MultiFactorAuthPresent, ec2:RoleDelivery, ec2:SourceInstanceARN, aws:EC2InstanceSourceVPC and
// aws:EC2InstanceSourcePrivateIPv4, of attached policies iam:PolicyARN, of
// changes those of changed_attributes.h, and of the tags a request sets aws:RequestTag/KEY and aws:TagKeys, those of a
// TagSpecification for what it tags alone.
AccessQuestion QuestionOf(const google::protobuf::MethodDescriptor& method, const google::protobuf::Message& request,
                          const Caller& caller, const Account& account, absl::Time now);

// What else EC2 asks of who makes tagged resources by `question`: ec2:CreateTags on each kind, with its own tags and
// with ec2:CreateAction.
std::vector<AccessQuestion> TaggingQuestions(const google::protobuf::MethodDescriptor& method,
                                             const AccessQuestion& question);

}  // namespace brume::gateway
