// Access keys. Where a call names no user it is about who calls.
#include "brume/iam/v1/access_key.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/time_text.h"
#include "lib/iam/access_key_service.h"
#include "lib/iam/api/iam.h"
#include "lib/iam/identity_service.h"
#include "lib/iam/secret_box.h"

namespace brume::iam {
namespace {

constexpr char kService[] = "brume.iam.v1.AccessKeys";

// Whose keys a call is about; both are empty for the account's root.
struct Owner {
  std::string user_id, user_name;
};

template <typename Request>
absl::StatusOr<Owner> OwnerOf(IdentityService& identities, const Request& request, const Caller& caller) {
  ASSIGN_OR_RETURN(const std::string name, UserNameOf(request.user_name(), caller));
  if (name.empty()) return Owner();
  ASSIGN_OR_RETURN(const Identity user, identities.Get(IdentityKind::kUser, name));
  return Owner{user.id, user.name};
}

template <typename Rendered>
Rendered RenderKey(const AccessKey& key, const Owner& owner) {
  Rendered rendered;
  rendered.set_user_name(owner.user_name);
  rendered.set_access_key_id(key.id);
  rendered.set_status(key.active ? "Active" : "Inactive");
  rendered.set_create_date(gateway::RenderTime(key.created));
  return rendered;
}

absl::StatusOr<v1::GetAccessKeyLastUsedResponse> GetLastUsed(const AccessKeyService& keys, IdentityService& identities,
                                                             const std::string& id) {
  ASSIGN_OR_RETURN(const AccessKey key, keys.Get(id));
  v1::GetAccessKeyLastUsedResponse response;
  response.set_user_name("");
  if (!key.user_id.empty()) {
    ASSIGN_OR_RETURN(const Identity user, identities.GetById(key.user_id));
    response.set_user_name(user.name);
  }
  v1::AccessKeyLastUsed& use = *response.mutable_access_key_last_used();
  if (key.last_used.has_value()) use.set_last_used_date(gateway::RenderTime(key.last_used->time));
  use.set_service_name(key.last_used.has_value() ? key.last_used->service : "N/A");
  use.set_region(key.last_used.has_value() ? key.last_used->region : "N/A");
  return response;
}

}  // namespace

void AddIamAccessKeyHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  AccessKeyService& keys = services.access_keys;
  IdentityService& identities = services.identities;
  dispatcher.Handle<v1::CreateAccessKeyRequest, v1::CreateAccessKeyResponse>(
      kService, "CreateAccessKey",
      [&](const auto& request, const Caller& caller) -> absl::StatusOr<v1::CreateAccessKeyResponse> {
        ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
        ASSIGN_OR_RETURN(AccessKeyService::NewKey made, keys.Create(owner.user_id));
        v1::CreateAccessKeyResponse response;
        *response.mutable_access_key() = RenderKey<v1::AccessKey>(made.key, owner);
        response.mutable_access_key()->set_secret_access_key(made.secret);
        Wipe(made.secret);
        return response;
      });
  dispatcher.Handle<v1::ListAccessKeysRequest, v1::ListAccessKeysResponse>(
      kService, "ListAccessKeys",
      [&](const auto& request, const Caller& caller) -> absl::StatusOr<v1::ListAccessKeysResponse> {
        ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
        const auto id = [](const AccessKey& key) { return key.id; };
        std::vector<AccessKey> all = keys.List(owner.user_id);
        std::sort(all.begin(), all.end(), [](const AccessKey& a, const AccessKey& b) { return a.id < b.id; });
        v1::ListAccessKeysResponse response;
        ASSIGN_OR_RETURN(all, IamPage("access-keys", std::move(all), request, response, id));
        for (const AccessKey& key : all) {
          *response.add_access_key_metadata() = RenderKey<v1::AccessKeyMetadata>(key, owner);
        }
        return response;
      });
  dispatcher.Handle<v1::UpdateAccessKeyRequest, v1::UpdateAccessKeyResponse>(
      kService, "UpdateAccessKey",
      [&](const auto& request, const Caller& caller) -> absl::StatusOr<v1::UpdateAccessKeyResponse> {
        ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
        RETURN_IF_ERROR(keys.SetActive(owner.user_id, request.access_key_id(), request.status() == "Active"));
        return v1::UpdateAccessKeyResponse();
      });
  dispatcher.Handle<v1::DeleteAccessKeyRequest, v1::DeleteAccessKeyResponse>(
      kService, "DeleteAccessKey",
      [&](const auto& request, const Caller& caller) -> absl::StatusOr<v1::DeleteAccessKeyResponse> {
        ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
        RETURN_IF_ERROR(keys.Delete(owner.user_id, request.access_key_id()));
        return v1::DeleteAccessKeyResponse();
      });
  HandleIam<v1::GetAccessKeyLastUsedRequest, v1::GetAccessKeyLastUsedResponse>(
      dispatcher, "AccessKeys", [&](const v1::GetAccessKeyLastUsedRequest& request) {
        return GetLastUsed(keys, identities, request.access_key_id());
      });
}

}  // namespace brume::iam
