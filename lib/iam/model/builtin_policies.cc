#include "lib/iam/model/builtin_policies.h"

#include "absl/strings/str_cat.h"
#include "lib/resource/arn.h"

namespace brume::iam {
namespace {

constexpr char kOwner[] = "aws";
constexpr char kPrefix[] = "policy/";
constexpr char kServiceRole[] = "/service-role/";

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
    {"AmazonEC2ContainerServiceforEC2Role", "Lets an instance run tasks of Amazon ECS, which is not here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:DescribeTags","ecs:CreateCluster",)"
     R"("ecs:DeregisterContainerInstance","ecs:DiscoverPollEndpoint","ecs:Poll","ecs:RegisterContainerInstance",)"
     R"("ecs:StartTelemetrySession","ecs:UpdateContainerInstancesState","ecs:Submit*","ecr:GetAuthorizationToken",)"
     R"("ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage","logs:CreateLogStream",)"
     R"("logs:PutLogEvents"],"Resource":"*"}]})",
     kServiceRole},
    {"AmazonEC2RoleforSSM", "Lets an instance be managed by AWS Systems Manager, which is not here, and write metrics.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:DescribeAssociation",)"
     R"("ssm:GetDocument","ssm:GetManifest","ssm:GetParameters","ssm:List*Associations","ssm:Put*","ssm:Update*",)"
     R"("ssmmessages:*","ec2messages:*","cloudwatch:PutMetricData","ec2:DescribeInstanceStatus",)"
     R"("logs:CreateLogGroup","logs:CreateLogStream","logs:DescribeLogGroups","logs:DescribeLogStreams",)"
     R"("logs:PutLogEvents"],"Resource":"*"}]})",
     kServiceRole},
    {"AmazonECS_FullAccess", "Provides what Amazon ECS uses of EC2, Auto Scaling, CloudWatch and IAM; ECS is not here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["autoscaling:CreateAutoScalingGroup",)"
     R"("autoscaling:CreateLaunchConfiguration","autoscaling:DeleteAutoScalingGroup",)"
     R"("autoscaling:DeleteLaunchConfiguration","autoscaling:Describe*","autoscaling:UpdateAutoScalingGroup",)"
     R"("cloudwatch:DeleteAlarms","cloudwatch:DescribeAlarms","cloudwatch:GetMetricStatistics",)"
     R"("cloudwatch:PutMetricAlarm","ec2:AssociateRouteTable","ec2:AttachInternetGateway",)"
     R"("ec2:AuthorizeSecurityGroupIngress","ec2:CreateInternetGateway","ec2:CreateLaunchTemplate","ec2:CreateRoute",)"
     R"("ec2:CreateRouteTable","ec2:CreateSecurityGroup","ec2:CreateSubnet","ec2:CreateVpc","ec2:DeleteLaunchTemplate",)"
     R"("ec2:DeleteSubnet","ec2:DeleteVpc","ec2:Describe*","ec2:DetachInternetGateway","ec2:DisassociateRouteTable",)"
     R"("ec2:ModifySubnetAttribute","ec2:ModifyVpcAttribute","ec2:RunInstances","ecs:*",)"
     R"("iam:ListAttachedRolePolicies","iam:ListInstanceProfiles","iam:ListRoles"],"Resource":"*"},)"
     R"({"Effect":"Allow","Action":["ec2:DeleteInternetGateway","ec2:DeleteRoute","ec2:DeleteRouteTable",)"
     R"("ec2:DeleteSecurityGroup"],"Resource":"*","Condition":{"StringLike":)"
     R"({"ec2:ResourceTag/aws:cloudformation:stack-name":"EC2ContainerService-*"}}},)"
     R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringLike":)"
     R"({"iam:PassedToService":"ecs-tasks.amazonaws.com"}}},)"
     R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::*:role/ecsInstanceRole*",)"
     R"("Condition":{"StringLike":{"iam:PassedToService":"ec2.amazonaws.com"}}}]})"},
    {"AmazonEKSWorkerNodePolicy", "Lets an instance join clusters of Amazon EKS, which is not here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:DescribeInstances",)"
     R"("ec2:DescribeInstanceTypes","ec2:DescribeRouteTables","ec2:DescribeSecurityGroups","ec2:DescribeSubnets",)"
     R"("ec2:DescribeVolumes","ec2:DescribeVolumesModifications","ec2:DescribeVpcs","eks:DescribeCluster",)"
     R"("eks-auth:AssumeRoleForPodIdentity"],"Resource":"*"}]})"},
    {"AmazonEKS_CNI_Policy", "Lets an instance give pods addresses of its network interfaces.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:AssignPrivateIpAddresses",)"
     R"("ec2:AttachNetworkInterface","ec2:CreateNetworkInterface","ec2:DeleteNetworkInterface","ec2:DescribeInstances",)"
     R"("ec2:DescribeTags","ec2:DescribeNetworkInterfaces","ec2:DescribeInstanceTypes","ec2:DescribeSubnets",)"
     R"("ec2:DetachNetworkInterface","ec2:ModifyNetworkInterfaceAttribute","ec2:UnassignPrivateIpAddresses"],)"
     R"("Resource":"*"},{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"arn:aws:ec2:*:*:network-interface/*"}]})"},
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
    {"AWSLambdaBasicExecutionRole", "Lets a function write logs; neither functions nor logs are here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream",)"
     R"("logs:PutLogEvents"],"Resource":"*"}]})",
     kServiceRole},
    {"AutoScalingFullAccess", "Provides full access to Auto Scaling.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["autoscaling:*","cloudwatch:PutMetricAlarm",)"
     R"("ec2:DescribeAccountAttributes","ec2:DescribeAvailabilityZones","ec2:DescribeImages",)"
     R"("ec2:DescribeInstanceAttribute","ec2:DescribeInstances","ec2:DescribeKeyPairs",)"
     R"("ec2:DescribeLaunchTemplateVersions","ec2:DescribeSecurityGroups","ec2:DescribeSubnets"],"Resource":"*"}]})"},
    {"AutoScalingReadOnlyAccess", "Provides read only access to Auto Scaling.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["autoscaling:Describe*",)"
     R"("autoscaling:GetPredictiveScalingForecast"],"Resource":"*"}]})"},
    {"CloudWatchAgentAdminPolicy", "Lets an instance write metrics and keep the agent's settings; logs are not here.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudwatch:PutMetricData",)"
     R"("ec2:DescribeTags","logs:PutLogEvents","logs:PutRetentionPolicy","logs:DescribeLogStreams",)"
     R"("logs:DescribeLogGroups","logs:CreateLogStream","logs:CreateLogGroup"],"Resource":"*"},)"
     R"({"Effect":"Allow","Action":["ssm:GetParameter","ssm:PutParameter"],)"
     R"("Resource":"arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"}]})"},
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
    {"SecurityAudit", "Provides what is read of the settings that security rests on.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["autoscaling:Describe*",)"
     R"("cloudwatch:Describe*","cloudwatch:GetDashboard","cloudwatch:ListDashboards","cloudwatch:ListTagsForResource",)"
     R"("ec2:Describe*","ec2:GetEbsDefaultKmsKeyId","ec2:GetEbsEncryptionByDefault",)"
     R"("ec2:GetImageBlockPublicAccessState","ec2:GetInstanceMetadataDefaults","ec2:GetManagedPrefixListEntries",)"
     R"("ec2:GetSnapshotBlockPublicAccessState","iam:Get*","iam:List*","iam:Simulate*"],"Resource":"*"}]})"},
    {"ViewOnlyAccess", "Provides lists of resources and what is shown of them, and no data of theirs.",
     R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["autoscaling:Describe*",)"
     R"("cloudwatch:DescribeAlarms","cloudwatch:DescribeAlarmsForMetric","cloudwatch:Get*","cloudwatch:List*",)"
     R"("ec2:DescribeAccountAttributes","ec2:DescribeAddresses","ec2:DescribeAvailabilityZones",)"
     R"("ec2:DescribeDhcpOptions","ec2:DescribeEgressOnlyInternetGateways","ec2:DescribeFlowLogs",)"
     R"("ec2:DescribeIamInstanceProfileAssociations","ec2:DescribeImages","ec2:DescribeInstanceStatus",)"
     R"("ec2:DescribeInstanceTypes","ec2:DescribeInstances","ec2:DescribeInternetGateways","ec2:DescribeKeyPairs",)"
     R"("ec2:DescribeLaunchTemplate*","ec2:DescribeManagedPrefixLists","ec2:DescribeNatGateways",)"
     R"("ec2:DescribeNetworkAcls","ec2:DescribeNetworkInterfaces","ec2:DescribePrefixLists","ec2:DescribeRegions",)"
     R"("ec2:DescribeRouteTables","ec2:DescribeSecurityGroup*","ec2:DescribeSnapshots","ec2:DescribeSubnets",)"
     R"("ec2:DescribeTags","ec2:DescribeVolume*","ec2:DescribeVpc*","iam:GetAccountSummary","iam:GetLoginProfile",)"
     R"("iam:List*"],"Resource":"*"}]})",
     "/job-function/"},
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
  return Arn::Global(kOwner, "iam", absl::StrCat(kPrefix, policy.path.substr(1), policy.name)).text();
}

bool IsBuiltinPolicyArn(absl::string_view text) {
  const std::optional<Arn> arn = Arn::Parse(text);
  return arn.has_value() && arn->IsOfIam() && arn->account == kOwner;
}

}  // namespace brume::iam
