#include "lib/identity/key_authenticator.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/domain/ec2_error.h"
#include "lib/domain/identity.h"
#include "lib/store/identities.h"

namespace brume::identity {
namespace {

constexpr size_t kMostSigningKeys = 1024;

absl::Status UnknownKey(absl::string_view service) {
  if (service == "ec2") return sigv4::Mismatch(service);
  return ec2::Error("InvalidClientTokenId", "The security token included in the request is invalid.");
}

}  // namespace

absl::Status KeyAuthenticator::Verify(const AccessKey& key, const sigv4::Signature& signature,
                                      const std::string& to_sign) {
  const sigv4::Scope& scope = signature.scope;
  const SigningKeyName name(scope.access_key_id, scope.date, scope.region, scope.service);
  std::string signing_key;
  {
    std::lock_guard lock(mutex_);
    const auto found = signing_keys_.find(name);
    if (found != signing_keys_.end()) signing_key = found->second;
  }
  const bool known = !signing_key.empty();
  if (!known) {
    ASSIGN_OR_RETURN(std::string secret, keys_.SecretOf(key));
    signing_key = sigv4::SigningKey(secret, scope);
    Wipe(secret);
  }
  if (!sigv4::Equal(sigv4::Sign(signing_key, to_sign), signature.hex)) return sigv4::Mismatch(scope.service);
  if (known) return absl::OkStatus();
  std::lock_guard lock(mutex_);
  if (signing_keys_.size() >= kMostSigningKeys) signing_keys_.clear();
  signing_keys_.emplace(name, std::move(signing_key));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Caller>> KeyAuthenticator::Owner(const AccessKey& key) {
  Caller caller;
  caller.access_key_id = key.id;
  if (key.user_id.empty()) {
    caller.arn = absl::StrCat("arn:aws:iam::", account_id_, ":root");
    caller.principal_id = account_id_;
    caller.administrator = true;
  } else {
    // Read each time: a user who is renamed or deleted is so at once.
    ASSIGN_OR_RETURN(const std::optional<Identity> user, database_.ReadFor([&](store::Connection& c) {
      return store::Identities(c).FindById(key.user_id);
    }));
    if (!user.has_value()) return std::nullopt;
    caller.arn = IdentityArn(account_id_, *user);
    caller.principal_id = user->id;
    caller.user_name = user->name;
  }
  caller.principal = caller.arn;
  return caller;
}

absl::StatusOr<Authenticated> KeyAuthenticator::Authenticate(const SignedRequest& request) {
  ASSIGN_OR_RETURN(const sigv4::Signature signature, sigv4::Parse(request));
  const sigv4::Scope& scope = signature.scope;
  const std::optional<AccessKey> key = keys_.Find(scope.access_key_id);
  // No key here is of a session, so none comes with a token.
  if (!key.has_value() || !key->active || !signature.session_token.empty()) {
    return UnknownKey(scope.service);
  }
  const absl::Time now = clock_.Now();
  RETURN_IF_ERROR(sigv4::CheckTime(signature, now));
  ASSIGN_OR_RETURN(const std::string canonical, sigv4::CanonicalRequest(request, signature));
  RETURN_IF_ERROR(Verify(*key, signature, sigv4::StringToSign(signature, canonical)));
  ASSIGN_OR_RETURN(std::optional<Caller> owner, Owner(*key));
  if (!owner.has_value()) return UnknownKey(scope.service);
  keys_.Used(key->id, {now, scope.service, scope.region});
  Authenticated who;
  who.service = scope.service;
  who.region = scope.region;
  who.caller = *std::move(owner);
  return who;
}

}  // namespace brume::identity
