#include "lib/resource/kinds.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "lib/resource/ec2_error.h"
#include "lib/resource/ids.h"
#include "lib/resource/tags.h"

namespace brume {

TEST_CASE("the kind of an id is told by what stands before its first dash", "[ids]") {
  CHECK(KindOfId("i-0123456789abcdef0") == &InstanceId::kKind);
  CHECK(KindOfId("sgr-0123456789abcdef0") == &SecurityGroupRuleId::kKind);
  CHECK(KindOfId("sg-0123456789abcdef0") == &SecurityGroupId::kKind);
  for (const char* text : {"", "i", "-", "-i", "I-0123456789abcdef0", "moon-1", "s-1", "sgrx-1"}) {
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
    CHECK(IdNotFound(kind, id).message() == absl::StrCat("The ", kind.noun, " ID '", id, "' does not exist"));
    if (!kind.arn_type.empty()) CHECK(arn_types.insert(kind.arn_type).second);
    CHECK((kind.tag_type.empty() || kind.tag_type == kind.arn_type));
  }
}

}  // namespace brume
