#include "lib/imds/metadata_tree.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "lib/ec2/network/model/dns_names.h"

namespace brume::imds {
namespace {

constexpr const char* kVersions[] = {
    "1.0",        "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01",
    "2009-04-04", "2011-01-01", "2011-05-01", "2012-01-12", "2014-02-25", "2014-11-05", "2015-10-20", "2016-04-19",
    "2016-06-30", "2016-09-02", "2018-03-28", "2018-08-17", "2018-09-24", "2019-10-01", "2020-10-27", "2021-01-03",
    "2021-03-23", "2021-07-15", "2022-07-09", "2022-09-24", "latest",
};

constexpr char kText[] = "text/plain";
constexpr char kBytes[] = "application/octet-stream";

struct Node {
  std::map<std::string, Node> children;  // of a directory
  const char* content_type = nullptr;    // of a document; null = a directory
  std::string body;
  // How a listing shows the node where that is not its name, with a '/' behind a directory's.
  std::optional<std::string> listed_as;
  bool listed = true;

  // Adds what is missing on the way; `path` is split at '/'.
  Node& At(absl::string_view path) {
    Node* node = this;
    for (absl::string_view name : absl::StrSplit(path, '/')) node = &node->children[std::string(name)];
    return *node;
  }
  Node& Text(absl::string_view path, std::string text) {
    Node& node = At(path);
    node.content_type = kText;
    node.body = std::move(text);
    return node;
  }

  std::string Listing() const {
    std::vector<std::string> lines;
    for (const auto& [name, child] : children) {
      if (!child.listed) continue;
      lines.push_back(child.listed_as.value_or(absl::StrCat(name, child.content_type == nullptr ? "/" : "")));
    }
    return absl::StrJoin(lines, "\n");
  }
};

std::string Fqdn(const MetadataSource& source, const NetworkInterface& eni) {
  return absl::StrCat(Hostname(eni), ".", source.domain);
}

std::vector<std::string> GroupIds(const NetworkInterface& eni) {
  std::vector<std::string> ids;
  for (const SecurityGroupId& id : eni.groups) ids.push_back(id.text());
  return ids;
}

std::vector<std::string> GroupNames(const MetadataSource& source, const NetworkInterface& eni) {
  std::vector<std::string> names;
  for (const SecurityGroupId& id : eni.groups) {
    const auto it = source.view.group_names.find(id);
    if (it != source.view.group_names.end()) names.push_back(it->second);
  }
  return names;
}

// EC2's rule for tags that can be shown here; others exist for the API alone.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html
bool IsServableTagKey(const std::string& key) {
  if (key == "." || key == ".." || key == "_index") return false;
  return std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || absl::string_view("+-=.,_:@").find(c) != absl::string_view::npos;
  });
}

// cloud-init reads a listed "1=x" as a public key, asks for 1/openssh-key, and drops all metadata when that is missing.
bool LooksLikePublicKey(const std::string& key) {
  const size_t end = key.find('=');
  return end != std::string::npos && end > 0 && std::all_of(key.begin(), key.begin() + end, [](unsigned char c) {
           return absl::ascii_isdigit(c) || c == '+' || c == '-' || c == '_';
         });
}

// A name must not end its line, nor look like a directory.
std::string ListedKeyName(std::string name) {
  for (char& c : name) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = '_';
  }
  if (absl::EndsWith(name, "/")) name.back() = '_';
  return name;
}

void AddInterface(const MetadataSource& source, const NetworkInterface& eni, Node& node) {
  node.Text("device-number", absl::StrCat(eni.device_index));
  node.Text("interface-id", eni.id.text());
  node.Text("local-hostname", Fqdn(source, eni));
  std::vector<std::string> addresses;
  for (const Ipv4 address : PrivateAddresses(eni)) addresses.push_back(address.text());
  if (!addresses.empty()) node.Text("local-ipv4s", absl::StrJoin(addresses, "\n"));
  node.Text("mac", eni.mac);
  node.Text("owner-id", source.account_id);
  node.Text("security-groups", absl::StrJoin(GroupNames(source, eni), "\n"));
  node.Text("security-group-ids", absl::StrJoin(GroupIds(eni), "\n"));
  node.Text("subnet-id", eni.subnet_id.text());
  node.Text("vpc-id", eni.vpc_id.text());
  node.Text("vpc-ipv4-cidr-block", source.vpc.cidr.text());
  std::string ranges = source.vpc.cidr.text();
  for (const Cidr& range : source.further_ranges) absl::StrAppend(&ranges, "\n", range.text());
  node.Text("vpc-ipv4-cidr-blocks", std::move(ranges));
  const auto subnet = source.subnets.find(eni.subnet_id);
  if (subnet != source.subnets.end() && !subnet->second.ipv6_native()) {
    node.Text("subnet-ipv4-cidr-block", subnet->second.cidr->text());
  }
  if (!eni.ipv6.empty()) {
    std::vector<std::string> ipv6;
    for (const Ipv6& address : eni.ipv6) ipv6.push_back(address.text());
    node.Text("ipv6s", absl::StrJoin(ipv6, "\n"));
    if (subnet != source.subnets.end() && subnet->second.cidr_ipv6.has_value()) {
      node.Text("subnet-ipv6-cidr-blocks", subnet->second.cidr_ipv6->text());
    }
    std::vector<std::string> ipv6_ranges;
    for (const CidrIpv6& range : source.ipv6_ranges) ipv6_ranges.push_back(range.text());
    node.Text("vpc-ipv6-cidr-blocks", absl::StrJoin(ipv6_ranges, "\n"));
  }
  std::vector<std::string> public_addresses;
  const auto add_public = [&](const std::optional<Ipv4>& address, Ipv4 private_ip) {
    if (!address.has_value()) return;
    public_addresses.push_back(address->text());
    node.Text(absl::StrCat("ipv4-associations/", address->text()), private_ip.text());
  };
  if (eni.private_ip.has_value()) add_public(eni.public_ip, *eni.private_ip);
  for (const SecondaryAddress& address : eni.secondary) add_public(address.public_ip, address.private_ip);
  if (public_addresses.empty()) return;
  node.Text("public-ipv4s", absl::StrJoin(public_addresses, "\n"));
  if (eni.public_ip.has_value() && eni.public_name) node.Text("public-hostname", PublicHostname(eni, source.region));
}

void AddBlockDevices(const MetadataSource& source, Node& node) {
  const std::string& root = source.view.instance.root_device_name;
  if (root.empty()) return;
  node.Text("ami", root);
  node.Text("root", root);
  std::vector<std::string> others;
  for (const Volume& volume : source.view.volumes) {
    if (volume.device_name != root) others.push_back(volume.device_name);
  }
  std::sort(others.begin(), others.end());
  int number = 1;
  for (const std::string& device : others) {
    node.Text(absl::StrCat("ebs", number++), std::string(absl::StripPrefix(device, "/dev/")));
  }
}

void AddMetaData(const MetadataSource& source, Node& node) {
  const Instance& instance = source.view.instance;
  node.Text("ami-id", instance.image_id.text());
  node.Text("ami-launch-index", absl::StrCat(instance.launch_index));
  node.Text("ami-manifest-path", "(unknown)");  // EC2's word for an image that is not kept in S3
  AddBlockDevices(source, node.At("block-device-mapping"));
  // There are no scheduled events: a list of them is empty, as at EC2.
  node.Text("events/maintenance/history", "[]");
  node.Text("events/maintenance/scheduled", "[]");
  node.Text("hibernation/configured", instance.hibernation == Hibernation::kUnsupported ? "false" : "true");
  node.Text("instance-action", "none");
  node.Text("instance-id", instance.id.text());
  node.Text("instance-life-cycle", "on-demand");
  node.Text("instance-type", instance.instance_type);
  node.Text("placement/availability-zone", instance.availability_zone);
  if (!source.zone_id.empty()) node.Text("placement/availability-zone-id", source.zone_id);
  node.Text("placement/region", source.region);
  node.Text("profile", "default-hvm");
  node.Text("reservation-id", instance.reservation_id.text());
  // Where AWS's own services are; not a name of this host's.
  node.Text("services/domain", "amazonaws.com");
  node.Text("services/partition", "aws");
  node.Text("system", "nitro");  // KVM with virtio, as Nitro is, and not Xen

  for (const NetworkInterface& eni : source.view.interfaces) {
    AddInterface(source, eni, node.At(absl::StrCat("network/interfaces/macs/", eni.mac)));
  }
  if (!source.view.interfaces.empty()) {
    const NetworkInterface& primary = source.view.interfaces.front();
    node.Text("hostname", Fqdn(source, primary));
    node.Text("local-hostname", Fqdn(source, primary));
    if (primary.private_ip.has_value()) node.Text("local-ipv4", primary.private_ip->text());
    if (!primary.ipv6.empty()) node.Text("ipv6", primary.ipv6.front().text());
    node.Text("mac", primary.mac);
    node.Text("security-groups", absl::StrJoin(GroupNames(source, primary), "\n"));
    if (primary.public_ip.has_value()) {
      node.Text("public-ipv4", primary.public_ip->text());
      if (primary.public_name) node.Text("public-hostname", PublicHostname(primary, source.region));
    }
  }
  if (!source.public_key.empty()) {
    node.Text("public-keys/0/openssh-key", absl::StrCat(source.public_key, "\n"));
    node.At("public-keys/0").listed_as = absl::StrCat("0=", ListedKeyName(instance.key_name));
  }
  if (instance.metadata_options.tags == MetadataState::kEnabled) {
    for (const auto& [key, value] : source.view.tags) {
      if (!IsServableTagKey(key)) continue;
      node.Text(absl::StrCat("tags/instance/", key), value).listed = !LooksLikePublicKey(key);
    }
  }
}

std::string JsonTime(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
std::string IdentityDocument(const MetadataSource& source) {
  const Instance& instance = source.view.instance;
  nlohmann::ordered_json document;
  document["accountId"] = source.account_id;
  document["architecture"] = source.architecture;
  document["availabilityZone"] = instance.availability_zone;
  document["billingProducts"] = nullptr;
  document["devpayProductCodes"] = nullptr;
  document["marketplaceProductCodes"] = nullptr;
  document["imageId"] = instance.image_id.text();
  document["instanceId"] = instance.id.text();
  document["instanceType"] = instance.instance_type;
  document["kernelId"] = nullptr;
  document["pendingTime"] = JsonTime(instance.launch_time);
  document["privateIp"] = nullptr;
  // EC2 shows null where there is none.
  if (!source.view.interfaces.empty() && source.view.interfaces.front().private_ip.has_value()) {
    document["privateIp"] = source.view.interfaces.front().private_ip->text();
  }
  document["ramdiskId"] = nullptr;
  document["region"] = source.region;
  document["version"] = "2017-09-30";
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
std::string CredentialsDocument(const MetadataSource& source) {
  nlohmann::ordered_json document;
  if (!source.credentials.has_value()) {
    document["Code"] = "AssumeRoleUnauthorizedAccess";
    document["Message"] = absl::StrCat("EC2 cannot assume the role ", source.profile->role->name,
                                       ": its trust policy does not let ec2.amazonaws.com do so.");
    document["LastUpdated"] = JsonTime(source.view.profile->associated);
    return document.dump(2);
  }
  const RoleCredentials& credentials = *source.credentials;
  document["Code"] = "Success";
  document["LastUpdated"] = JsonTime(credentials.updated);
  document["Type"] = "AWS-HMAC";
  document["AccessKeyId"] = credentials.access_key_id;
  document["SecretAccessKey"] = credentials.secret_access_key;
  document["Token"] = credentials.token;
  document["Expiration"] = JsonTime(credentials.expires);
  return document.dump(2);
}

void AddIam(const MetadataSource& source, Node& node) {
  const ProfileAssociation& association = *source.view.profile;
  nlohmann::ordered_json info;
  info["Code"] = source.profile.has_value() ? "Success" : "InstanceProfileNotFound";
  if (!source.profile.has_value()) {
    info["Message"] = absl::StrCat("The instance profile ", association.profile_arn, " was deleted.");
  }
  info["LastUpdated"] = JsonTime(association.associated);
  info["InstanceProfileArn"] = association.profile_arn;
  info["InstanceProfileId"] = association.profile_id;
  node.Text("info", info.dump(2));
  if (!source.profile.has_value() || !source.profile->role.has_value()) return;
  node.Text(absl::StrCat("security-credentials/", source.profile->role->name), CredentialsDocument(source));
}

// What lies below a version. A few dozen small nodes: cheaper to make than the rows were to read.
Node BuildTree(const MetadataSource& source) {
  Node root;
  AddMetaData(source, root.At("meta-data"));
  if (source.view.profile.has_value()) AddIam(source, root.At("meta-data/iam"));
  if (!source.target_lifecycle_state.empty()) {
    root.Text("meta-data/autoscaling/target-lifecycle-state", source.target_lifecycle_state);
  }
  root.Text("dynamic/instance-identity/document", IdentityDocument(source));
  root.Text("dynamic/fws/instance-monitoring", source.view.instance.monitoring ? "enabled" : "disabled");
  if (!source.view.instance.user_data.empty()) {
    Node& node = root.At("user-data");
    node.content_type = kBytes;
    node.body = source.view.instance.user_data;
  }
  // At this level, and above it, EC2 shows directories without a '/'.
  for (auto& [name, child] : root.children) child.listed_as = name;
  return root;
}

}  // namespace

absl::Span<const char* const> Versions() { return kVersions; }

absl::StatusOr<Document> FindDocument(const MetadataSource& source, absl::Span<const std::string> path) {
  if (path.empty()) return Document{kText, absl::StrJoin(kVersions, "\n")};
  if (std::find(std::begin(kVersions), std::end(kVersions), path.front()) == std::end(kVersions)) {
    return absl::NotFoundError("no such version");
  }
  const Node root = BuildTree(source);
  const Node* node = &root;
  for (const std::string& name : path.subspan(1)) {
    const auto it = node->children.find(name);
    if (it == node->children.end()) return absl::NotFoundError("no such document");
    node = &it->second;
  }
  if (node->content_type != nullptr) return Document{node->content_type, node->body};
  return Document{kText, node->Listing()};
}

}  // namespace brume::imds
