// Lists of the accounts that may use an image or a snapshot, as EC2's two ways to change them say.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/storage/model/public_access.h"
#include "lib/gateway/access_question.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/settings.h"

namespace brume::ec2 {

// Accounts, and "all".
struct PermissionChange {
  std::vector<std::string> add, remove;
};

// Whether it has the twelve digits of an account's number.
bool IsAccount(absl::string_view text);
// Error: InvalidUserID.Malformed for what is no account, nor one of `others`.
template <typename Texts>
absl::Status CheckAccounts(const Texts& given, std::initializer_list<absl::string_view> others) {
  for (const absl::string_view text : given) {
    if (IsAccount(text) || std::find(others.begin(), others.end(), text) != others.end()) continue;
    return ec2::Error("InvalidUserID.Malformed",
                      absl::StrCat("Invalid user id: \"", absl::CHexEscape(text.substr(0, 100)), "\""));
  }
  return absl::OkStatus();
}
// Error: InvalidParameterValue for what is no account's number.
absl::Status AddAccount(const std::string& account, std::vector<std::string>& accounts);
// Error: InvalidParameterValue for another region than the one there is. Empty is that.
absl::Status CheckRegion(absl::string_view parameter, const std::string& region, const Settings& settings);

// Of a v1::LaunchPermission or a v1::CreateVolumePermission each.
template <typename Permissions>
absl::Status AddPermissions(const Permissions& permissions, std::vector<std::string>& accounts) {
  for (const auto& permission : permissions) {
    if (permission.group() == kEveryone) accounts.push_back(kEveryone);
    if (permission.has_user_id()) RETURN_IF_ERROR(AddAccount(permission.user_id(), accounts));
  }
  return absl::OkStatus();
}

// What a Modify…Attribute call says by `modifications`, and by OperationType with names. Error: MissingParameter too.
template <typename Modifications, typename Groups, typename Request>
absl::StatusOr<PermissionChange> ParsePermissions(const Request& request, const Modifications& modifications,
                                                  const Groups& groups) {
  PermissionChange change;
  RETURN_IF_ERROR(AddPermissions(modifications.add(), change.add));
  RETURN_IF_ERROR(AddPermissions(modifications.remove(), change.remove));
  std::vector<std::string> named(groups.begin(), groups.end());
  for (const std::string& account : request.user_ids()) RETURN_IF_ERROR(AddAccount(account, named));
  // Packer says the same in both ways, and no OperationType.
  const bool said = !change.add.empty() || !change.remove.empty();
  if (!named.empty() && !request.has_operation_type() && !said) {
    return ec2::Error("MissingParameter", "The request must contain the parameter operationType");
  }
  if (!request.has_operation_type() && said) return change;
  std::vector<std::string>& changed = request.operation_type() == "remove" ? change.remove : change.add;
  changed.insert(changed.end(), named.begin(), named.end());
  return change;
}

// What policies are asked about such a change, so that they can keep something from being everybody's.
inline void AddPermissionFacts(const PermissionChange& change, AccessQuestion& question) {
  const auto add = [&question](const std::string& verb, const std::vector<std::string>& accounts) {
    for (const std::string& account : accounts) {
      question.context[absl::StrCat("ec2:", verb, account == kEveryone ? "/group" : "/userid")].push_back(account);
    }
  };
  add("add", change.add);
  add("remove", change.remove);
}

// Into a list of v1::LaunchPermission or of v1::CreateVolumePermission.
template <typename Permissions>
void RenderPermissions(const std::vector<std::string>& accounts, Permissions& permissions) {
  for (const std::string& account : accounts) {
    auto& permission = *permissions.Add();
    account == kEveryone ? permission.set_group(account) : permission.set_user_id(account);
  }
}

}  // namespace brume::ec2
