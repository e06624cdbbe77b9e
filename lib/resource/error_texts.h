// The texts of errors that programs match beside the code, in EC2's and IAM's own words. What else there is to say,
// such as which object is in the way, stands behind them. The texts of ids that are not there are in kKinds.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/substitute.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {

// A code and what it says; $0, $1 … are filled in.
struct ErrorText {
  KnownCode code;
  absl::string_view text;
};

// Groups: id, name, VPC.
inline constexpr ErrorText kGroupDuplicate = {"InvalidGroup.Duplicate",
                                              "The security group '$0' already exists for VPC '$1'"};
inline constexpr ErrorText kGroupNotInVpc = {"InvalidGroup.NotFound",
                                             "The security group '$0' does not exist in VPC '$1'"};
inline constexpr ErrorText kGroupNotInDefaultVpc = {"InvalidGroup.NotFound",
                                                    "The security group '$0' does not exist in default VPC '$1'"};
inline constexpr ErrorText kGroupIsDefault = {"CannotDelete",
                                              "the specified group: \"$0\" name: \"$1\" cannot be deleted by a user"};
inline constexpr ErrorText kHasDependent = {"DependencyViolation", "resource $0 has a dependent object"};
inline constexpr ErrorText kRuleDuplicate = {"InvalidPermission.Duplicate", "the specified rule \"$0\" already exists"};
inline constexpr ErrorText kRuleNotFound = {"InvalidPermission.NotFound",
                                            "The specified rule does not exist in this security group."};
inline constexpr ErrorText kRulesFull = {"RulesPerSecurityGroupLimitExceeded",
                                         "The maximum number of rules per security group has been reached."};

// Instances: id; what is asked for; the attribute in the way.
inline constexpr ErrorText kWrongState = {"IncorrectInstanceState",
                                          "The instance '$0' is not in a state from which it can be $1."};
inline constexpr ErrorText kNotStopped = {"IncorrectInstanceState", "The instance '$0' is not in the 'stopped' state."};
inline constexpr ErrorText kProtected = {
    "OperationNotPermitted", "The instance '$0' may not be $1. Modify its '$2' instance attribute and try again."};
inline constexpr ErrorText kTokenReused = {
    "IdempotentParameterMismatch",
    "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."};

// Key pairs and launch templates: name.
inline constexpr ErrorText kKeyPairDuplicate = {"InvalidKeyPair.Duplicate", "The keypair '$0' already exists."};
inline constexpr ErrorText kTemplateNameNotFound = {
    "InvalidLaunchTemplateName.NotFoundException",
    "The specified launch template, with template name $0, does not exist."};
inline constexpr ErrorText kTemplateNameInUse = {"InvalidLaunchTemplateName.AlreadyExistsException",
                                                 "Launch template name already in use."};

// Requests: parameter, what is to be done.
inline constexpr ErrorText kMissingParameter = {"MissingParameter", "The request must contain the parameter $0"};
inline constexpr ErrorText kDryRun = {"DryRunOperation", "Request would have succeeded, but DryRun flag is set."};
inline constexpr ErrorText kUnauthorized = {"UnauthorizedOperation",
                                            "You are not authorized to perform this operation."};
inline constexpr ErrorText kAuthFailure = {"AuthFailure",
                                           "AWS was not able to validate the provided access credentials"};

// IAM: noun with a capital, name.
inline constexpr ErrorText kEntityExists = {"EntityAlreadyExists", "$0 with name $1 already exists."};
inline constexpr ErrorText kPolicyExists = {"EntityAlreadyExists",
                                            "A policy called $0 already exists. Duplicate names are not allowed."};

// ec2::Error(ec2::kGroupDuplicate, name, vpc.text())
template <typename... Args>
absl::Status Error(const ErrorText& text, const Args&... args) {
  return Error(text.code, absl::Substitute(text.text, args...));
}

// The same, and behind it what the caller can do about this one.
template <typename... Args>
absl::Status ErrorAnd(absl::string_view more, const ErrorText& text, const Args&... args) {
  return Error(text.code, absl::StrCat(absl::Substitute(text.text, args...), " ", more));
}

}  // namespace brume::ec2
