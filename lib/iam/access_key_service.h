// Access keys: makes them, keeps their secrets encrypted, and knows them all in memory, so that none is read from disk
// by a call.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/periodic.h"
#include "lib/iam/model/access_key.h"
#include "lib/iam/secret_box.h"
#include "lib/store/database.h"

namespace brume::iam {

// Thread-safe.
class AccessKeyService {
 public:
  // A key just made: the only time its secret is told.
  struct NewKey {
    AccessKey key;
    std::string secret;
  };

  // Reads all keys, and the key of `state_dir`/secret.key, which is made when there are no keys yet. Errors: those of
  // SecretBox::Open and of the store.
  static absl::StatusOr<std::unique_ptr<AccessKeyService>> Open(store::Database& database, const Clock& clock,
                                                                const std::string& state_dir);
  // Writes what was used last.
  ~AccessKeyService();

  // Makes the root's key when it has none, and writes `path`, an AWS shared-credentials file, when it is not there or a
  // key was made. A file that is there is the administrator's: it stays.
  absl::Status EnsureRootKey(const std::string& path);

  // Two keys a user (empty = root) at most. Errors: LimitExceeded, NoSuchEntity when there is no such user.
  absl::StatusOr<NewKey> Create(const std::string& user_id);
  // Oldest first.
  std::vector<AccessKey> List(const std::string& user_id) const;
  // Nothing when there is no such key.
  std::optional<AccessKey> Find(const std::string& id) const;
  // Error: NoSuchEntity.
  absl::StatusOr<AccessKey> Get(const std::string& id) const;
  // Error: NoSuchEntity, also when the key is another user's.
  absl::Status SetActive(const std::string& user_id, const std::string& id, bool active);
  absl::Status Delete(const std::string& user_id, const std::string& id);

  // For a signing key; wipe it after use.
  absl::StatusOr<std::string> SecretOf(const AccessKey& key) const;
  // Remembers a use; it is on disk a minute later at most.
  void Used(const std::string& id, AccessKeyUse use);

  // Seals the tokens of sessions, too.
  const SecretBox& box() const { return *box_; }

 private:
  AccessKeyService(store::Database& database, const Clock& clock, std::unique_ptr<SecretBox> box,
                   std::vector<AccessKey> keys);
  absl::Status CheckOwner(const std::string& user_id, const std::string& id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mutex_);
  void WriteUses();

  store::Database& database_;
  const Clock& clock_;
  const std::unique_ptr<SecretBox> box_;

  Mutex change_mutex_;  // held while the store and keys_ are changed together
  mutable Mutex mutex_ ABSL_ACQUIRED_AFTER(change_mutex_);
  std::map<std::string, AccessKey> keys_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, AccessKeyUse> uses_ ABSL_GUARDED_BY(mutex_);  // not on disk yet
  Periodic writer_;                                                   // last: it uses all the others
};

}  // namespace brume::iam
