#include "lib/ec2/compute/api/compute_facts.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/instance_view.h"
#include "lib/gateway/filters.h"
#include "lib/resource/arn.h"
#include "lib/resource/ids.h"
#include "lib/schema/message_fields.h"

namespace brume::ec2 {
namespace {

absl::StatusOr<AccessContext> InstanceFacts(compute::InstanceService& instances, const std::string& name) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(name));
  ASSIGN_OR_RETURN(const compute::InstanceView view, instances.Get(id));
  const Instance& instance = view.instance;
  const MetadataOptions& metadata = instance.metadata_options;
  AccessContext facts = {{"ec2:instanceid", {name}},
                         {"ec2:instancetype", {instance.instance_type}},
                         {"ec2:availabilityzone", {instance.availability_zone}},
                         {"ec2:tenancy", {"default"}},
                         {"ec2:rootdevicetype", {"ebs"}},
                         {"ec2:ebsoptimized", {std::string(gateway::FilterText(instance.ebs_optimized))}},
                         {"ec2:metadatahttpendpoint", {std::string(kMetadataStateNames.Of(metadata.endpoint))}},
                         {"ec2:metadatahttptokens", {std::string(kHttpTokensNames.Of(metadata.tokens))}},
                         {"ec2:metadatahttpputresponsehoplimit", {absl::StrCat(metadata.hop_limit)}},
                         {"ec2:instancemetadatatags", {std::string(kMetadataStateNames.Of(metadata.tags))}}};
  if (view.profile.has_value()) facts["ec2:instanceprofile"] = {view.profile->profile_arn};
  return facts;
}

absl::StatusOr<AccessContext> KeyPairFacts(compute::KeyPairService& key_pairs, const std::string& name) {
  ASSIGN_OR_RETURN(const std::vector<compute::KeyPairView> found, key_pairs.List({name}));
  AccessContext facts;
  for (const compute::KeyPairView& view : found) {
    facts = {{"ec2:keypairname", {name}}, {"ec2:keypairtype", {view.pair.type}}};
    gateway::AddTagFacts(view.tags, facts);
  }
  return facts;
}

// A pair's ARN has its name. A name may look like an id; it is then the name that is meant.
absl::StatusOr<std::string> KeyPairName(compute::KeyPairService& key_pairs, const std::string& named) {
  ASSIGN_OR_RETURN(const std::vector<compute::KeyPairView> found, key_pairs.List({named}, {named}));
  std::string of_id;
  for (const compute::KeyPairView& view : found) {
    if (view.pair.name == named) return named;
    of_id = view.pair.name;
  }
  if (of_id.empty()) return absl::NotFoundError(absl::StrCat("no key pair is called ", named));
  return of_id;
}

// As the call says it: what it leaves out has EC2's default where a policy's author would count on one.
AccessContext FactsOfLaunched(const v1::RunInstancesRequest& request, const Settings& settings) {
  const v1::InstanceMetadataOptionsRequest& metadata = request.metadata_options();
  const auto or_default = [](const std::string& said, const char* otherwise) {
    return std::vector<std::string>{said.empty() ? otherwise : said};
  };
  AccessContext facts = {
      {"ec2:instancetype",
       {request.instance_type().empty() ? settings.default_instance_type : request.instance_type()}},
      {"ec2:tenancy", or_default(request.placement().tenancy(), "default")},
      {"ec2:rootdevicetype", {"ebs"}},
      {"ec2:ebsoptimized", {std::string(gateway::FilterText(request.ebs_optimized()))}},
      {"ec2:instancemarkettype", {"on-demand"}},
      {"ec2:metadatahttpendpoint", or_default(metadata.http_endpoint(), "enabled")},
      {"ec2:metadatahttptokens", or_default(metadata.http_tokens(), "required")},
      {"ec2:metadatahttpputresponsehoplimit",
       {absl::StrCat(metadata.has_http_put_response_hop_limit() ? metadata.http_put_response_hop_limit() : 1)}},
      {"ec2:instancemetadatatags", or_default(metadata.instance_metadata_tags(), "disabled")}};
  if (const std::string& profile = request.iam_instance_profile().arn(); !profile.empty()) {
    facts["ec2:instanceprofile"] = {profile};
  }
  return facts;
}

// Of each volume that the call says something about; of the root alone where it says nothing.
absl::StatusOr<std::vector<AccessContext>> FactsOfVolumes(const v1::RunInstancesRequest& request,
                                                          storage::EncryptionService& encryption) {
  std::vector<AccessContext> volumes;
  const AccessContext unsaid = {{"ec2:volumetype", {"gp3"}}};
  for (const auto& mapping : request.block_device_mappings()) {
    if (!mapping.has_ebs()) continue;
    AccessContext& facts = volumes.emplace_back(unsaid);
    const v1::EbsBlockDevice& ebs = mapping.ebs();
    ASSIGN_OR_RETURN(const bool encrypted,
                     ebs.snapshot_id().empty()
                         ? encryption.WouldEncryptAt(ebs.encrypted(), request.image_id(), mapping.device_name())
                         : encryption.WouldEncrypt(ebs.encrypted(), ebs.snapshot_id()));
    facts["ec2:encrypted"] = {std::string(gateway::FilterText(encrypted))};
    if (ebs.has_volume_size()) facts["ec2:volumesize"] = {absl::StrCat(ebs.volume_size())};
    if (!ebs.volume_type().empty()) facts["ec2:volumetype"] = {ebs.volume_type()};
    if (ebs.has_iops()) facts["ec2:volumeiops"] = {absl::StrCat(ebs.iops())};
    if (ebs.has_throughput()) facts["ec2:volumethroughput"] = {absl::StrCat(ebs.throughput())};
  }
  if (!volumes.empty()) return volumes;
  ASSIGN_OR_RETURN(const bool encrypted, encryption.WouldEncryptAt(false, request.image_id(), ""));
  volumes.push_back(unsaid);
  volumes.back()["ec2:encrypted"] = {std::string(gateway::FilterText(encrypted))};
  return volumes;
}

// A policy must allow every volume. One that is yet to be made has no id, so those beside the first are told apart by a
// number.
absl::Status AddVolumeFacts(const v1::RunInstancesRequest& request, const ComputeServices& services,
                            AccessQuestion& question) {
  const Account account = services.settings.account();
  const std::string first = ArnOf(account, VolumeId::kKind, "*");
  const AccessContext tags = question.resource_context[first];
  int number = 0;
  ASSIGN_OR_RETURN(std::vector<AccessContext> volumes, FactsOfVolumes(request, services.encryption));
  for (AccessContext& facts : volumes) {
    const std::string arn = ++number == 1 ? first : absl::StrCat(first, number);
    if (number > 1) question.AddResource(arn);
    AccessContext& context = question.resource_context[arn];
    context = tags;
    context.merge(std::move(facts));
  }
  return absl::OkStatus();
}

// Where the instances go, of all that the call says. What is malformed is refused when the call's turn comes.
compute::RunRequest SiteWish(const v1::RunInstancesRequest& request) {
  compute::RunRequest wish;
  const auto add_groups = [&wish](const auto& ids) {
    for (const std::string& text : ids) {
      if (const auto id = SecurityGroupId::Parse(text); id.ok()) wish.group_ids.push_back(*id);
    }
  };
  const auto set_subnet = [&wish](const std::string& text) {
    if (const auto id = SubnetId::Parse(text); id.ok()) wish.subnet_id = *id;
  };
  wish.availability_zone = request.placement().availability_zone();
  set_subnet(request.subnet_id());
  add_groups(request.security_group_ids());
  wish.group_names.assign(request.security_groups().begin(), request.security_groups().end());
  for (const auto& interface : request.network_interfaces()) {
    const auto eni = EniId::Parse(interface.network_interface_id());
    if (interface.device_index() != 0) {
      compute::LaunchInterface& further = wish.further_interfaces.emplace_back();
      further.device_index = interface.device_index();
      if (eni.ok()) further.eni_id = *eni;
      if (const auto subnet = SubnetId::Parse(interface.subnet_id()); subnet.ok()) further.subnet_id = *subnet;
      for (const std::string& text : interface.groups()) {
        if (const auto id = SecurityGroupId::Parse(text); id.ok()) further.group_ids.push_back(*id);
      }
      continue;
    }
    if (eni.ok()) wish.eni_id = *eni;
    if (!interface.subnet_id().empty()) set_subnet(interface.subnet_id());
    add_groups(interface.groups());
  }
  return wish;
}

// What a launch says of the resources that it is to use, by their types in ARNs.
std::map<absl::string_view, std::vector<std::string>> SaidBy(const v1::RunInstancesRequest& request) {
  std::map<absl::string_view, std::vector<std::string>> said;
  const auto add = [&said](const Kind& kind, const std::string& text) {
    if (!text.empty()) said[kind.arn_type].push_back(text);
  };
  add(ImageId::kKind, request.image_id());
  add(KeyPairId::kKind, request.key_name());
  add(SubnetId::kKind, request.subnet_id());
  for (const std::string& text : request.security_group_ids()) add(SecurityGroupId::kKind, text);
  for (const std::string& text : request.security_groups()) add(SecurityGroupId::kKind, text);
  for (const auto& interface : request.network_interfaces()) {
    add(EniId::kKind, interface.network_interface_id());
    add(SubnetId::kKind, interface.subnet_id());
    for (const std::string& text : interface.groups()) add(SecurityGroupId::kKind, text);
  }
  for (const auto& mapping : request.block_device_mappings()) add(SnapshotId::kKind, mapping.ebs().snapshot_id());
  return said;
}

// Of a launch from a template: which one, and of each resource whether it is the template's or the call's in its place.
absl::Status AddTemplateFacts(const v1::RunInstancesRequest& request, const ComputeServices& services,
                              AccessQuestion& question) {
  ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(request.launch_template().launch_template_id()));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateVersionView view,
                   services.launch_templates.Resolve(id, request.launch_template().version()));
  v1::RunInstancesRequest of_template;
  schema::WriteFields(view.version.spec, of_template);
  // A name that no image has is none of the call's either.
  if (const auto image = services.image_names.IdOf(of_template.image_id()); image.ok()) {
    of_template.set_image_id(*image);
  }
  const auto whole = SaidBy(request), own = SaidBy(of_template);
  const std::string arn = ArnOf(services.settings.account(), id);
  for (const std::string& resource : question.resources) {
    AccessContext& facts = question.resource_context[resource];
    facts["ec2:launchtemplate"] = {arn};
    const std::vector<absl::string_view> fields = absl::StrSplit(resource, absl::MaxSplits(':', 5));
    const absl::string_view type = fields.back().substr(0, fields.back().find('/'));
    const auto of_call = whole.find(type), of_own = own.find(type);
    const bool replaced = of_call != whole.end() && (of_own == own.end() || of_own->second != of_call->second);
    facts["ec2:islaunchtemplateresource"] = {replaced ? "false" : "true"};
  }
  return absl::OkStatus();
}

}  // namespace

void AddComputeFacts(gateway::ResourceFacts& facts, const ComputeServices& services) {
  facts.Add(InstanceId::kKind.arn_type,
            [&instances = services.instances](const std::string& id) { return InstanceFacts(instances, id); });
  facts.Add(KeyPairId::kKind.arn_type,
            [&key_pairs = services.key_pairs](const std::string& name) { return KeyPairFacts(key_pairs, name); });
  facts.AddName(KeyPairId::kKind.arn_type,
                [&key_pairs = services.key_pairs](const std::string& named) { return KeyPairName(key_pairs, named); });
}

absl::Status DescribeLaunch(const v1::RunInstancesRequest& request, const ComputeServices& services,
                            AccessQuestion& question) {
  const Account account = services.settings.account();
  const auto add = [&](const Kind& kind, AccessContext facts) {
    question.resource_context[ArnOf(account, kind, "*")].merge(std::move(facts));
  };
  add(InstanceId::kKind, FactsOfLaunched(request, services.settings));
  RETURN_IF_ERROR(AddVolumeFacts(request, services, question));
  // Of a call that is not whole, the template is named as the caller wrote it.
  if (const std::string& name = request.launch_template().launch_template_name(); !name.empty()) {
    const absl::StatusOr<LaunchTemplateId> id = services.launch_templates.FindByName(name);
    if (id.ok()) question.AddResource(ArnOf(account, *id));
  }
  // Groups may be named by their names, and a launch that names none falls into the default ones.
  ASSIGN_OR_RETURN(const compute::LaunchSite site, services.instances.SiteOf(SiteWish(request)));
  for (const compute::PlacedInterface& interface : site.interfaces) {
    question.AddResource(ArnOf(account, interface.subnet.id));
    for (const SecurityGroupId& group : interface.groups) question.AddResource(ArnOf(account, group));
  }
  add(EniId::kKind, {{"ec2:subnet", {ArnOf(account, site.subnet.id)}},
                     {"ec2:vpc", {ArnOf(account, site.subnet.vpc_id)}},
                     {"ec2:availabilityzone", {site.subnet.availability_zone}}});
  question.resource_context[ArnOf(account, InstanceId::kKind, "*")]["ec2:availabilityzone"] = {
      site.subnet.availability_zone};
  for (const auto& interface : request.network_interfaces()) {
    if (interface.has_associate_public_ip_address()) {
      add(EniId::kKind, {{"ec2:associatepublicipaddress",
                          {std::string(gateway::FilterText(interface.associate_public_ip_address()))}}});
    }
  }
  if (request.launch_template().launch_template_id().empty()) return absl::OkStatus();
  return AddTemplateFacts(request, services, question);
}

}  // namespace brume::ec2
