#include "lib/imds/metadata_tree.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/imds/metadata_source.h"

namespace brume::imds {
namespace {

absl::StatusOr<Document> Find(const MetadataSource& source, absl::string_view path) {
  const std::vector<std::string> segments = absl::StrSplit(path, '/', absl::SkipEmpty());
  return FindDocument(source, segments);
}

// The body, or "(none)".
std::string Read(const MetadataSource& source, absl::string_view path) {
  const absl::StatusOr<Document> document = Find(source, path);
  return document.ok() ? document->body : "(none)";
}

std::string MetaData(const MetadataSource& source, absl::string_view path) {
  return Read(source, absl::StrCat("latest/meta-data/", path));
}

std::set<std::string> Listed(const MetadataSource& source, absl::string_view path) {
  const std::vector<std::string> lines = absl::StrSplit(Read(source, path), '\n', absl::SkipEmpty());
  return {lines.begin(), lines.end()};
}

// Follows listings as cloud-init reads them: "NAME/" is a directory, "0=NAME" the key at 0/openssh-key, all else a
// document. Returns how many documents it read; `seen` gets their paths.
int Crawl(const MetadataSource& source, const std::string& directory, std::set<std::string>* seen = nullptr) {
  int documents = 0;
  for (const std::string& line : Listed(source, directory)) {
    if (absl::EndsWith(line, "/")) {
      documents += Crawl(source, absl::StrCat(directory, "/", line.substr(0, line.size() - 1)), seen);
      continue;
    }
    std::string name = line;
    const std::pair<std::string, std::string> split = absl::StrSplit(line, absl::MaxSplits('=', 1));
    int number;
    if (absl::StrContains(line, "=") && absl::SimpleAtoi(split.first, &number)) name = split.first + "/openssh-key";
    INFO(directory << " lists " << line);
    CHECK(Find(source, absl::StrCat(directory, "/", name)).ok());
    if (seen != nullptr) seen->insert(absl::StrCat(directory, "/", name));
    ++documents;
  }
  return documents;
}

void GiveIpv6(MetadataSource& source) {
  source.ipv6_ranges = {CidrIpv6::Parse("fd00:1:2:300::/56").value()};
  NetworkInterface& first = source.view.interfaces[0];
  first.ipv6 = {Ipv6::Parse("fd00:1:2:301::4").value(), Ipv6::Parse("fd00:1:2:301::5").value()};
  source.subnets[first.subnet_id].cidr_ipv6 = CidrIpv6::Parse("fd00:1:2:301::/64").value();
}

}  // namespace

TEST_CASE("IPv6 addresses and ranges are told of an interface that has them", "[metadata]") {
  MetadataSource source = ExampleSource();
  const std::string of = absl::StrCat("network/interfaces/macs/", source.view.interfaces[0].mac, "/");
  for (const char* path : {"ipv6s", "subnet-ipv6-cidr-blocks", "vpc-ipv6-cidr-blocks"}) {
    CHECK(MetaData(source, of + path) == "(none)");
  }
  CHECK(MetaData(source, "ipv6") == "(none)");
  GiveIpv6(source);
  CHECK(MetaData(source, "ipv6") == "fd00:1:2:301::4");
  CHECK(MetaData(source, of + "ipv6s") == "fd00:1:2:301::4\nfd00:1:2:301::5");
  CHECK(MetaData(source, of + "subnet-ipv6-cidr-blocks") == "fd00:1:2:301::/64");
  CHECK(MetaData(source, of + "vpc-ipv6-cidr-blocks") == "fd00:1:2:300::/56");
}

TEST_CASE("an instance of an IPv6-only subnet is told of no IPv4 address of its own", "[metadata]") {
  MetadataSource source = ExampleSource();
  GiveIpv6(source);
  source.view.interfaces.pop_back();
  NetworkInterface& eni = source.view.interfaces[0];
  eni.private_ip.reset();
  eni.public_ip.reset();
  eni.instance_id = source.view.instance.id;
  eni.dns_name_options.hostname_type = HostnameType::kResourceName;
  source.subnets[eni.subnet_id].cidr.reset();
  const std::string of = absl::StrCat("network/interfaces/macs/", eni.mac, "/");
  for (const std::string& path : {std::string("local-ipv4"), std::string("public-ipv4"), of + "local-ipv4s",
                                  of + "public-ipv4s", of + "subnet-ipv4-cidr-block"}) {
    INFO(path);
    CHECK(MetaData(source, path) == "(none)");
  }
  CHECK(MetaData(source, "ipv6") == "fd00:1:2:301::4");
  CHECK(MetaData(source, of + "subnet-ipv6-cidr-blocks") == "fd00:1:2:301::/64");
  CHECK(absl::StartsWith(MetaData(source, "local-hostname"), source.view.instance.id.text() + "."));
  const auto document = nlohmann::json::parse(Read(source, "latest/dynamic/instance-identity/document"));
  CHECK(document["privateIp"].is_null());
  CHECK(Crawl(source, "latest") > 0);
}

TEST_CASE("every listed entry resolves, in every version, for every kind of instance", "[metadata]") {
  std::vector<MetadataSource> sources(5, ExampleSource());
  sources[1].view.interfaces[0].public_ip.reset();
  sources[1].public_key.clear();
  sources[1].view.instance.metadata_options.tags = MetadataState::kDisabled;
  sources[1].view.instance.user_data.clear();
  sources[2].view.interfaces.clear();
  sources[2].zone_id.clear();
  sources[2].view.tags = {{"1=only", "this"}};
  sources[3].view.instance.key_name = "odd\nname/";
  sources[4] = SourceWithRole();
  for (const MetadataSource& source : sources) {
    for (const char* version : Versions()) {
      CHECK(Crawl(source, absl::StrCat(version, "/meta-data")) > 15);
      CHECK(Crawl(source, absl::StrCat(version, "/dynamic")) == 2);
      for (const std::string& entry : Listed(source, version)) {
        CHECK(Find(source, absl::StrCat(version, "/", entry)).ok());
      }
    }
  }
}

TEST_CASE("the versions are EC2's, among them those cloud-init asks for, and no others", "[metadata]") {
  const MetadataSource source = ExampleSource();
  const std::set<std::string> versions = Listed(source, "");
  for (const char* version : {"1.0", "2009-04-04", "2016-09-02", "2018-09-24", "2021-03-23", "latest"}) {
    INFO(version);
    CHECK(versions.contains(version));
    CHECK(Read(source, absl::StrCat(version, "/meta-data/instance-id")) == "i-0123456789abcdef0");
  }
  for (const char* version : {"2021-03-24", "1", "LATEST", "openstack", "latest ", "."}) {
    INFO(version);
    CHECK(Read(source, version) == "(none)");
  }
}

TEST_CASE("the documents say what EC2's say", "[metadata]") {
  const MetadataSource source = ExampleSource();
  const std::pair<const char*, const char*> kExpected[] = {
      {"ami-id", "ami-0123456789abcdef0"},
      {"ami-launch-index", "2"},
      {"ami-manifest-path", "(unknown)"},
      {"block-device-mapping/ami", "/dev/vda"},
      {"block-device-mapping/root", "/dev/vda"},
      {"block-device-mapping/ebs1", "sdf"},
      {"events/maintenance/history", "[]"},
      {"events/maintenance/scheduled", "[]"},
      {"events/recommendations/rebalance", "(none)"},
      {"hibernation/configured", "false"},
      {"hostname", "ip-10-0-1-4.ec2.internal"},
      {"instance-action", "none"},
      {"instance-id", "i-0123456789abcdef0"},
      {"instance-life-cycle", "on-demand"},
      {"instance-type", "t3.micro"},
      {"local-hostname", "ip-10-0-1-4.ec2.internal"},
      {"local-ipv4", "10.0.1.4"},
      {"mac", "02:00:0a:00:01:04"},
      {"placement/availability-zone", "us-east-1b"},
      {"placement/availability-zone-id", "use1-az2"},
      {"placement/region", "us-east-1"},
      {"profile", "default-hvm"},
      {"public-hostname", "ec2-198-18-0-7.compute-1.amazonaws.com"},
      {"public-ipv4", "198.18.0.7"},
      {"public-keys", "0=laptop"},
      {"public-keys/0", "openssh-key"},
      {"public-keys/0/openssh-key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample laptop\n"},
      {"reservation-id", "r-0123456789abcdef0"},
      {"security-groups", "default\nweb"},
      {"services/domain", "amazonaws.com"},
      {"services/partition", "aws"},
      {"spot/instance-action", "(none)"},
      {"system", "nitro"},
      {"network/interfaces/macs", "02:00:0a:00:01:04/\n02:00:0a:00:01:05/"},
      {"network/interfaces/macs/02:00:0a:00:01:04/device-number", "0"},
      {"network/interfaces/macs/02:00:0a:00:01:04/interface-id", "eni-0123456789abcdef0"},
      {"network/interfaces/macs/02:00:0a:00:01:04/ipv4-associations", "198.18.0.7"},
      {"network/interfaces/macs/02:00:0a:00:01:04/ipv4-associations/198.18.0.7", "10.0.1.4"},
      {"network/interfaces/macs/02:00:0a:00:01:04/local-ipv4s", "10.0.1.4"},
      {"network/interfaces/macs/02:00:0a:00:01:04/mac", "02:00:0a:00:01:04"},
      {"network/interfaces/macs/02:00:0a:00:01:04/owner-id", "000000000000"},
      {"network/interfaces/macs/02:00:0a:00:01:04/public-hostname", "ec2-198-18-0-7.compute-1.amazonaws.com"},
      {"network/interfaces/macs/02:00:0a:00:01:04/public-ipv4s", "198.18.0.7"},
      {"network/interfaces/macs/02:00:0a:00:01:04/security-group-ids", "sg-0123456789abcdef0\nsg-0123456789abcdef1"},
      {"network/interfaces/macs/02:00:0a:00:01:05/device-number", "1"},
      {"network/interfaces/macs/02:00:0a:00:01:05/local-hostname", "ip-10-0-1-5.ec2.internal"},
      {"network/interfaces/macs/02:00:0a:00:01:05/public-ipv4s", "(none)"},
      {"network/interfaces/macs/02:00:0a:00:01:05/public-hostname", "(none)"},
      {"network/interfaces/macs/02:00:0a:00:01:05/ipv4-associations", "(none)"},
      {"network/interfaces/macs/02:00:0a:00:01:05/security-groups", "default"},
      {"network/interfaces/macs/02:00:0a:00:01:05/subnet-id", "subnet-0123456789abcdef0"},
      {"network/interfaces/macs/02:00:0a:00:01:05/subnet-ipv4-cidr-block", "10.0.1.0/24"},
      {"network/interfaces/macs/02:00:0a:00:01:05/vpc-id", "vpc-0123456789abcdef0"},
      {"network/interfaces/macs/02:00:0a:00:01:05/vpc-ipv4-cidr-block", "10.0.0.0/16"},
      {"network/interfaces/macs/02:00:0a:00:01:05/vpc-ipv4-cidr-blocks", "10.0.0.0/16"},
      {"iam", "(none)"},
      {"instance-id/x", "(none)"},
  };
  for (const auto& [path, expected] : kExpected) {
    INFO(path);
    CHECK(MetaData(source, path) == expected);
  }
}

TEST_CASE("an interface reads all ranges of its VPC, and no public name where the VPC gives none", "[metadata]") {
  MetadataSource source = ExampleSource();
  source.further_ranges = {Cidr::Parse("10.8.0.0/16").value()};
  for (NetworkInterface& eni : source.view.interfaces) eni.public_name = false;
  const std::string mac = "network/interfaces/macs/02:00:0a:00:01:04/";
  CHECK(MetaData(source, mac + "vpc-ipv4-cidr-blocks") == "10.0.0.0/16\n10.8.0.0/16");
  CHECK(MetaData(source, mac + "public-ipv4s") == "198.18.0.7");
  CHECK(MetaData(source, mac + "public-hostname") == "(none)");
  CHECK(MetaData(source, "public-hostname") == "(none)");
}

TEST_CASE("an instance reads whether it is monitored in detail", "[metadata]") {
  MetadataSource source = ExampleSource();
  CHECK(Read(source, "latest/dynamic/fws/instance-monitoring") == "disabled");
  source.view.instance.monitoring = true;
  CHECK(Read(source, "latest/dynamic/fws/instance-monitoring") == "enabled");
}

TEST_CASE("docs/metadata.md names each document, and none that is not served", "[metadata]") {
  MetadataSource source = SourceWithRole();
  source.target_lifecycle_state = "InService";
  GiveIpv6(source);
  std::set<std::string> served = {"latest/user-data"};
  Crawl(source, "latest/meta-data", &served);
  Crawl(source, "latest/dynamic", &served);
  // What stands for one of many.
  const std::pair<const char*, const char*> kGeneral[] = {
      {"macs/[^/]+", "macs/MAC"},
      {"ipv4-associations/[^/]+", "ipv4-associations/ADDRESS"},
      {"security-credentials/[^/]+", "security-credentials/ROLE"},
      {"mapping/ebs[0-9]+", "mapping/ebsN"},
      {"tags/instance/[^/]+", "tags/instance/KEY"},
  };
  std::set<std::string> shown;
  for (const std::string& path : served) {
    std::string general = path.substr(sizeof("latest"));
    for (const auto& [pattern, word] : kGeneral) {
      general = std::regex_replace(general, std::regex(pattern), word);
    }
    shown.insert(general);
  }
  std::ifstream file(BRUME_SOURCE_DIR "/docs/metadata.md");
  REQUIRE(file.is_open());
  std::set<std::string> listed;
  for (std::string line; std::getline(file, line);) {
    // The first cell of a row of the table of documents: paths in backticks.
    const std::string cell = line.substr(0, line.find('|', 1));
    if (!absl::StartsWith(cell, "| `meta-data/") && !absl::StartsWith(cell, "| `dynamic/") &&
        !absl::StartsWith(cell, "| `user-data")) {
      continue;
    }
    const std::vector<std::string> parts = absl::StrSplit(cell, '`');
    for (size_t i = 1; i < parts.size(); i += 2) listed.insert(parts[i]);
  }
  CHECK(listed == shown);
}

TEST_CASE("what an instance does not have is neither listed nor served", "[metadata]") {
  MetadataSource source = ExampleSource();
  source.view.interfaces[0].public_ip.reset();
  source.public_key.clear();
  source.view.instance.user_data.clear();
  source.view.instance.metadata_options.tags = MetadataState::kDisabled;
  const std::set<std::string> listed = Listed(source, "latest/meta-data");
  for (const char* entry : {"public-ipv4", "public-hostname", "public-keys/", "tags/"}) {
    INFO(entry);
    CHECK_FALSE(listed.contains(entry));
    CHECK(MetaData(source, entry) == "(none)");
  }
  CHECK(Read(source, "latest") == "dynamic\nmeta-data");
  CHECK(Read(source, "latest/user-data") == "(none)");
}

TEST_CASE("an instance with a role reads who it is and its credentials", "[metadata]") {
  const MetadataSource source = SourceWithRole();
  CHECK(Listed(source, "latest/meta-data").contains("iam/"));
  CHECK(MetaData(source, "iam") == "info\nsecurity-credentials/");
  CHECK(MetaData(source, "iam/security-credentials") == "web");
  CHECK(nlohmann::json::parse(MetaData(source, "iam/info")) ==
        nlohmann::json({{"Code", "Success"},
                        {"LastUpdated", "2026-01-31T10:00:00Z"},
                        {"InstanceProfileArn", "arn:aws:iam::000000000000:instance-profile/servers"},
                        {"InstanceProfileId", "AIPASERVERS"}}));
  CHECK(nlohmann::json::parse(MetaData(source, "iam/security-credentials/web")) ==
        nlohmann::json({{"Code", "Success"},
                        {"LastUpdated", "2026-01-31T10:00:00Z"},
                        {"Type", "AWS-HMAC"},
                        {"AccessKeyId", "ASIAX"},
                        {"SecretAccessKey", "se/cr+et"},
                        {"Token", "to/k+en=="},
                        {"Expiration", "2026-01-31T16:00:00Z"}}));
  CHECK(MetaData(source, "iam/security-credentials/other") == "(none)");
}

TEST_CASE("an instance without a role has no credentials, and is told why where it has a profile", "[metadata]") {
  MetadataSource source = SourceWithRole();
  source.credentials.reset();
  CHECK(nlohmann::json::parse(MetaData(source, "iam/info"))["Code"] == "Success");
  const auto refused = nlohmann::json::parse(MetaData(source, "iam/security-credentials/web"));
  CHECK(refused["Code"] == "AssumeRoleUnauthorizedAccess");
  CHECK(absl::StrContains(refused["Message"].get<std::string>(), "role web"));
  CHECK_FALSE(refused.contains("AccessKeyId"));
  source.profile->role.reset();
  CHECK(MetaData(source, "iam") == "info");
  CHECK(nlohmann::json::parse(MetaData(source, "iam/info"))["Code"] == "Success");
  CHECK(MetaData(source, "iam/security-credentials") == "(none)");
  source.profile.reset();
  CHECK(nlohmann::json::parse(MetaData(source, "iam/info"))["Code"] == "InstanceProfileNotFound");
  CHECK(MetaData(source, "iam/security-credentials/web") == "(none)");
  source.view.profile.reset();
  CHECK(MetaData(source, "iam") == "(none)");
  CHECK(MetaData(source, "iam/info") == "(none)");
  CHECK_FALSE(Listed(source, "latest/meta-data").contains("iam/"));
}

TEST_CASE("a member of an Auto Scaling group reads where it is going, and nobody else", "[metadata]") {
  MetadataSource source = ExampleSource();
  CHECK(MetaData(source, "autoscaling") == "(none)");
  CHECK_FALSE(Listed(source, "latest/meta-data").contains("autoscaling/"));
  source.target_lifecycle_state = "InService";
  CHECK(Listed(source, "latest/meta-data").contains("autoscaling/"));
  CHECK(MetaData(source, "autoscaling") == "target-lifecycle-state");
  CHECK(MetaData(source, "autoscaling/target-lifecycle-state") == "InService");
}

TEST_CASE("user data comes back byte for byte", "[metadata]") {
  const MetadataSource source = ExampleSource();
  const Document document = Find(source, "latest/user-data").value();
  CHECK(document.body == source.view.instance.user_data);
  CHECK(document.content_type == "application/octet-stream");
  CHECK(Read(source, "latest") == "dynamic\nmeta-data\nuser-data");
}

TEST_CASE("tags are served where their keys fit a path, and one cloud-init would misread is not listed", "[metadata]") {
  const MetadataSource source = ExampleSource();
  CHECK(Listed(source, "latest/meta-data/tags/instance") == std::set<std::string>{"Name", "empty", "env=prod"});
  CHECK(MetaData(source, "tags/instance/Name") == "web 1");
  CHECK(MetaData(source, "tags/instance/empty").empty());
  CHECK(MetaData(source, "tags/instance/env=prod") == "y");
  CHECK(MetaData(source, "tags/instance/1=key") == "x");
  CHECK(MetaData(source, "tags/instance/..") == "(none)");
  CHECK(MetaData(source, "tags/instance/with space") == "(none)");
}

TEST_CASE("the identity document has EC2's keys and types", "[metadata]") {
  const MetadataSource source = ExampleSource();
  const auto document = nlohmann::json::parse(Read(source, "latest/dynamic/instance-identity/document"));
  CHECK(document.size() == 15);
  CHECK(document["accountId"] == "000000000000");
  CHECK(document["architecture"] == "x86_64");
  CHECK(document["availabilityZone"] == "us-east-1b");
  CHECK(document["imageId"] == "ami-0123456789abcdef0");
  CHECK(document["instanceId"] == "i-0123456789abcdef0");
  CHECK(document["instanceType"] == "t3.micro");
  CHECK(document["pendingTime"] == "2026-01-31T10:00:00Z");
  CHECK(document["privateIp"] == "10.0.1.4");
  CHECK(document["region"] == "us-east-1");
  CHECK(document["version"] == "2017-09-30");
  for (const char* key :
       {"billingProducts", "devpayProductCodes", "marketplaceProductCodes", "kernelId", "ramdiskId"}) {
    INFO(key);
    CHECK(document[key].is_null());
  }
  CHECK(Read(source, "latest/dynamic") == "fws/\ninstance-identity/");
  CHECK(Read(source, "latest/dynamic/instance-identity") == "document");
}

TEST_CASE("a hostile instance type cannot break the identity document", "[metadata]") {
  MetadataSource source = ExampleSource();
  source.view.instance.instance_type = "a\"b\\\n\xff";
  const auto document = nlohmann::json::parse(Read(source, "latest/dynamic/instance-identity/document"));
  CHECK(document["instanceId"] == "i-0123456789abcdef0");
}

}  // namespace brume::imds
