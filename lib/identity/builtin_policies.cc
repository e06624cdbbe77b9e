#include "lib/identity/builtin_policies.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace brume::identity {
namespace {

constexpr char kPrefix[] = "arn:aws:iam::aws:policy/";

// What the policies of these names grant at AWS of the services that are here.
constexpr BuiltinPolicy kPolicies[] = {
    {"AdministratorAccess", "Provides full access to all services and resources.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"},
    {"AmazonEC2FullAccess", "Provides full access to Amazon EC2.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]})"},
    {"AmazonEC2ReadOnlyAccess", "Provides read only access to Amazon EC2.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
     R"("Action":["ec2:Describe*","ec2:GetConsoleOutput","ec2:GetSecurityGroupsForVpc"],"Resource":"*"}]})"},
    {"IAMFullAccess", "Provides full access to IAM.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]})"},
    {"IAMReadOnlyAccess", "Provides read only access to IAM.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
     R"("Action":["iam:Get*","iam:List*","iam:Simulate*"],"Resource":"*"}]})"},
    {"PowerUserAccess", "Provides full access to all services but the management of users and groups.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*"],"Resource":"*"},)"
     R"({"Effect":"Allow","Action":["iam:ListRoles"],"Resource":"*"}]})"},
    {"ReadOnlyAccess", "Provides read only access to all services and resources.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:Describe*","ec2:Get*",)"
     R"("iam:Get*","iam:List*","sts:Get*"],"Resource":"*"}]})"},
};

}  // namespace

absl::Span<const BuiltinPolicy> BuiltinPolicies() { return kPolicies; }

const BuiltinPolicy* FindBuiltinPolicy(absl::string_view arn) {
  if (!absl::ConsumePrefix(&arn, kPrefix)) return nullptr;
  for (const BuiltinPolicy& policy : kPolicies) {
    if (policy.name == arn) return &policy;
  }
  return nullptr;
}

std::string BuiltinPolicyArn(const BuiltinPolicy& policy) { return absl::StrCat(kPrefix, policy.name); }

}  // namespace brume::identity
