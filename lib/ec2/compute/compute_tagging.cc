#include "lib/ec2/compute/compute_tagging.h"

#include <optional>

#include "lib/base/status_macros.h"
#include "lib/ec2/compute/tables/instance_table.h"
#include "lib/ec2/compute/tables/key_pair_table.h"
#include "lib/ec2/compute/tables/launch_template_table.h"
#include "lib/ec2/compute/tables/root_replacement_table.h"

namespace brume::compute {
namespace {

absl::Status FindKeyPair(store::Connection& connection, const KeyPairId& id) {
  ASSIGN_OR_RETURN(const std::optional<KeyPair> pair, KeyPairTable(connection).FindById(id));
  return pair.has_value() ? absl::OkStatus() : id.NotFound();
}

}  // namespace

void AddTaggableKinds(tagging::TagService& tags) {
  using C = store::Connection;
  tags.AddKind<InstanceId>([](C& c, const InstanceId& id) { return InstanceTable(c).Get(id).status(); });
  tags.AddKind<ReplaceRootVolumeTaskId>(
      [](C& c, const ReplaceRootVolumeTaskId& id) { return RootReplacementTable(c).Get(id).status(); });
  tags.AddKind<KeyPairId>(FindKeyPair);
  tags.AddKind<LaunchTemplateId>(
      [](C& c, const LaunchTemplateId& id) { return LaunchTemplateTable(c).Get(id).status(); });
}

}  // namespace brume::compute
