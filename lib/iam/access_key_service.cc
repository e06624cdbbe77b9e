#include "lib/iam/access_key_service.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/log.h"
#include "lib/base/private_file.h"
#include "lib/base/status_macros.h"
#include "lib/iam/identity_rules.h"
#include "lib/iam/key_text.h"
#include "lib/iam/tables/access_key_table.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

constexpr size_t kMaxKeys = 2;
constexpr absl::Duration kWriteEvery = absl::Minutes(1);

std::string CredentialsFile(const std::string& id, const std::string& secret) {
  std::string text = "# The root key of this Brume. For the aws CLI: export AWS_SHARED_CREDENTIALS_FILE=this file\n";
  for (const char* profile : {"default", "brume"}) {
    absl::StrAppend(&text, "[", profile, "]\naws_access_key_id = ", id, "\naws_secret_access_key = ", secret, "\n");
  }
  return text;
}

absl::Status NoSuchKey(const std::string& id) {
  return ec2::Error("NoSuchEntity", absl::StrCat("The Access Key with id ", id, " cannot be found."));
}

}  // namespace

absl::StatusOr<std::unique_ptr<AccessKeyService>> AccessKeyService::Open(store::Database& database, const Clock& clock,
                                                                         const std::string& state_dir) {
  ASSIGN_OR_RETURN(std::vector<AccessKey> keys,
                   database.ReadFor([](store::Connection& c) { return AccessKeyTable(c).All(); }));
  ASSIGN_OR_RETURN(std::unique_ptr<SecretBox> box, SecretBox::Open(state_dir + "/secret.key", !keys.empty()));
  return std::unique_ptr<AccessKeyService>(new AccessKeyService(database, clock, std::move(box), std::move(keys)));
}

AccessKeyService::AccessKeyService(store::Database& database, const Clock& clock, std::unique_ptr<SecretBox> box,
                                   std::vector<AccessKey> keys)
    : database_(database), clock_(clock), box_(std::move(box)), writer_(kWriteEvery, [this] { WriteUses(); }) {
  MutexLock lock(mutex_);
  for (AccessKey& key : keys) keys_.emplace(key.id, std::move(key));
  writer_.Start(kWriteEvery);
}

AccessKeyService::~AccessKeyService() {
  writer_.Stop();
  WriteUses();
}

absl::Status AccessKeyService::EnsureRootKey(const std::string& path) {
  const std::vector<AccessKey> keys = List("");
  if (keys.empty()) {
    ASSIGN_OR_RETURN(NewKey made, Create(""));
    const absl::Status written = WritePrivateFile(path, CredentialsFile(made.key.id, made.secret));
    Wipe(made.secret);
    return written;
  }
  struct stat status = {};
  if (lstat(path.c_str(), &status) == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::string secret, SecretOf(keys.front()));
  const absl::Status written = WritePrivateFile(path, CredentialsFile(keys.front().id, secret));
  Wipe(secret);
  return written;
}

absl::StatusOr<AccessKeyService::NewKey> AccessKeyService::Create(const std::string& user_id) {
  MutexLock change(change_mutex_);
  if (List(user_id).size() >= kMaxKeys) {
    return ec2::Error("LimitExceeded", absl::StrCat("Cannot exceed quota for AccessKeysPerUser: ", kMaxKeys));
  }
  NewKey made;
  ASSIGN_OR_RETURN(made.key.id, NewKeyId(kLongLivedPrefix));
  ASSIGN_OR_RETURN(made.secret, NewSecret());
  made.key.user_id = user_id;
  made.key.created = clock_.Now();
  ASSIGN_OR_RETURN(made.key.secret, box_->Seal(made.secret, made.key.id));
  // The user who is being deleted meanwhile: one of the two sees the other's row.
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) -> absl::Status {
    if (!user_id.empty()) RETURN_IF_ERROR(RequireUser(c, user_id).status());
    return AccessKeyTable(c).Insert(made.key);
  }));
  MutexLock lock(mutex_);
  keys_.emplace(made.key.id, made.key);
  return made;
}

std::vector<AccessKey> AccessKeyService::List(const std::string& user_id) const {
  std::vector<AccessKey> found;
  {
    MutexLock lock(mutex_);
    for (const auto& [id, key] : keys_) {
      if (key.user_id == user_id) found.push_back(key);
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const AccessKey& a, const AccessKey& b) { return a.created < b.created; });
  return found;
}

std::optional<AccessKey> AccessKeyService::Find(const std::string& id) const {
  MutexLock lock(mutex_);
  const auto found = keys_.find(id);
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

absl::StatusOr<AccessKey> AccessKeyService::Get(const std::string& id) const {
  std::optional<AccessKey> key = Find(id);
  if (!key.has_value()) return NoSuchKey(id);
  return *std::move(key);
}

absl::Status AccessKeyService::CheckOwner(const std::string& user_id, const std::string& id) const {
  const std::optional<AccessKey> key = Find(id);
  return key.has_value() && key->user_id == user_id ? absl::OkStatus() : NoSuchKey(id);
}

absl::Status AccessKeyService::SetActive(const std::string& user_id, const std::string& id, bool active) {
  MutexLock change(change_mutex_);
  RETURN_IF_ERROR(CheckOwner(user_id, id));
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) { return AccessKeyTable(c).SetActive(id, active); }));
  MutexLock lock(mutex_);
  keys_[id].active = active;
  return absl::OkStatus();
}

absl::Status AccessKeyService::Delete(const std::string& user_id, const std::string& id) {
  MutexLock change(change_mutex_);
  RETURN_IF_ERROR(CheckOwner(user_id, id));
  RETURN_IF_ERROR(database_.Write([&](store::Connection& c) { return AccessKeyTable(c).Delete(id); }));
  MutexLock lock(mutex_);
  keys_.erase(id);
  uses_.erase(id);
  return absl::OkStatus();
}

absl::StatusOr<std::string> AccessKeyService::SecretOf(const AccessKey& key) const {
  return box_->Unseal(key.secret, key.id);
}

void AccessKeyService::Used(const std::string& id, AccessKeyUse use) {
  MutexLock lock(mutex_);
  const auto found = keys_.find(id);
  if (found == keys_.end()) return;
  found->second.last_used = use;
  uses_[id] = std::move(use);
}

void AccessKeyService::WriteUses() {
  std::map<std::string, AccessKeyUse> uses;
  {
    MutexLock lock(mutex_);
    uses.swap(uses_);
  }
  if (uses.empty()) return;
  const absl::Status written = database_.Write([&](store::Connection& c) -> absl::Status {
    for (const auto& [id, use] : uses) RETURN_IF_ERROR(AccessKeyTable(c).SetLastUsed(id, use));
    return absl::OkStatus();
  });
  // When a key was used is told to people only; the next use is written again.
  if (!written.ok()) log::Error("the last use of {} access keys was not written: {}", uses.size(), written.ToString());
}

}  // namespace brume::iam
