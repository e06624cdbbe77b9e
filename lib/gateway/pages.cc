#include "lib/gateway/pages.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {
namespace {

std::string Prefix(absl::string_view list) { return absl::StrCat("1:", list, ":"); }

}  // namespace

std::string MakeToken(absl::string_view list, absl::string_view position) {
  return absl::WebSafeBase64Escape(absl::StrCat(Prefix(list), position));
}

absl::StatusOr<std::string> ParseToken(absl::string_view list, absl::string_view token) {
  std::string text;
  if (absl::WebSafeBase64Unescape(token, &text)) {
    absl::string_view position = text;
    if (absl::ConsumePrefix(&position, Prefix(list)) && !position.empty()) return std::string(position);
  }
  return InvalidToken();
}

absl::Status InvalidToken() {
  return ec2::Error("InvalidNextToken", "The specified NextToken is not valid: it must be one an earlier answer gave");
}

absl::Status PagingOfNamed(absl::string_view items) {
  return ec2::Error(
      "InvalidParameterCombination",
      absl::StrCat("The parameter ", items, " cannot be used with the parameters maxResults and nextToken"));
}

}  // namespace brume::gateway
