#include "lib/ec2/tagging/api/tag_facts.h"

#include <string>

#include "lib/base/status_macros.h"
#include "lib/resource/ids.h"
#include "lib/resource/kinds.h"

namespace brume::ec2 {

void AddTagFacts(gateway::ResourceFacts& facts, tagging::TagService& tags) {
  for (const Kind& kind : kKinds) {
    if (kind.tag_type.empty() || kind.prefix == KeyPairId::kKind.prefix) continue;
    facts.Add(kind.arn_type, [&tags](const std::string& id) -> absl::StatusOr<AccessContext> {
      ASSIGN_OR_RETURN(const TagMap of_resource, tags.Of(id));
      AccessContext known;
      gateway::AddTagFacts(of_resource, known);
      return known;
    });
  }
}

}  // namespace brume::ec2
