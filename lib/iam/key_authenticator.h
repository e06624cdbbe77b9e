// The authenticator over the access keys of this installation and its sessions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/iam/access_key_service.h"
#include "lib/iam/authenticator.h"
#include "lib/iam/session.h"
#include "lib/iam/sigv4.h"
#include "lib/store/database.h"

namespace brume::iam {

class KeyAuthenticator final : public Authenticator {
 public:
  // All but the account's number must outlive it.
  KeyAuthenticator(AccessKeyService& keys, store::Database& database, const Clock& clock, std::string account_id)
      : keys_(keys), database_(database), clock_(clock), account_id_(std::move(account_id)) {}

  absl::StatusOr<Authenticated> Authenticate(const SignedRequest& request) override;

 private:
  // Key id, date, region, service.
  using SigningKeyName = std::tuple<std::string, std::string, std::string, std::string>;

  // Whose a key is, and what it signs with.
  struct Holder {
    std::string identity_id;  // of a user or role; empty = the account's root
    std::string secret;       // empty = the one of `key`
    std::optional<AccessKey> key;
    Session session;  // of a key that is a session's
  };

  // Error: as Authenticate, for keys that let nobody in.
  absl::StatusOr<Holder> HolderOf(const sigv4::Signature& signature, absl::Time now);
  absl::Status Check(const SignedRequest& request, const sigv4::Signature& signature, const Holder& holder,
                     absl::Time now);
  absl::Status Verify(const Holder& holder, const sigv4::Signature& signature, const std::string& to_sign);
  // Whom the key stands for; nobody when its user or role is gone.
  absl::StatusOr<std::optional<Caller>> CallerOf(const Holder& holder);

  AccessKeyService& keys_;
  store::Database& database_;
  const Clock& clock_;
  const std::string account_id_;
  Mutex mutex_;
  std::map<SigningKeyName, std::string> signing_keys_ ABSL_GUARDED_BY(mutex_);  // of requests that were signed right
};

}  // namespace brume::iam
