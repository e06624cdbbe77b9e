#include "lib/ec2/storage/api/public_access_handlers.h"

#include <string>

#include "brume/ec2/v1/public_access.pb.h"
#include "lib/base/status_macros.h"

namespace brume::ec2 {
namespace {

using storage::PublicAccessService;

constexpr char kByAccount[] = "account";

std::string BlockName(PublicAccessBlock block) { return std::string(kPublicAccessBlockNames.Of(block)); }

template <typename Response>
absl::StatusOr<Response> SetImages(PublicAccessService& service, PublicAccessBlock block) {
  RETURN_IF_ERROR(service.Set(SharedKind::kImages, block));
  Response response;
  response.set_image_block_public_access_state(BlockName(block));
  return response;
}

template <typename Response>
absl::StatusOr<Response> SetSnapshots(PublicAccessService& service, PublicAccessBlock block) {
  RETURN_IF_ERROR(service.Set(SharedKind::kSnapshots, block));
  Response response;
  response.set_state(BlockName(block));
  return response;
}

absl::StatusOr<v1::EnableImageBlockPublicAccessResponse> EnableImageBlockPublicAccess(
    const v1::EnableImageBlockPublicAccessRequest&, PublicAccessService& service) {
  return SetImages<v1::EnableImageBlockPublicAccessResponse>(service, PublicAccessBlock::kBlockNewSharing);
}

absl::StatusOr<v1::DisableImageBlockPublicAccessResponse> DisableImageBlockPublicAccess(
    const v1::DisableImageBlockPublicAccessRequest&, PublicAccessService& service) {
  return SetImages<v1::DisableImageBlockPublicAccessResponse>(service, PublicAccessBlock::kUnblocked);
}

absl::StatusOr<v1::GetImageBlockPublicAccessStateResponse> GetImageBlockPublicAccessState(
    const v1::GetImageBlockPublicAccessStateRequest&, PublicAccessService& service) {
  ASSIGN_OR_RETURN(const PublicAccessBlock block, service.Get(SharedKind::kImages));
  v1::GetImageBlockPublicAccessStateResponse response;
  response.set_image_block_public_access_state(BlockName(block));
  response.set_managed_by(kByAccount);
  return response;
}

absl::StatusOr<v1::EnableSnapshotBlockPublicAccessResponse> EnableSnapshotBlockPublicAccess(
    const v1::EnableSnapshotBlockPublicAccessRequest& request, PublicAccessService& service) {
  const bool all = request.state() == kPublicAccessBlockNames.Of(PublicAccessBlock::kBlockAllSharing);
  return SetSnapshots<v1::EnableSnapshotBlockPublicAccessResponse>(
      service, all ? PublicAccessBlock::kBlockAllSharing : PublicAccessBlock::kBlockNewSharing);
}

absl::StatusOr<v1::DisableSnapshotBlockPublicAccessResponse> DisableSnapshotBlockPublicAccess(
    const v1::DisableSnapshotBlockPublicAccessRequest&, PublicAccessService& service) {
  return SetSnapshots<v1::DisableSnapshotBlockPublicAccessResponse>(service, PublicAccessBlock::kUnblocked);
}

absl::StatusOr<v1::GetSnapshotBlockPublicAccessStateResponse> GetSnapshotBlockPublicAccessState(
    const v1::GetSnapshotBlockPublicAccessStateRequest&, PublicAccessService& service) {
  ASSIGN_OR_RETURN(const PublicAccessBlock block, service.Get(SharedKind::kSnapshots));
  v1::GetSnapshotBlockPublicAccessStateResponse response;
  response.set_state(BlockName(block));
  response.set_managed_by(kByAccount);
  return response;
}

}  // namespace

void AddPublicAccessActions(gateway::Actions& actions, PublicAccessService& public_access) {
  actions.Add(EnableImageBlockPublicAccess, public_access);
  actions.Add(DisableImageBlockPublicAccess, public_access);
  actions.Add(GetImageBlockPublicAccessState, public_access);
  actions.Add(EnableSnapshotBlockPublicAccess, public_access);
  actions.Add(DisableSnapshotBlockPublicAccess, public_access);
  actions.Add(GetSnapshotBlockPublicAccessState, public_access);
}

}  // namespace brume::ec2
