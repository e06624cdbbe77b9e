#include "lib/ec2/compute/api/compute_facts.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/instance_render.h"
#include "lib/ec2/compute/api/run_request.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/compute/instance_view.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/parameters.h"
#include "lib/resource/arn.h"
#include "lib/resource/ids.h"
#include "lib/schema/message_fields.h"

namespace brume::ec2 {
namespace {

AccessContext FactsOf(const compute::InstanceView& view) {
  const Instance& instance = view.instance;
  const MetadataOptions& metadata = instance.metadata_options;
  AccessContext facts = {{"ec2:instanceid", {instance.id.text()}},
                         {"ec2:instancetype", {instance.instance_type}},
                         {"ec2:availabilityzone", {instance.availability_zone}},
                         {"ec2:tenancy", {"default"}},
                         {"ec2:rootdevicetype", {"ebs"}},
                         {"ec2:ebsoptimized", {std::string(gateway::FilterText(instance.ebs_optimized))}},
                         {"ec2:instanceautorecovery", {std::string(AutoRecovery(instance.auto_recovery))}},
                         {"ec2:instancebandwidthweighting", {kBandwidthWeighting}},
                         {"ec2:metadatahttpendpoint", {std::string(kMetadataStateNames.Of(metadata.endpoint))}},
                         {"ec2:metadatahttptokens", {std::string(kHttpTokensNames.Of(metadata.tokens))}},
                         {"ec2:metadatahttpputresponsehoplimit", {absl::StrCat(metadata.hop_limit)}},
                         {"ec2:instancemetadatatags", {std::string(kMetadataStateNames.Of(metadata.tags))}}};
  if (view.profile.has_value()) facts["ec2:instanceprofile"] = {view.profile->profile_arn};
  return facts;
}

absl::StatusOr<AccessContext> InstanceFacts(compute::InstanceService& instances, const std::string& name) {
  ASSIGN_OR_RETURN(const InstanceId id, InstanceId::Parse(name));
  ASSIGN_OR_RETURN(const compute::InstanceView view, instances.Get(id));
  return FactsOf(view);
}

absl::StatusOr<AccessContext> KeyPairFacts(compute::KeyPairService& key_pairs, const std::string& name) {
  ASSIGN_OR_RETURN(const std::vector<compute::KeyPairView> found, key_pairs.List({name}));
  AccessContext facts;
  for (const compute::KeyPairView& view : found) {
    facts = {{"ec2:keypairname", {name}}, {"ec2:keypairtype", {std::string(kSshKeyTypeNames.Of(view.pair.type))}}};
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

// Of the instance.
AccessContext FactsOfLaunched(const v1::RunInstancesRequest& request, const compute::LaunchService::Planned& launch,
                              const Settings& settings) {
  const MetadataOptions& metadata = launch.plan.metadata_options;
  const std::string& tenancy = request.placement().tenancy();
  const std::string& type = launch.run.instance_type;
  AccessContext facts = {{"ec2:instancetype", {type.empty() ? settings.default_instance_type : type}},
                         {"ec2:tenancy", {tenancy.empty() ? "default" : tenancy}},
                         {"ec2:rootdevicetype", {"ebs"}},
                         {"ec2:ebsoptimized", {std::string(gateway::FilterText(launch.run.ebs_optimized))}},
                         {"ec2:instanceautorecovery", {std::string(AutoRecovery(launch.run.auto_recovery))}},
                         {"ec2:instancebandwidthweighting", {kBandwidthWeighting}},
                         {"ec2:instancemarkettype", {"on-demand"}},
                         {"ec2:availabilityzone", {launch.plan.interfaces.front().subnet.availability_zone}},
                         {"ec2:metadatahttpendpoint", {std::string(kMetadataStateNames.Of(metadata.endpoint))}},
                         {"ec2:metadatahttptokens", {std::string(kHttpTokensNames.Of(metadata.tokens))}},
                         {"ec2:metadatahttpputresponsehoplimit", {absl::StrCat(metadata.hop_limit)}},
                         {"ec2:instancemetadatatags", {std::string(kMetadataStateNames.Of(metadata.tags))}}};
  if (!launch.run.profile_arn.empty()) facts["ec2:instanceprofile"] = {launch.run.profile_arn};
  return facts;
}

// Of a volume in the zone.
AccessContext FactsOf(const Volume& volume, const std::string& zone, const Account& account) {
  AccessContext facts = {{"ec2:availabilityzone", {zone}},
                         {"ec2:encrypted", {std::string(gateway::FilterText(volume.encrypted))}},
                         {"ec2:volumesize", {absl::StrCat(volume.size_gib)}},
                         {"ec2:volumetype", {std::string(kVolumeTypeNames.Of(volume.type))}}};
  if (volume.iops.has_value()) facts["ec2:volumeiops"] = {absl::StrCat(*volume.iops)};
  if (volume.throughput.has_value()) facts["ec2:volumethroughput"] = {absl::StrCat(*volume.throughput)};
  if (volume.initialization_rate.has_value()) {
    facts["ec2:volumeinitializationrate"] = {absl::StrCat(*volume.initialization_rate)};
  }
  if (!volume.snapshot_id.empty()) facts["ec2:parentsnapshot"] = {ArnOf(account, volume.snapshot_id)};
  return facts;
}

// Of each interface that is to be made.
std::vector<AccessContext> FactsOfInterfaces(const compute::LaunchService::Planned& launch, const Account& account) {
  std::vector<AccessContext> interfaces;
  for (const compute::PlacedInterface& placed : launch.plan.interfaces) {
    if (placed.asked.eni_id.has_value()) continue;
    AccessContext& facts = interfaces.emplace_back();
    facts = {{"ec2:subnet", {ArnOf(account, placed.subnet.id)}},
             {"ec2:vpc", {ArnOf(account, placed.subnet.vpc_id)}},
             {"ec2:availabilityzone", {placed.subnet.availability_zone}}};
    const std::optional<bool> is_public = launch.run.associate_public_ip;
    if (placed.asked.device_index == 0 && is_public.has_value()) {
      facts["ec2:associatepublicipaddress"] = {std::string(gateway::FilterText(*is_public))};
    }
  }
  return interfaces;
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

// What a launch is to make, and what it uses.
void DescribePlanned(const v1::RunInstancesRequest& request, const compute::LaunchService::Planned& launch,
                     const Settings& settings, AccessQuestion& question) {
  const Account account = settings.account();
  // Groups may be named by their names, and a launch that names none falls into the default ones.
  for (const compute::PlacedInterface& interface : launch.plan.interfaces) {
    question.AddResource(ArnOf(account, interface.subnet.id));
    for (const SecurityGroupId& group : interface.groups) question.AddResource(ArnOf(account, group));
  }
  std::vector<AccessContext> volumes;
  for (const Volume& volume : launch.plan.volumes) {
    volumes.push_back(FactsOf(volume, launch.plan.interfaces.front().subnet.availability_zone, account));
  }
  question.AddMade(ArnOf(account, InstanceId::kKind, "*"), {FactsOfLaunched(request, launch, settings)});
  question.AddMade(ArnOf(account, VolumeId::kKind, "*"), std::move(volumes));
  question.AddMade(ArnOf(account, EniId::kKind, "*"), FactsOfInterfaces(launch, account));
}

// What the client token of the call launched, where it did: that is answered, and nothing is launched. It stands in the
// place of what the launch would make.
void DescribeLaunched(const compute::ReservationView& launched, const Account& account, AccessQuestion& question) {
  std::vector<AccessContext> instances, volumes, interfaces;
  for (const compute::InstanceView& view : launched.instances) {
    const std::string& zone = view.instance.availability_zone;
    AccessContext& facts = instances.emplace_back(FactsOf(view));
    facts["ec2:instancemarkettype"] = {"on-demand"};
    for (const Volume& volume : view.volumes) volumes.push_back(FactsOf(volume, zone, account));
    for (const NetworkInterface& eni : view.interfaces) {
      interfaces.push_back({{"ec2:subnet", {ArnOf(account, eni.subnet_id)}},
                            {"ec2:vpc", {ArnOf(account, eni.vpc_id)}},
                            {"ec2:availabilityzone", {zone}}});
      question.AddResource(ArnOf(account, eni.subnet_id));
      for (const SecurityGroupId& group : eni.groups) question.AddResource(ArnOf(account, group));
    }
  }
  question.AddMade(ArnOf(account, InstanceId::kKind, "*"), std::move(instances));
  question.AddMade(ArnOf(account, VolumeId::kKind, "*"), std::move(volumes));
  question.AddMade(ArnOf(account, EniId::kKind, "*"), std::move(interfaces));
}

// Of a launch from a template: which one, and of each resource whether it is the template's or the call's in its place.
absl::Status AddTemplateFacts(const v1::RunInstancesRequest& request, const ComputeServices& services,
                              AccessQuestion& question) {
  ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(request.launch_template().launch_template_id()));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateVersionView view,
                   services.launch_templates.Resolve(id, request.launch_template().version()));
  v1::RunInstancesRequest of_template;
  schema::WriteFields(view.version.spec, of_template);
  // A name that no image has is not of the call either.
  if (const auto image = services.image_names.IdOf(of_template.image_id()); image.ok()) {
    of_template.set_image_id(*image);
  }
  const auto whole = SaidBy(request), own = SaidBy(of_template);
  const std::string arn = ArnOf(services.settings.account(), id);
  for (const std::string& resource : question.resources) {
    AccessContext& facts = question.resource_context[resource];
    facts["ec2:launchtemplate"] = {arn};
    facts["ec2:launchtemplateversion"] = {absl::StrCat(view.version.number)};
    const std::optional<Arn> named = Arn::Parse(resource);
    const auto parts = named.has_value() ? named->SplitResource() : std::nullopt;
    const absl::string_view type = parts.has_value() ? parts->first : absl::string_view();
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
  // Of a call that is not whole, the template is named as the caller wrote it.
  if (const std::string& name = request.launch_template().launch_template_name(); !name.empty()) {
    const absl::StatusOr<LaunchTemplateId> id = services.launch_templates.FindByName(name);
    if (id.ok()) question.AddResource(ArnOf(account, *id));
  }
  const absl::StatusOr<compute::LaunchService::Planned> launch = services.launches.Plan(SpecOf(request));
  if (launch.ok()) {
    DescribePlanned(request, *launch, services.settings, question);
  } else {
    // A repeated call gets its answer also when what it was launched from is gone.
    ASSIGN_OR_RETURN(const auto before,
                     services.instances.FindRun(request.client_token(), gateway::ParametersDigest(request)));
    if (!before.has_value()) return launch.status();
    DescribeLaunched(*before, account, question);
  }
  if (request.launch_template().launch_template_id().empty()) return absl::OkStatus();
  return AddTemplateFacts(request, services, question);
}

}  // namespace brume::ec2
