#include "lib/imds/metadata_store.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "lib/autoscaling/member_service.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/instance_service.h"
#include "lib/ec2/network/interface_service.h"
#include "lib/ec2/network/model/dns_names.h"
#include "lib/ec2/network/network_service.h"
#include "lib/ec2/storage/image_service.h"
#include "lib/iam/instance_profile_service.h"
#include "lib/resource/zones.h"
#include "lib/store/value_table.h"

namespace brume::imds {
namespace {

constexpr char kTokenKeyName[] = "metadata.token_key";  // 64 hex digits

absl::StatusOr<std::string> ReadArchitecture(store::Connection& connection, const ImageId& id) {
  absl::StatusOr<Image> image = storage::GetImage(connection, id);
  if (image.ok()) return std::move(image->architecture);
  // An image's row may be gone while instances still run from its copy.
  if (absl::IsNotFound(image.status())) return Image().architecture;
  return image.status();
}

}  // namespace

absl::StatusOr<std::optional<MetadataSource>> ReadSource(store::Connection& connection, const Settings& settings,
                                                         const InstanceTypeTable& types, const NetworkInterface& eni) {
  if (eni.instance_id.empty()) return std::nullopt;

  MetadataSource source;
  ASSIGN_OR_RETURN(source.view, compute::GetInstanceView(connection, types, eni.instance_id));
  ASSIGN_OR_RETURN(source.vpc, network::GetVpc(connection, eni.vpc_id));
  ASSIGN_OR_RETURN(source.further_ranges, network::ListFurtherRanges(connection, eni.vpc_id));
  ASSIGN_OR_RETURN(source.ipv6_ranges, network::ListIpv6Ranges(connection, eni.vpc_id));
  for (const NetworkInterface& each : source.view.interfaces) {
    ASSIGN_OR_RETURN(source.subnets[each.subnet_id], network::GetSubnet(connection, each.subnet_id));
  }
  ASSIGN_OR_RETURN(source.architecture, ReadArchitecture(connection, source.view.instance.image_id));
  source.public_key = source.view.instance.public_key;
  source.region = settings.region;
  source.zone_id = ZoneId(settings, source.view.instance.availability_zone);
  source.account_id = settings.account_id;
  source.domain = PrivateDomain(settings);
  if (source.view.profile.has_value()) {
    ASSIGN_OR_RETURN(source.profile, iam::FindInstanceProfile(connection, source.view.profile->profile_id));
  }
  ASSIGN_OR_RETURN(source.target_lifecycle_state,
                   autoscaling::TargetLifecycleState(connection, source.view.instance.id));
  return source;
}

absl::StatusOr<TokenKey> EnsureTokenKey(store::Database& database, Random& random) {
  std::string hex = random.Hex(64);
  RETURN_IF_ERROR(database.Write([&hex](store::Connection& connection) -> absl::Status {
    store::ValueTable values(connection);
    ASSIGN_OR_RETURN(const std::optional<std::string> kept, values.Get(kTokenKeyName));
    if (!kept.has_value() || kept->size() != hex.size()) return values.Set(kTokenKeyName, hex);
    hex = *kept;
    return absl::OkStatus();
  }));
  return TokenKey{absl::HexStringToBytes(hex)};
}

}  // namespace brume::imds
