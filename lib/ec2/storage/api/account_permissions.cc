#include "lib/ec2/storage/api/account_permissions.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace brume::ec2 {

bool IsAccount(absl::string_view text) {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
}

absl::Status AddAccount(const std::string& account, std::vector<std::string>& accounts) {
  if (!IsAccount(account)) {
    return ec2::Error("InvalidParameterValue",
                      absl::StrCat("Value (", account.substr(0, 100),
                                   ") for parameter userId is invalid. An account has 12 digits."));
  }
  accounts.push_back(account);
  return absl::OkStatus();
}

absl::Status CheckRegion(absl::string_view parameter, const std::string& region, const Settings& settings) {
  if (region.empty() || region == settings.region) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue",
                    absl::StrCat("Value (", region.substr(0, 100), ") for parameter ", parameter,
                                 " is invalid. There is only the region ", settings.region, "."));
}

}  // namespace brume::ec2
