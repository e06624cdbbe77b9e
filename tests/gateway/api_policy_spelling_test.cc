// Every action and every field by which it may name a resource: a denial of the resource holds for all of them. The
// requests are made from the schema, so an action or a field that is added is tried too.
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "brume/autoscaling/v1/group.pb.h"
#include "brume/autoscaling/v1/launch_configuration.pb.h"
#include "brume/autoscaling/v1/member.pb.h"
#include "brume/autoscaling/v1/policy.pb.h"
#include "brume/ec2/v1/address.pb.h"
#include "brume/ec2/v1/dhcp_options.pb.h"
#include "brume/ec2/v1/egress_only_gateway.pb.h"
#include "brume/ec2/v1/export.pb.h"
#include "brume/ec2/v1/flow_log.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/instance_actions.pb.h"
#include "brume/ec2/v1/instance_profile.pb.h"
#include "brume/ec2/v1/key_pair.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/nat_gateway.pb.h"
#include "brume/ec2/v1/network_acl.pb.h"
#include "brume/ec2/v1/network_insights.pb.h"
#include "brume/ec2/v1/peering.pb.h"
#include "brume/ec2/v1/prefix_list.pb.h"
#include "brume/ec2/v1/route.pb.h"
#include "brume/ec2/v1/security_group.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "brume/ec2/v1/vpc_endpoint.pb.h"
#include "brume/iam/v1/group.pb.h"
#include "brume/iam/v1/instance_profile.pb.h"
#include "brume/rpc/v1/options.pb.h"
#include "tests/fakes/policy_world.h"

namespace brume {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// One way to write a resource in a request, and its ARN.
struct Spelling {
  std::string value;
  std::string arn;
};

// A resource of each kind that requests can name.
class NamedWorld : public PolicyWorld {
 public:
  NamedWorld() {
    MakeCompute();
    MakeAutoScaling();
    MakeIdentities();
  }

  // How a request may name a resource by this field; empty for a field that names none.
  std::vector<Spelling> SpellingsFor(const FieldDescriptor& field) const {
    const auto& options = field.options();
    std::vector<Spelling> found = Of(ids_, options.GetExtension(rpc::v1::id));
    for (const Spelling& each : Of(fields_, field.full_name())) found.push_back(each);
    const bool arn = absl::EndsWith(field.name(), "_arn");
    for (const auto* table : {&names_, &arn_types_}) {
      const auto& option = table == &names_ ? rpc::v1::name_of : rpc::v1::arn_type;
      const std::vector<Spelling> more = Of(*table, options.GetExtension(option));
      for (const Spelling& spelling : more) {
        if (!arn) found.push_back(spelling);
        if (table == &arn_types_) found.push_back({spelling.arn, spelling.arn});
      }
    }
    return found;
  }

 private:
  using Table = std::map<std::string, std::vector<Spelling>>;

  static std::vector<Spelling> Of(const Table& table, const std::string& key) {
    if (key.empty()) return {};
    if (key != "*") return table.count(key) > 0 ? table.at(key) : std::vector<Spelling>{};
    std::vector<Spelling> all;
    for (const auto& [kind, spellings] : table) all.insert(all.end(), spellings.begin(), spellings.end());
    return all;
  }

  template <typename Response>
  Response Made(const std::string& action, const std::string& text) {
    INFO(action << " " << text);
    const auto answer = CallText(action, text);
    INFO(answer.status().ToString());
    REQUIRE(answer.ok());
    return static_cast<const Response&>(**answer);
  }

  void AddId(const std::string& prefix, const std::string& type, const std::string& id) {
    ids_[prefix].push_back({id, Ec2Arn(absl::StrCat(type, "/", id))});
  }

  void MakeCompute() {
    using namespace ec2::v1;  // NOLINT(google-build-using-namespace): a dozen of its messages
    const std::string key =
        Made<CreateKeyPairResponse>("CreateKeyPair", "key_name: 'ops' key_type: 'ed25519'").key_pair_id();
    ids_["key"].push_back({key, Ec2Arn("key-pair/ops")});
    arn_types_["key-pair"].push_back({"ops", Ec2Arn("key-pair/ops")});
    const std::string group =
        Made<CreateSecurityGroupResponse>("CreateSecurityGroup", "group_name: 'web' description: 'd'").group_id();
    AddId("sg", "security-group", group);
    names_["sg"].push_back({"web", Ec2Arn("security-group/" + group)});
    fields_["brume.ec2.v1.RunInstancesRequest.security_groups"] = names_["sg"];
    const auto rules = Made<AuthorizeSecurityGroupIngressResponse>("AuthorizeSecurityGroupIngress",
                                                                   "group_id: '" + group +
                                                                       "' ip_protocol: 'tcp' from_port: 22 to_port: 22 "
                                                                       "cidr_ip: '10.0.0.0/8'");
    AddId("sgr", "security-group-rule", rules.security_group_rules(0).security_group_rule_id());
    const std::string launch_template =
        Made<CreateLaunchTemplateResponse>("CreateLaunchTemplate",
                                           "launch_template_name: 'tmpl' launch_template_data { "
                                           "instance_type: 't3.micro' }")
            .launch_template()
            .launch_template_id();
    AddId("lt", "launch-template", launch_template);
    names_["lt"].push_back({"tmpl", Ec2Arn("launch-template/" + launch_template)});
    const auto launched = Made<RunInstancesResponse>(
        "RunInstances", "min_count: 1 max_count: 1 instance_type: 't3.micro' image_id: '" + image.text() + "'");
    const std::string instance = launched.instances(0).instance_id();
    AddId("i", "instance", instance);
    for (const char* end : {"source", "destination"}) {
      fields_[absl::StrCat("brume.ec2.v1.CreateNetworkInsightsPathRequest.", end)] = {
          {Ec2Arn("instance/" + instance), Ec2Arn("instance/" + instance)}};
    }
    Made<iam::v1::CreateInstanceProfileResponse>("CreateInstanceProfile", "instance_profile_name: 'worn'");
    const std::string association =
        Made<AssociateIamInstanceProfileResponse>(
            "AssociateIamInstanceProfile", "instance_id: '" + instance + "' iam_instance_profile { name: 'worn' }")
            .iam_instance_profile_association()
            .association_id();
    for (const char* request : {"DisassociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"}) {
      fields_[absl::StrCat("brume.ec2.v1.", request, "Request.association_id")] = {
          {association, Ec2Arn("instance/" + instance)}};
    }
    ids_["ami"].push_back({image.text(), absl::StrCat("arn:aws:ec2:", settings.region, "::image/", image.text())});
    const std::string snapshot = SnapshotOf(image).text();
    ids_["snap"].push_back({snapshot, absl::StrCat("arn:aws:ec2:", settings.region, "::snapshot/", snapshot)});
    AddId("export-ami", "export-image-task",
          Made<ExportImageResponse>("ExportImage", "image_id: '" + image.text() +
                                                       "' disk_image_format: 'RAW' "
                                                       "s3_export_location { s3_bucket: 'bucket' }")
              .export_image_task_id());
    AddId("eni", "network-interface", launched.instances(0).network_interfaces(0).network_interface_id());
    const auto& card = launched.instances(0).network_interfaces(0);
    fields_["brume.ec2.v1.DetachNetworkInterfaceRequest.attachment_id"] = {
        {card.attachment().attachment_id(), Ec2Arn("network-interface/" + card.network_interface_id())},
        {card.attachment().attachment_id(), Ec2Arn("instance/" + instance)}};
    AddId("subnet", "subnet", launched.instances(0).subnet_id());
    const std::string vpc = launched.instances(0).vpc_id();
    AddId("vpc", "vpc", vpc);
    MakeRoutes(vpc, launched.instances(0).subnet_id());
    const auto volumes = Made<DescribeVolumesResponse>("DescribeVolumes", "");
    REQUIRE(volumes.volumes_size() > 0);
    AddId("vol", "volume", volumes.volumes(0).volume_id());
  }

  void MakeRoutes(const std::string& vpc, const std::string& subnet) {
    using namespace ec2::v1;  // NOLINT(google-build-using-namespace): as above
    // Ids of associations are no resources: they stand for what they join.
    fields_["brume.ec2.v1.DisassociateVpcCidrBlockRequest.association_id"] = {
        {absl::StrCat("vpc-cidr-assoc", vpc.substr(3)), Ec2Arn("vpc/" + vpc)}};
    const std::string table =
        Made<CreateRouteTableResponse>("CreateRouteTable", "vpc_id: '" + vpc + "'").route_table().route_table_id();
    AddId("rtb", "route-table", table);
    const std::string association =
        Made<AssociateRouteTableResponse>("AssociateRouteTable",
                                          "route_table_id: '" + table + "' subnet_id: '" + subnet + "'")
            .association_id();
    for (const char* request : {"DisassociateRouteTable", "ReplaceRouteTableAssociation"}) {
      fields_[absl::StrCat("brume.ec2.v1.", request, "Request.association_id")] = {
          {association, Ec2Arn("route-table/" + table)}, {association, Ec2Arn("subnet/" + subnet)}};
    }
    const auto acls = Made<DescribeNetworkAclsResponse>(
        "DescribeNetworkAcls", "filters { name: 'association.subnet-id' values: '" + subnet + "' }");
    const std::string acl = acls.network_acls(0).network_acl_id();
    AddId("acl", "network-acl", acl);
    for (const auto& each : acls.network_acls(0).associations()) {
      if (each.subnet_id() != subnet) continue;
      fields_["brume.ec2.v1.ReplaceNetworkAclAssociationRequest.association_id"] = {
          {each.network_acl_association_id(), Ec2Arn("network-acl/" + acl)},
          {each.network_acl_association_id(), Ec2Arn("subnet/" + subnet)}};
    }
    const auto gateways = Made<DescribeInternetGatewaysResponse>("DescribeInternetGateways", "");
    AddId("igw", "internet-gateway", gateways.internet_gateways(0).internet_gateway_id());
    AddId("eigw", "egress-only-internet-gateway",
          Made<CreateEgressOnlyInternetGatewayResponse>("CreateEgressOnlyInternetGateway", "vpc_id: '" + vpc + "'")
              .egress_only_internet_gateway()
              .egress_only_internet_gateway_id());
    const std::string range =
        Made<AssociateVpcCidrBlockResponse>("AssociateVpcCidrBlock",
                                            "vpc_id: '" + vpc + "' amazon_provided_ipv6_cidr_block: true")
            .ipv6_cidr_block_association()
            .ipv6_cidr_block();
    const std::string of_subnet =
        Made<AssociateSubnetCidrBlockResponse>(
            "AssociateSubnetCidrBlock",
            absl::StrCat("subnet_id: '", subnet, "' ipv6_cidr_block: '", range.substr(0, range.find('/')), "/64'"))
            .ipv6_cidr_block_association()
            .association_id();
    fields_["brume.ec2.v1.DisassociateSubnetCidrBlockRequest.association_id"] = {
        {of_subnet, Ec2Arn("subnet/" + subnet)}};
    AddId("nat", "natgateway",
          Made<CreateNatGatewayResponse>("CreateNatGateway", "subnet_id: '" + subnet + "' connectivity_type: 'private'")
              .nat_gateway()
              .nat_gateway_id());
    AddId("fl", "vpc-flow-log",
          Made<CreateFlowLogsResponse>(
              "CreateFlowLogs", absl::StrCat("resource_type: 'VPC' traffic_type: 'ALL' log_destination_type: 's3' "
                                             "log_destination: 'arn:aws:s3:::logs' "
                                             "resource_ids: '",
                                             vpc, "'"))
              .flow_log_ids(0));
    AddId("vpce", "vpc-endpoint",
          Made<CreateVpcEndpointResponse>("CreateVpcEndpoint",
                                          absl::StrCat("vpc_endpoint_type: 'Interface' vpc_id: '", vpc,
                                                       "' service_name: 'com.amazonaws.us-east-1.ec2'"))
              .vpc_endpoint()
              .vpc_endpoint_id());
    const std::string path =
        Made<CreateNetworkInsightsPathResponse>(
            "CreateNetworkInsightsPath",
            absl::StrCat("source: '", ids_["i"].front().value, "' destination_ip: '192.0.2.1' protocol: 'tcp'"))
            .network_insights_path()
            .network_insights_path_id();
    AddId("nip", "network-insights-path", path);
    AddId("nia", "network-insights-analysis",
          Made<StartNetworkInsightsAnalysisResponse>("StartNetworkInsightsAnalysis",
                                                     "network_insights_path_id: '" + path + "'")
              .network_insights_analysis()
              .network_insights_analysis_id());
    const std::string other = Made<CreateVpcResponse>("CreateVpc", "cidr_block: '10.77.0.0/16'").vpc().vpc_id();
    AddId("pcx", "vpc-peering-connection",
          Made<CreateVpcPeeringConnectionResponse>("CreateVpcPeeringConnection",
                                                   "vpc_id: '" + vpc + "' peer_vpc_id: '" + other + "'")
              .vpc_peering_connection()
              .vpc_peering_connection_id());
    AddId("pl", "prefix-list",
          Made<CreateManagedPrefixListResponse>("CreateManagedPrefixList",
                                                "prefix_list_name: 'office' address_family: 'IPv4' max_entries: 1")
              .prefix_list()
              .prefix_list_id());
    AddId("dopt", "dhcp-options",
          Made<CreateDhcpOptionsResponse>("CreateDhcpOptions",
                                          "dhcp_configurations { key: 'domain-name' values: 'a.example' }")
              .dhcp_options()
              .dhcp_options_id());
    const auto address = Made<AllocateAddressResponse>("AllocateAddress", "");
    const std::string arn = Ec2Arn("elastic-ip/" + address.allocation_id());
    AddId("eipalloc", "elastic-ip", address.allocation_id());
    const std::string eni = ids_["eni"].front().value;
    const std::string worn =
        Made<AssociateAddressResponse>("AssociateAddress", "allocation_id: '" + address.allocation_id() +
                                                               "' instance_id: '" + ids_["i"].front().value + "'")
            .association_id();
    fields_["brume.ec2.v1.DisassociateAddressRequest.association_id"] = {
        {worn, arn}, {worn, ids_["i"].front().arn}, {worn, Ec2Arn("network-interface/" + eni)}};
    fields_["brume.ec2.v1.DisassociateNatGatewayAddressRequest.association_ids"] = {{worn, arn}};
    for (const char* request : {"AssociateAddress", "DisassociateAddress", "ReleaseAddress"}) {
      fields_[absl::StrCat("brume.ec2.v1.", request, "Request.public_ip")] = {{address.public_ip(), arn}};
    }
  }

  void MakeAutoScaling() {
    Made<autoscaling::v1::CreateLaunchConfigurationResponse>(
        "CreateLaunchConfiguration",
        "launch_configuration_name: 'lc' instance_type: 't3.micro' image_id: '" + image.text() + "'");
    Made<autoscaling::v1::CreateAutoScalingGroupResponse>(
        "CreateAutoScalingGroup",
        "auto_scaling_group_name: 'fleet' min_size: 0 max_size: 1 launch_configuration_name: 'lc' "
        "availability_zones: '" +
            settings.region + "a'");
    const std::string group = Made<autoscaling::v1::DescribeAutoScalingGroupsResponse>("DescribeAutoScalingGroups", "")
                                  .auto_scaling_groups(0)
                                  .auto_scaling_group_arn();
    arn_types_["autoScalingGroup:*:autoScalingGroupName"] = {{"fleet", group}};
    // What is named by an instance, or by a policy's ARN, is its group.
    REQUIRE(Reaches(InstanceId::FromTrusted(ids_["i"].front().value), InstanceState::kRunning));
    Made<autoscaling::v1::AttachInstancesResponse>(
        "AttachInstances", "auto_scaling_group_name: 'fleet' instance_ids: '" + ids_["i"].front().value + "'");
    for (const char* request : {"SetInstanceHealth", "TerminateInstanceInAutoScalingGroup"}) {
      fields_[absl::StrCat("brume.autoscaling.v1.", request, "Request.instance_id")] = {
          {ids_["i"].front().value, group}};
    }
    const std::string policy =
        Made<autoscaling::v1::PutScalingPolicyResponse>("PutScalingPolicy",
                                                        "auto_scaling_group_name: 'fleet' policy_name: 'more' "
                                                        "adjustment_type: 'ChangeInCapacity' scaling_adjustment: 1")
            .policy_arn();
    for (const char* request : {"DeletePolicy", "ExecutePolicy"}) {
      fields_[absl::StrCat("brume.autoscaling.v1.", request, "Request.policy_name")] = {{policy, group}};
    }
    const std::string configuration =
        Made<autoscaling::v1::DescribeLaunchConfigurationsResponse>("DescribeLaunchConfigurations", "")
            .launch_configurations(0)
            .launch_configuration_arn();
    arn_types_["launchConfiguration:*:launchConfigurationName"] = {{"lc", configuration}};
    const std::string alarm =
        absl::StrCat("arn:aws:cloudwatch:", settings.region, ":", settings.account_id, ":alarm:busy");
    arn_types_["alarm:"] = {{"busy", alarm}};
  }

  void MakeIdentities() {
    const std::string base = absl::StrCat("arn:aws:iam::", settings.account_id, ":");
    const auto add = [&](const std::string& type, const std::string& action, const std::string& field,
                         const std::string& more) {
      for (const std::string path : {"/", "/eng/"}) {
        const std::string name = absl::StrCat(type, path == "/" ? "-one" : "-two");
        const std::string text = absl::StrCat(field, ": '", name, "' path: '", path, "' ", more);
        INFO(action << " " << text);
        REQUIRE(CallText(action, text).ok());
        // A policy is called by its ARN, and a new one by its name beside a path of its own.
        if (type == "policy" && path != "/") continue;
        arn_types_[type].push_back({name, absl::StrCat(base, type, path, name)});
      }
    };
    add("user", "iam:CreateUser", "user_name", "");
    add("group", "iam:CreateGroup", "group_name", "");
    add("role", "CreateRole", "role_name",
        R"(assume_role_policy_document: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)"
        R"({"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}')");
    add("instance-profile", "CreateInstanceProfile", "instance_profile_name", "");
    add("policy", "CreatePolicy", "policy_name",
        R"(policy_document: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}')");
  }

  // By the option of a field, and by the full name of a field.
  Table ids_, names_, arn_types_, fields_;
};

// The fields of a request that hold text, at any depth, each as the way to it.
using Way = std::vector<const FieldDescriptor*>;

void CollectTexts(const Descriptor& message, Way& way, std::vector<Way>& found) {
  if (way.size() > 5) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    if (field->is_map() || field->options().GetExtension(rpc::v1::kept)) continue;
    way.push_back(field);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) found.push_back(way);
    if (field->message_type() != nullptr) CollectTexts(*field->message_type(), way, found);
    way.pop_back();
  }
}

void SetAt(Message& request, const Way& way, const std::string& value) {
  Message* at = &request;
  for (const FieldDescriptor* field : way) {
    const auto& reflection = *at->GetReflection();
    if (field->message_type() != nullptr) {
      at = field->is_repeated() ? reflection.AddMessage(at, field) : reflection.MutableMessage(at, field);
    } else if (field->is_repeated()) {
      reflection.AddString(at, field, value);
    } else {
      reflection.SetString(at, field, value);
    }
  }
}

std::string Text(const Way& way) {
  return absl::StrJoin(way, ".", [](std::string* out, const FieldDescriptor* field) { out->append(field->name()); });
}

void ForEachCall(const std::function<void(const MethodDescriptor&, const Way&)>& visit) {
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      const auto& options = method.options();
      // A policy about single resources says nothing of what only describes, as in AWS.
      if (options.GetExtension(rpc::v1::read_only) || options.GetExtension(rpc::v1::needs_no_permission)) continue;
      std::vector<Way> ways;
      Way way;
      CollectTexts(*method.input_type(), way, ways);
      for (const Way& each : ways) visit(method, each);
    }
  }
}

}  // namespace

TEST_CASE("a denial of a resource holds for every action and every field that can name it", "[api]") {
  NamedWorld world;
  std::map<std::string, std::vector<std::function<void()>>> by_arn;
  ForEachCall([&](const MethodDescriptor& method, const Way& way) {
    for (const Spelling& spelling : world.SpellingsFor(*way.back())) {
      by_arn[spelling.arn].push_back([&world, &method, way, spelling] {
        std::unique_ptr<Message> request(
            google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type())->New());
        // What a launch falls into is told of one that has an image.
        if (auto* run = dynamic_cast<ec2::v1::RunInstancesRequest*>(request.get()); run != nullptr) {
          run->set_image_id(world.image.text());
        }
        SetAt(*request, way, spelling.value);
        INFO(method.full_name() << " " << Text(way) << " = " << spelling.value);
        const std::string code = world.Try(method, *request);
        CHECK((code == "UnauthorizedOperation" || code == "AccessDenied"));
      });
    }
  });
  size_t tried = 0;
  for (const auto& [arn, calls] : by_arn) {
    INFO(arn);
    world.Protect(arn);
    for (const auto& call : calls) call();
    tried += calls.size();
  }
  CHECK(by_arn.size() >= 17);
  CHECK(tried > 250);
}

// Fields that look as if they named a resource and name none that policies are asked about, or one that the request has
// beside it.
const std::set<std::string>& NamesNothing() {
  static const std::set<std::string> fields = {
      // Names of what is not a resource, or is being made.
      "brume.autoscaling.v1.BlockDeviceMapping.device_name",
      "brume.autoscaling.v1.BlockDeviceMapping.virtual_name",
      "brume.autoscaling.v1.CustomizedMetricSpecification.metric_name",
      "brume.cloudwatch.v1.Metric.metric_name",
      "brume.cloudwatch.v1.MetricDatum.metric_name",
      "brume.cloudwatch.v1.PutMetricAlarmRequest.metric_name",
      "brume.cloudwatch.v1.PutMetricAlarmRequest.threshold_metric_id",
      "brume.ec2.v1.BlockDeviceMapping.device_name",
      "brume.ec2.v1.BlockDeviceMapping.virtual_name",
      "brume.ec2.v1.CreateLaunchTemplateRequest.launch_template_name",
      "brume.ec2.v1.CreateManagedPrefixListRequest.prefix_list_name",
      "brume.ec2.v1.CreateSecurityGroupRequest.group_name",
      "brume.ec2.v1.CreateVpcPeeringConnectionRequest.peer_owner_id",
      "brume.ec2.v1.InstanceBlockDeviceMappingSpecification.device_name",
      "brume.ec2.v1.ModifyManagedPrefixListRequest.prefix_list_name",
      "brume.ec2.v1.NetworkInterfaceAttachmentChanges.attachment_id",
      "brume.ec2.v1.Placement.group_name",
      "brume.ec2.v1.RegisterImageRequest.root_device_name",
      "brume.ec2.v1.CreateVolumePermission.user_id",
      "brume.ec2.v1.ImageDiskContainer.device_name",
      "brume.ec2.v1.ImageDiskContainer.snapshot_id",
      "brume.ec2.v1.ExportImageRequest.role_name",
      "brume.ec2.v1.ImportImageRequest.role_name",
      "brume.ec2.v1.ImportSnapshotRequest.role_name",
      // There is one key, the host's own, and no other is taken.
      "brume.ebs.v1.StartSnapshotRequest.kms_key_arn",
      "brume.ec2.v1.CopyImageRequest.kms_key_id",
      "brume.ec2.v1.CopySnapshotRequest.kms_key_id",
      "brume.ec2.v1.CreateVolumeRequest.kms_key_id",
      "brume.ec2.v1.EbsBlockDevice.kms_key_id",
      "brume.ec2.v1.ImportImageRequest.kms_key_id",
      "brume.ec2.v1.ImportSnapshotRequest.kms_key_id",
      "brume.ec2.v1.ModifyEbsDefaultKmsKeyIdRequest.kms_key_id",
      "brume.ec2.v1.LaunchPermission.user_id",
      "brume.ec2.v1.ModifyImageAttributeRequest.user_groups",
      "brume.ec2.v1.ModifyImageAttributeRequest.user_ids",
      "brume.ec2.v1.ModifySnapshotAttributeRequest.group_names",
      "brume.ec2.v1.ModifySnapshotAttributeRequest.user_ids",
      "brume.ec2.v1.UserIdGroupPair.user_id",
      "brume.autoscaling.v1.BatchDeleteScheduledActionRequest.scheduled_action_names",
      "brume.autoscaling.v1.CompleteLifecycleActionRequest.lifecycle_hook_name",
      "brume.autoscaling.v1.DeleteLifecycleHookRequest.lifecycle_hook_name",
      "brume.autoscaling.v1.DeleteScheduledActionRequest.scheduled_action_name",
      "brume.autoscaling.v1.InstanceRequirements.accelerator_names",
      "brume.autoscaling.v1.LifecycleHookSpecification.lifecycle_hook_name",
      "brume.autoscaling.v1.Metric.metric_name",
      "brume.autoscaling.v1.PutLifecycleHookRequest.lifecycle_hook_name",
      "brume.autoscaling.v1.PutScalingPolicyRequest.policy_name",
      "brume.autoscaling.v1.PutScheduledUpdateGroupActionRequest.scheduled_action_name",
      "brume.autoscaling.v1.RecordLifecycleActionHeartbeatRequest.lifecycle_hook_name",
      "brume.autoscaling.v1.ScheduledUpdateGroupActionRequest.scheduled_action_name",
      "brume.ec2.v1.CreateDefaultSubnetRequest.availability_zone_id",
      "brume.ec2.v1.CreateSubnetRequest.availability_zone_id",
      "brume.ec2.v1.CreateVolumeRequest.availability_zone_id",
      "brume.ec2.v1.DisableFastSnapshotRestoresRequest.availability_zone_ids",
      "brume.ec2.v1.EnableFastSnapshotRestoresRequest.availability_zone_ids",
      "brume.ec2.v1.ModifyAddressAttributeRequest.domain_name",
      "brume.ec2.v1.Placement.availability_zone_id",
      "brume.iam.v1.DeleteGroupPolicyRequest.policy_name",
      "brume.iam.v1.DeleteRolePolicyRequest.policy_name",
      "brume.iam.v1.DeleteUserPolicyRequest.policy_name",
      "brume.iam.v1.PutGroupPolicyRequest.policy_name",
      "brume.iam.v1.PutRolePolicyRequest.policy_name",
      "brume.iam.v1.PutUserPolicyRequest.policy_name",
      "brume.sts.v1.AssumeRoleRequest.external_id",
      "brume.sts.v1.AssumeRoleRequest.role_session_name",
      // Of what does not exist here: refused, or kept and shown.
      "brume.autoscaling.v1.CreateAutoScalingGroupRequest.load_balancer_names",
      "brume.autoscaling.v1.CreateAutoScalingGroupRequest.service_linked_role_arn",
      "brume.autoscaling.v1.CreateAutoScalingGroupRequest.target_group_arns",
      "brume.autoscaling.v1.CreateLaunchConfigurationRequest.classic_link_vpc_id",
      "brume.autoscaling.v1.CreateLaunchConfigurationRequest.kernel_id",
      "brume.autoscaling.v1.CreateLaunchConfigurationRequest.ramdisk_id",
      "brume.autoscaling.v1.LifecycleHookSpecification.notification_target_arn",
      "brume.autoscaling.v1.LifecycleHookSpecification.role_arn",
      "brume.autoscaling.v1.PutLifecycleHookRequest.notification_target_arn",
      "brume.autoscaling.v1.PutLifecycleHookRequest.role_arn",
      "brume.autoscaling.v1.UpdateAutoScalingGroupRequest.service_linked_role_arn",
      "brume.ec2.v1.AssociateRouteTableRequest.gateway_id",
      "brume.ec2.v1.DisableVgwRoutePropagationRequest.gateway_id",
      "brume.ec2.v1.EnableVgwRoutePropagationRequest.gateway_id",
      // AWS's own.
      "brume.ec2.v1.CreateVpcEndpointRequest.service_name",
      "brume.ec2.v1.CapacityReservationTarget.capacity_reservation_id",
      "brume.ec2.v1.CapacityReservationTarget.capacity_reservation_resource_group_arn",
      // Beside the user, the role, the policy or the instance profile that it belongs to.
      "brume.iam.v1.AttachGroupPolicyRequest.policy_arn",
      "brume.iam.v1.AttachRolePolicyRequest.policy_arn",
      "brume.iam.v1.AttachUserPolicyRequest.policy_arn",
      "brume.iam.v1.DetachGroupPolicyRequest.policy_arn",
      "brume.iam.v1.DetachRolePolicyRequest.policy_arn",
      "brume.iam.v1.DetachUserPolicyRequest.policy_arn",
      "brume.iam.v1.AddRoleToInstanceProfileRequest.role_name",
      "brume.iam.v1.DeleteAccessKeyRequest.access_key_id",
      "brume.iam.v1.DeletePolicyVersionRequest.version_id",
      "brume.iam.v1.RemoveRoleFromInstanceProfileRequest.role_name",
      "brume.iam.v1.SetDefaultPolicyVersionRequest.version_id",
      "brume.iam.v1.UpdateAccessKeyRequest.access_key_id",
      // Asked about with its path, where the action is registered.
      "brume.iam.v1.UpdateUserRequest.new_user_name",
      // Beside the group, which Auto Scaling's own permissions are about.
      "brume.autoscaling.v1.AttachInstancesRequest.instance_ids",
      "brume.autoscaling.v1.CompleteLifecycleActionRequest.instance_id",
      "brume.autoscaling.v1.DetachInstancesRequest.instance_ids",
      "brume.autoscaling.v1.EnterStandbyRequest.instance_ids",
      "brume.autoscaling.v1.ExitStandbyRequest.instance_ids",
      "brume.autoscaling.v1.RecordLifecycleActionHeartbeatRequest.instance_id",
      "brume.autoscaling.v1.SetInstanceProtectionRequest.instance_ids",
      // What is launched later: asked of ec2:RunInstances, where the action is registered.
      "brume.autoscaling.v1.CreateAutoScalingGroupRequest.availability_zone_ids",
      "brume.autoscaling.v1.UpdateAutoScalingGroupRequest.availability_zone_ids",
      "brume.autoscaling.v1.CreateAutoScalingGroupRequest.instance_id",
      "brume.autoscaling.v1.CreateAutoScalingGroupRequest.launch_configuration_name",
      "brume.autoscaling.v1.CreateLaunchConfigurationRequest.image_id",
      "brume.autoscaling.v1.CreateLaunchConfigurationRequest.instance_id",
      "brume.autoscaling.v1.CreateLaunchConfigurationRequest.key_name",
      "brume.autoscaling.v1.CreateLaunchConfigurationRequest.security_groups",
      "brume.autoscaling.v1.Ebs.snapshot_id",
      "brume.autoscaling.v1.LaunchTemplateSpecification.launch_template_id",
      "brume.autoscaling.v1.LaunchTemplateSpecification.launch_template_name",
      "brume.autoscaling.v1.UpdateAutoScalingGroupRequest.launch_configuration_name",
      // Where a route leads: EC2 asks about the table that has it.
      "brume.ec2.v1.CreateRouteRequest.gateway_id",
      "brume.ec2.v1.CreateRouteRequest.nat_gateway_id",
      "brume.ec2.v1.CreateRouteRequest.vpc_peering_connection_id",
      "brume.ec2.v1.CreateRouteRequest.instance_id",
      "brume.ec2.v1.CreateRouteRequest.network_interface_id",
      "brume.ec2.v1.ReplaceRouteRequest.gateway_id",
      "brume.ec2.v1.ReplaceRouteRequest.nat_gateway_id",
      "brume.ec2.v1.ReplaceRouteRequest.vpc_peering_connection_id",
      "brume.ec2.v1.ReplaceRouteRequest.instance_id",
      "brume.ec2.v1.ReplaceRouteRequest.network_interface_id",
      // The account: only this one is taken.
      "brume.cloudwatch.v1.MetricDataQuery.account_id",
      // Whom a rule lets in: EC2 asks about the group that has the rule.
      "brume.ec2.v1.AuthorizeSecurityGroupEgressRequest.source_security_group_name",
      "brume.ec2.v1.AuthorizeSecurityGroupEgressRequest.source_security_group_owner_id",
      "brume.ec2.v1.AuthorizeSecurityGroupIngressRequest.source_security_group_name",
      "brume.ec2.v1.AuthorizeSecurityGroupIngressRequest.source_security_group_owner_id",
      "brume.ec2.v1.RevokeSecurityGroupEgressRequest.source_security_group_name",
      "brume.ec2.v1.RevokeSecurityGroupEgressRequest.source_security_group_owner_id",
      "brume.ec2.v1.RevokeSecurityGroupIngressRequest.source_security_group_name",
      "brume.ec2.v1.RevokeSecurityGroupIngressRequest.source_security_group_owner_id",
      "brume.ec2.v1.UserIdGroupPair.group_name",
  };
  return fields;
}

TEST_CASE("a field that looks as if it named a resource says which, or is known not to", "[api]") {
  const NamedWorld world;
  std::set<std::string> unsaid, met;
  ForEachCall([&](const MethodDescriptor&, const Way& way) {
    const FieldDescriptor& field = *way.back();
    for (const char* ending : {"_id", "_ids", "_name", "_names", "_arn", "_arns", "_groups"}) {
      if (!absl::EndsWith(field.name(), ending) || !world.SpellingsFor(field).empty()) continue;
      (NamesNothing().count(field.full_name()) > 0 ? met : unsaid).insert(field.full_name());
    }
  });
  for (const auto& each : unsaid) UNSCOPED_INFO(each);
  CHECK(unsaid.empty());
  CHECK(met == NamesNothing());
}

}  // namespace brume
