#include "lib/ec2/storage/api/encryption_handlers.h"

#include "brume/ec2/v1/volume.pb.h"
#include "lib/base/status_macros.h"

namespace brume::ec2 {
namespace {

template <typename Response>
absl::StatusOr<Response> SetDefault(storage::EncryptionService& encryption, bool on) {
  RETURN_IF_ERROR(encryption.SetDefault(on));
  Response response;
  response.set_ebs_encryption_by_default(on);
  return response;
}

absl::StatusOr<v1::EnableEbsEncryptionByDefaultResponse> EnableEbsEncryptionByDefault(
    const v1::EnableEbsEncryptionByDefaultRequest&, storage::EncryptionService& encryption) {
  return SetDefault<v1::EnableEbsEncryptionByDefaultResponse>(encryption, true);
}

absl::StatusOr<v1::DisableEbsEncryptionByDefaultResponse> DisableEbsEncryptionByDefault(
    const v1::DisableEbsEncryptionByDefaultRequest&, storage::EncryptionService& encryption) {
  return SetDefault<v1::DisableEbsEncryptionByDefaultResponse>(encryption, false);
}

absl::StatusOr<v1::GetEbsEncryptionByDefaultResponse> GetEbsEncryptionByDefault(
    const v1::GetEbsEncryptionByDefaultRequest&, storage::EncryptionService& encryption) {
  ASSIGN_OR_RETURN(const bool on, encryption.IsOnByDefault());
  v1::GetEbsEncryptionByDefaultResponse response;
  response.set_ebs_encryption_by_default(on);
  return response;
}

absl::StatusOr<v1::GetEbsDefaultKmsKeyIdResponse> GetEbsDefaultKmsKeyId(const v1::GetEbsDefaultKmsKeyIdRequest&) {
  v1::GetEbsDefaultKmsKeyIdResponse response;
  response.set_kms_key_id(storage::kDefaultKmsAlias);
  return response;
}

absl::StatusOr<v1::ModifyEbsDefaultKmsKeyIdResponse> ModifyEbsDefaultKmsKeyId(
    const v1::ModifyEbsDefaultKmsKeyIdRequest& request, const Settings& settings) {
  RETURN_IF_ERROR(storage::CheckKmsKey(request.kms_key_id(), /*encrypted=*/true, settings.account()));
  v1::ModifyEbsDefaultKmsKeyIdResponse response;
  response.set_kms_key_id(storage::DefaultKmsKeyArn(settings.account()));
  return response;
}

absl::StatusOr<v1::ResetEbsDefaultKmsKeyIdResponse> ResetEbsDefaultKmsKeyId(const v1::ResetEbsDefaultKmsKeyIdRequest&) {
  v1::ResetEbsDefaultKmsKeyIdResponse response;
  response.set_kms_key_id(storage::kDefaultKmsAlias);
  return response;
}

}  // namespace

void AddEncryptionActions(gateway::Actions& actions, storage::EncryptionService& encryption, const Settings& settings) {
  actions.Add(EnableEbsEncryptionByDefault, encryption);
  actions.Add(DisableEbsEncryptionByDefault, encryption);
  actions.Add(GetEbsEncryptionByDefault, encryption);
  actions.Add(GetEbsDefaultKmsKeyId);
  actions.Add(ModifyEbsDefaultKmsKeyId, settings);
  actions.Add(ResetEbsDefaultKmsKeyId);
}

}  // namespace brume::ec2
