// Access keys. Where a call names no user it is about who calls.
#include "brume/iam/v1/access_key.pb.h"
#include "lib/api/handlers.h"
#include "lib/api/iam.h"
#include "lib/api/render.h"
#include "lib/identity/access_key_service.h"
#include "lib/identity/identity_service.h"
#include "lib/identity/secret_box.h"

namespace brume::api {
namespace {

using identity::AccessKeyService;
using identity::IdentityService;

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
  rendered.set_create_date(RenderTime(key.created));
  return rendered;
}

absl::StatusOr<iam::GetAccessKeyLastUsedResponse> GetLastUsed(const AccessKeyService& keys, IdentityService& identities,
                                                              const std::string& id) {
  ASSIGN_OR_RETURN(const AccessKey key, keys.Get(id));
  iam::GetAccessKeyLastUsedResponse response;
  response.set_user_name("");
  if (!key.user_id.empty()) {
    ASSIGN_OR_RETURN(const Identity user, identities.GetById(key.user_id));
    response.set_user_name(user.name);
  }
  iam::AccessKeyLastUsed& use = *response.mutable_access_key_last_used();
  if (key.last_used.has_value()) use.set_last_used_date(RenderTime(key.last_used->time));
  use.set_service_name(key.last_used.has_value() ? key.last_used->service : "N/A");
  use.set_region(key.last_used.has_value() ? key.last_used->region : "N/A");
  return response;
}

}  // namespace

void AddIamAccessKeyHandlers(Dispatcher& dispatcher, const Services& services) {
  AccessKeyService& keys = services.access_keys;
  IdentityService& identities = services.identities;
  dispatcher.Handle<iam::CreateAccessKeyRequest, iam::CreateAccessKeyResponse>(
      kService, "CreateAccessKey",
      [&](const auto& request, const Caller& caller) -> absl::StatusOr<iam::CreateAccessKeyResponse> {
        ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
        ASSIGN_OR_RETURN(AccessKeyService::NewKey made, keys.Create(owner.user_id));
        iam::CreateAccessKeyResponse response;
        *response.mutable_access_key() = RenderKey<iam::AccessKey>(made.key, owner);
        response.mutable_access_key()->set_secret_access_key(made.secret);
        identity::Wipe(made.secret);
        return response;
      });
  dispatcher.Handle<iam::ListAccessKeysRequest, iam::ListAccessKeysResponse>(
      kService, "ListAccessKeys",
      [&](const auto& request, const Caller& caller) -> absl::StatusOr<iam::ListAccessKeysResponse> {
        ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
        const auto id = [](const AccessKey& key) { return key.id; };
        std::vector<AccessKey> all = keys.List(owner.user_id);
        std::sort(all.begin(), all.end(), [](const AccessKey& a, const AccessKey& b) { return a.id < b.id; });
        iam::ListAccessKeysResponse response;
        ASSIGN_OR_RETURN(all, IamPage("access-keys", std::move(all), request, response, id));
        for (const AccessKey& key : all) {
          *response.add_access_key_metadata() = RenderKey<iam::AccessKeyMetadata>(key, owner);
        }
        return response;
      });
  dispatcher.Handle<iam::UpdateAccessKeyRequest, iam::UpdateAccessKeyResponse>(
      kService, "UpdateAccessKey",
      [&](const auto& request, const Caller& caller) -> absl::StatusOr<iam::UpdateAccessKeyResponse> {
        ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
        RETURN_IF_ERROR(keys.SetActive(owner.user_id, request.access_key_id(), request.status() == "Active"));
        return iam::UpdateAccessKeyResponse();
      });
  dispatcher.Handle<iam::DeleteAccessKeyRequest, iam::DeleteAccessKeyResponse>(
      kService, "DeleteAccessKey",
      [&](const auto& request, const Caller& caller) -> absl::StatusOr<iam::DeleteAccessKeyResponse> {
        ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
        RETURN_IF_ERROR(keys.Delete(owner.user_id, request.access_key_id()));
        return iam::DeleteAccessKeyResponse();
      });
  HandleIam<iam::GetAccessKeyLastUsedRequest, iam::GetAccessKeyLastUsedResponse>(
      dispatcher, "AccessKeys", [&](const iam::GetAccessKeyLastUsedRequest& request) {
        return GetLastUsed(keys, identities, request.access_key_id());
      });
}

}  // namespace brume::api
