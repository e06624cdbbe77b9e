// The authenticator over the access keys of this installation.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "lib/base/clock.h"
#include "lib/identity/access_key_service.h"
#include "lib/identity/authenticator.h"
#include "lib/identity/sigv4.h"
#include "lib/store/database.h"

namespace brume::identity {

class KeyAuthenticator final : public Authenticator {
 public:
  // All but the account's number must outlive it.
  KeyAuthenticator(AccessKeyService& keys, store::Database& database, const Clock& clock, std::string account_id)
      : keys_(keys), database_(database), clock_(clock), account_id_(std::move(account_id)) {}

  absl::StatusOr<Authenticated> Authenticate(const SignedRequest& request) override;

 private:
  // Key id, date, region, service.
  using SigningKeyName = std::tuple<std::string, std::string, std::string, std::string>;

  absl::Status Verify(const AccessKey& key, const sigv4::Signature& signature, const std::string& to_sign);

  // Whom the key stands for; nobody when its user is gone.
  absl::StatusOr<std::optional<Caller>> Owner(const AccessKey& key);

  AccessKeyService& keys_;
  store::Database& database_;
  const Clock& clock_;
  const std::string account_id_;
  std::mutex mutex_;
  std::map<SigningKeyName, std::string> signing_keys_;  // of requests that were signed right
};

}  // namespace brume::identity
