#include "lib/iam/api/access_key_handlers.h"

#include "brume/iam/v1/access_key.pb.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/time_text.h"
#include "lib/iam/access_key_service.h"
#include "lib/iam/api/iam_page.h"
#include "lib/iam/api/named_user.h"
#include "lib/iam/identity_service.h"
#include "lib/iam/secret_box.h"

namespace brume::iam {
namespace {

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

absl::StatusOr<v1::GetAccessKeyLastUsedResponse> GetAccessKeyLastUsed(const v1::GetAccessKeyLastUsedRequest& request,
                                                                      const AccessKeyService& keys,
                                                                      IdentityService& identities) {
  ASSIGN_OR_RETURN(const AccessKey key, keys.Get(request.access_key_id()));
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

absl::StatusOr<v1::CreateAccessKeyResponse> CreateAccessKey(const v1::CreateAccessKeyRequest& request,
                                                            const Caller& caller, AccessKeyService& keys,
                                                            IdentityService& identities) {
  ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
  ASSIGN_OR_RETURN(AccessKeyService::NewKey made, keys.Create(owner.user_id));
  v1::CreateAccessKeyResponse response;
  *response.mutable_access_key() = RenderKey<v1::AccessKey>(made.key, owner);
  response.mutable_access_key()->set_secret_access_key(made.secret);
  Wipe(made.secret);
  return response;
}

absl::StatusOr<v1::ListAccessKeysResponse> ListAccessKeys(const v1::ListAccessKeysRequest& request,
                                                          const Caller& caller, AccessKeyService& keys,
                                                          IdentityService& identities) {
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
}

absl::Status UpdateAccessKey(const v1::UpdateAccessKeyRequest& request, const Caller& caller, AccessKeyService& keys,
                             IdentityService& identities) {
  ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
  return keys.SetActive(owner.user_id, request.access_key_id(), request.status() == "Active");
}

absl::Status DeleteAccessKey(const v1::DeleteAccessKeyRequest& request, const Caller& caller, AccessKeyService& keys,
                             IdentityService& identities) {
  ASSIGN_OR_RETURN(const Owner owner, OwnerOf(identities, request, caller));
  return keys.Delete(owner.user_id, request.access_key_id());
}

}  // namespace

void AddAccessKeyActions(gateway::Actions& actions, AccessKeyService& keys, IdentityService& identities) {
  actions.Add(CreateAccessKey, keys, identities);
  actions.Add(ListAccessKeys, keys, identities);
  actions.Add(UpdateAccessKey, keys, identities);
  actions.Add(DeleteAccessKey, keys, identities);
  actions.Add(GetAccessKeyLastUsed, keys, identities)
      .DescribedBy([&keys, &identities](const v1::GetAccessKeyLastUsedRequest& request,
                                        AccessQuestion& question) -> absl::Status {
        ASSIGN_OR_RETURN(const AccessKey key, keys.Get(request.access_key_id()));
        if (key.user_id.empty()) return absl::OkStatus();
        ASSIGN_OR_RETURN(const Identity user, identities.GetById(key.user_id));
        question.AddResource(IdentityArn(identities.account_id(), user));
        return absl::OkStatus();
      });
}

}  // namespace brume::iam
