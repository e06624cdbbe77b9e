#include "lib/iam/key_authenticator.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/iam/identity_rules.h"
#include "lib/iam/key_text.h"
#include "lib/iam/model/identity.h"
#include "lib/iam/sigv4_parse.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

constexpr size_t kMaxSigningKeys = 1024;

absl::Status UnknownKey(absl::string_view service) {
  if (service == "ec2") return sigv4::Mismatch(service);
  return ec2::Error("InvalidClientTokenId", "The security token included in the request is invalid.");
}

absl::Status Expired() { return ec2::Error("ExpiredToken", "The security token included in the request is expired"); }

}  // namespace

absl::StatusOr<KeyAuthenticator::Holder> KeyAuthenticator::HolderOf(const sigv4::Signature& signature, absl::Time now) {
  const std::string& id = signature.scope.access_key_id;
  Holder holder;
  if (!absl::StartsWith(id, kSessionPrefix)) {
    holder.key = keys_.Find(id);
    // A key that is not a session's comes without a token.
    const bool good = holder.key.has_value() && holder.key->active && signature.session_token.empty();
    if (!good) return UnknownKey(signature.scope.service);
    holder.identity_id = holder.key->user_id;
    return holder;
  }
  absl::StatusOr<OpenedSession> opened = OpenSession(keys_.box(), id, signature.session_token);
  if (!opened.ok()) return UnknownKey(signature.scope.service);
  if (opened->session.expires <= now) {
    Wipe(opened->secret);
    return Expired();
  }
  holder.identity_id = opened->session.identity_id;
  holder.secret = std::move(opened->secret);
  holder.session = std::move(opened->session);
  return holder;
}

absl::Status KeyAuthenticator::Verify(const Holder& holder, const sigv4::Signature& signature,
                                      const std::string& to_sign) {
  const sigv4::Scope& scope = signature.scope;
  const SigningKeyName name(scope.access_key_id, scope.date, scope.region, scope.service);
  std::string signing_key;
  {
    MutexLock lock(mutex_);
    const auto found = signing_keys_.find(name);
    if (found != signing_keys_.end()) signing_key = found->second;
  }
  const bool known = !signing_key.empty();
  if (!known) {
    std::string secret = holder.secret;
    if (holder.key.has_value()) {
      ASSIGN_OR_RETURN(secret, keys_.SecretOf(*holder.key));
    }
    signing_key = sigv4::SigningKey(secret, scope);
    Wipe(secret);
  }
  if (!sigv4::Equal(sigv4::Sign(signing_key, to_sign), signature.hex)) return sigv4::Mismatch(scope.service);
  if (known) return absl::OkStatus();
  MutexLock lock(mutex_);
  if (signing_keys_.size() >= kMaxSigningKeys) signing_keys_.clear();
  signing_keys_.emplace(name, std::move(signing_key));
  return absl::OkStatus();
}

absl::Status KeyAuthenticator::Check(const SignedRequest& request, const sigv4::Signature& signature,
                                     const Holder& holder, absl::Time now) {
  RETURN_IF_ERROR(sigv4::CheckTime(signature, now));
  ASSIGN_OR_RETURN(const std::string canonical, sigv4::CanonicalRequest(request, signature));
  return Verify(holder, signature, sigv4::StringToSign(signature, canonical));
}

absl::StatusOr<std::optional<Caller>> KeyAuthenticator::CallerOf(const Holder& holder) {
  Caller caller;
  if (holder.identity_id.empty()) {
    caller.arn = Arn::Root(account_id_).text();
    caller.principal_id = account_id_;
    caller.administrator = true;
  } else {
    // Read each time: who is renamed or deleted is so at once.
    ASSIGN_OR_RETURN(const std::optional<Identity> identity, database_.ReadFor([&](store::Connection& c) {
      return IdentityTable(c).FindById(holder.identity_id);
    }));
    if (!identity.has_value()) return std::nullopt;
    if (identity->kind == IdentityKind::kRole) {
      caller.arn = SessionArn(account_id_, identity->name, holder.session.name);
      caller.principal_id = absl::StrCat(identity->id, ":", holder.session.name);
      caller.role_id = identity->id;
      caller.role_arn = IdentityArn(account_id_, *identity);
      caller.session_policy = holder.session.policy;
      caller.session_policy_arns = holder.session.policy_arns;
      caller.session_tags = holder.session.tags;
      caller.transitive_tag_keys = holder.session.transitive_tag_keys;
      caller.source_identity = holder.session.source_identity;
    } else {
      ActAs(caller, account_id_, *identity);
    }
  }
  if (!holder.key.has_value()) {
    caller.issued = holder.session.issued;
    caller.source_instance = holder.session.instance;
    caller.role_delivery = holder.session.delivery;
    caller.source_instance_vpc = holder.session.instance_vpc;
    caller.source_instance_ip = holder.session.instance_ip;
  }
  caller.principal = caller.arn;
  return caller;
}

absl::StatusOr<Authenticated> KeyAuthenticator::Authenticate(const SignedRequest& request) {
  ASSIGN_OR_RETURN(const sigv4::Signature signature, sigv4::Parse(request));
  const sigv4::Scope& scope = signature.scope;
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(Holder holder, HolderOf(signature, now));
  const absl::Status right = Check(request, signature, holder, now);
  Wipe(holder.secret);
  RETURN_IF_ERROR(right);
  ASSIGN_OR_RETURN(std::optional<Caller> caller, CallerOf(holder));
  if (!caller.has_value()) return UnknownKey(scope.service);
  caller->access_key_id = scope.access_key_id;
  if (holder.key.has_value()) keys_.Used(holder.key->id, {now, scope.service, scope.region});
  Authenticated who;
  who.service = scope.service;
  who.region = scope.region;
  who.caller = *std::move(caller);
  return who;
}

}  // namespace brume::iam
