#include "lib/resource/kinds.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/ids.h"
#include "lib/resource/tags.h"

namespace brume {

TEST_CASE("the kind of an id is told by what stands before its last dash or its first", "[ids]") {
  CHECK(KindOfId("i-0123456789abcdef0") == &InstanceId::kKind);
  CHECK(KindOfId("sgr-0123456789abcdef0") == &SecurityGroupRuleId::kKind);
  CHECK(KindOfId("sg-0123456789abcdef0") == &SecurityGroupId::kKind);
  CHECK(KindOfId("export-ami-0123456789abcdef0") == &ExportImageTaskId::kKind);
  CHECK(KindOfId("import-ami-0123456789abcdef0") == &ImportImageTaskId::kKind);
  CHECK(KindOfId("import-snap-0123456789abcdef0") == &ImportSnapshotTaskId::kKind);
  CHECK(KindOfId("i-not-an-id") == &InstanceId::kKind);
  for (const char* text :
       {"", "i", "-", "import-0123456789abcdef0", "-i", "I-0123456789abcdef0", "moon-1", "s-1", "sgrx-1"}) {
    INFO(text);
    CHECK(KindOfId(text) == nullptr);
  }
}

TEST_CASE("each kind's ids have its form and its errors its words", "[ids]") {
  std::set<absl::string_view> arn_types;
  for (const Kind& kind : kKinds) {
    const std::string id = absl::StrCat(kind.prefix, "-0123456789abcdef0");
    INFO(id);
    CHECK(FindKind(kind.prefix) == &kind);
    CHECK(IsWellFormedId(kind, id));
    CHECK(ResourceTypeOf(id) == std::string(kind.tag_type));
    CHECK(ec2::ErrorCode(MalformedId(kind, "x")) == std::string(kind.malformed.text()));
    CHECK(IdNotFound(kind, id).code() == absl::StatusCode::kNotFound);
    CHECK(absl::StrContains(IdNotFound(kind, id).message(), id));
    if (!kind.arn_type.empty()) CHECK(arn_types.insert(kind.arn_type).second);
    CHECK((kind.tag_type.empty() || kind.tag_type == kind.arn_type));
  }
}

TEST_CASE("what is not there is said in EC2's own words, which programs match", "[ids]") {
  const std::pair<const char*, const char*> kTexts[] = {
      {"acl-01234567", "The networkAcl ID 'acl-01234567' does not exist"},
      {"aclassoc-01234567", "The association ID 'aclassoc-01234567' does not exist"},
      {"ami-01234567", "The image id '[ami-01234567]' does not exist"},
      {"dopt-01234567", "The dhcpOptions ID 'dopt-01234567' does not exist"},
      {"eigw-01234567", "The eigw ID 'eigw-01234567' does not exist"},
      {"eipalloc-01234567", "The allocation ID 'eipalloc-01234567' does not exist"},
      {"eipassoc-01234567", "The association ID 'eipassoc-01234567' does not exist"},
      {"eni-01234567", "The networkInterface ID 'eni-01234567' does not exist"},
      {"fl-01234567", "Flow log 'fl-01234567' does not exist"},
      {"i-01234567", "The instance ID 'i-01234567' does not exist"},
      {"igw-01234567", "The internetGateway ID 'igw-01234567' does not exist"},
      {"export-ami-01234567", "The export task ID 'export-ami-01234567' does not exist"},
      {"import-ami-01234567", "The import task ID 'import-ami-01234567' does not exist"},
      {"import-snap-01234567", "The import task ID 'import-snap-01234567' does not exist"},
      {"key-01234567", "The key pair 'key-01234567' does not exist"},
      {"lt-01234567", "The specified launch template, with template ID lt-01234567, does not exist."},
      {"nat-01234567", "NAT gateway nat-01234567 was not found"},
      {"nia-01234567", "The network insights analysis 'nia-01234567' does not exist"},
      {"nip-01234567", "The network insights path 'nip-01234567' does not exist"},
      {"pcx-01234567", "The vpcPeeringConnection ID 'pcx-01234567' does not exist"},
      {"pl-01234567", "The prefix list ID 'pl-01234567' does not exist"},
      {"r-01234567", "The reservation ID 'r-01234567' does not exist"},
      {"replacevol-01234567", "The replace root volume task ID 'replacevol-01234567' does not exist"},
      {"rtb-01234567", "The routeTable ID 'rtb-01234567' does not exist"},
      {"rtbassoc-01234567", "The association ID 'rtbassoc-01234567' does not exist"},
      {"sg-01234567", "The security group 'sg-01234567' does not exist"},
      {"sgr-01234567", "The security group rule ID 'sgr-01234567' does not exist"},
      {"snap-01234567", "The snapshot 'snap-01234567' does not exist."},
      {"subnet-01234567", "The subnet ID 'subnet-01234567' does not exist"},
      {"subnet-cidr-assoc-01234567",
       "The subnet CIDR block association ID 'subnet-cidr-assoc-01234567' does not exist"},
      {"vol-01234567", "The volume 'vol-01234567' does not exist."},
      {"vpc-01234567", "The vpc ID 'vpc-01234567' does not exist"},
      {"vpce-01234567", "The Vpc Endpoint Id 'vpce-01234567' does not exist"},
      {"vpc-cidr-assoc-01234567", "The vpc CIDR block association ID 'vpc-cidr-assoc-01234567' does not exist"},
  };
  CHECK(std::size(kTexts) == std::size(kKinds));
  for (const auto& [id, text] : kTexts) {
    INFO(id);
    CHECK(IdNotFound(*KindOfId(id), id).message() == text);
  }
}

}  // namespace brume
