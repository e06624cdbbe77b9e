#include "lib/iam/model/builtin_policies.h"

#include "absl/strings/str_cat.h"
#include "lib/resource/arn.h"

namespace brume::iam {
namespace {

constexpr char kOwner[] = "aws";
constexpr char kPrefix[] = "policy/";

// What the policies of these names grant at AWS of the services that are here.
constexpr BuiltinPolicy kPolicies[] = {
    {"AdministratorAccess", "Provides full access to all services and resources.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"},
    {"AmazonEC2ContainerRegistryReadOnly", "Provides read only access to repositories of images; there are none here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:BatchCheckLayerAvailability",)"
     R"("ecr:BatchGetImage","ecr:Describe*","ecr:Get*","ecr:List*"],"Resource":"*"}]})"},
    {"AmazonEC2FullAccess", "Provides full access to Amazon EC2.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
     R"("Action":["ec2:*","cloudwatch:*","autoscaling:*"],"Resource":"*"}]})"},
    {"AmazonEC2ReadOnlyAccess", "Provides read only access to Amazon EC2.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
     R"("Action":["ec2:Describe*","ec2:GetConsoleOutput","ec2:GetSecurityGroupsForVpc","cloudwatch:ListMetrics",)"
     R"("cloudwatch:GetMetricStatistics","cloudwatch:Describe*","autoscaling:Describe*"],"Resource":"*"}]})"},
    {"AmazonS3FullAccess", "Provides full access to Amazon S3, which is not here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":"*"}]})"},
    {"AmazonS3ReadOnlyAccess", "Provides read only access to Amazon S3, which is not here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Describe*","s3:Get*","s3:List*"],)"
     R"("Resource":"*"}]})"},
    {"AmazonSSMManagedInstanceCore", "Lets an instance be managed by AWS Systems Manager, which is not here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:DescribeAssociation",)"
     R"("ssm:DescribeDocument","ssm:GetDocument","ssm:GetManifest","ssm:GetParameter*","ssm:List*Associations",)"
     R"("ssm:Put*","ssm:Update*","ssmmessages:*","ec2messages:*"],"Resource":"*"}]})"},
    {"AmazonSSMReadOnlyAccess", "Provides read only access to AWS Systems Manager, which is not here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:Describe*","ssm:Get*","ssm:List*"],)"
     R"("Resource":"*"}]})"},
    {"AmazonVPCFullAccess", "Provides full access to VPCs, their networks and gateways.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:*Address*","ec2:*Dhcp*",)"
     R"("ec2:*InternetGateway*","ec2:*NatGateway*","ec2:*Network*","ec2:*Route*","ec2:*SecurityGroup*","ec2:*Subnet*",)"
     R"("ec2:*Tags","ec2:*Vpc*","ec2:DescribeAvailabilityZones","ec2:DescribeInstances","ec2:DescribeKeyPairs"],)"
     R"("Resource":"*"}]})"},
    {"AmazonVPCReadOnlyAccess", "Provides read only access to VPCs, their networks and gateways.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:DescribeA*","ec2:DescribeDhcpOptions",)"
     R"("ec2:DescribeInternetGateways","ec2:DescribeNatGateways","ec2:DescribeNetwork*","ec2:DescribeRouteTables",)"
     R"("ec2:DescribeSecurityGroup*","ec2:DescribeSubnets","ec2:DescribeTags","ec2:DescribeVpc*"],"Resource":"*"}]})"},
    {"AutoScalingFullAccess", "Provides full access to Auto Scaling.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["autoscaling:*","cloudwatch:PutMetricAlarm",)"
     R"("ec2:DescribeAccountAttributes","ec2:DescribeAvailabilityZones","ec2:DescribeImages",)"
     R"("ec2:DescribeInstanceAttribute","ec2:DescribeInstances","ec2:DescribeKeyPairs",)"
     R"("ec2:DescribeLaunchTemplateVersions","ec2:DescribeSecurityGroups","ec2:DescribeSubnets"],"Resource":"*"}]})"},
    {"AutoScalingReadOnlyAccess", "Provides read only access to Auto Scaling.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["autoscaling:Describe*",)"
     R"("autoscaling:GetPredictiveScalingForecast"],"Resource":"*"}]})"},
    {"CloudWatchAgentServerPolicy", "Lets an instance write metrics; logs and traces are not here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudwatch:PutMetricData",)"
     R"("ec2:DescribeVolumes","ec2:DescribeTags","logs:PutLogEvents","logs:PutRetentionPolicy",)"
     R"("logs:DescribeLogStreams","logs:DescribeLogGroups","logs:CreateLogStream","logs:CreateLogGroup"],)"
     R"("Resource":"*"}]})"},
    {"CloudWatchFullAccess", "Provides full access to CloudWatch.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["autoscaling:Describe*","cloudwatch:*"],)"
     R"("Resource":"*"}]})"},
    {"CloudWatchReadOnlyAccess", "Provides read only access to CloudWatch.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["autoscaling:Describe*",)"
     R"("cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*"],"Resource":"*"}]})"},
    {"IAMFullAccess", "Provides full access to IAM.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]})"},
    {"IAMReadOnlyAccess", "Provides read only access to IAM.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
     R"("Action":["iam:Get*","iam:List*","iam:Simulate*"],"Resource":"*"}]})"},
    {"PowerUserAccess", "Provides full access to all services but the management of users and groups.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*"],"Resource":"*"},)"
     R"({"Effect":"Allow","Action":["iam:ListRoles"],"Resource":"*"}]})"},
    {"ReadOnlyAccess", "Provides read only access to all services and resources.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["autoscaling:Describe*",)"
     R"("autoscaling:GetPredictiveScalingForecast","cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*",)"
     R"("ec2:Describe*","ec2:Get*","iam:Get*","iam:List*","sts:Get*"],"Resource":"*"}]})"},
};

}  // namespace

absl::Span<const BuiltinPolicy> BuiltinPolicies() { return kPolicies; }

const BuiltinPolicy* FindBuiltinPolicy(absl::string_view arn) {
  if (!IsBuiltinPolicyArn(arn)) return nullptr;
  for (const BuiltinPolicy& policy : kPolicies) {
    if (BuiltinPolicyArn(policy) == arn) return &policy;
  }
  return nullptr;
}

std::string BuiltinPolicyArn(const BuiltinPolicy& policy) {
  return Arn::Global(kOwner, "iam", absl::StrCat(kPrefix, policy.name)).text();
}

bool IsBuiltinPolicyArn(absl::string_view text) {
  const std::optional<Arn> arn = Arn::Parse(text);
  return arn.has_value() && arn->IsOfIam() && arn->account == kOwner;
}

}  // namespace brume::iam
