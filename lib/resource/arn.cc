#include "lib/resource/arn.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace brume {

std::optional<Arn> Arn::Parse(absl::string_view text) {
  constexpr int kParts = 6;
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', kParts - 1));
  if (parts.size() != kParts || parts[0] != "arn") return std::nullopt;
  return Arn{.partition = parts[1], .service = parts[2], .region = parts[3], .account = parts[4], .resource = parts[5]};
}

Arn Arn::In(const Account& account, absl::string_view service, absl::string_view resource) {
  return {.service = std::string(service),
          .region = account.region,
          .account = account.id,
          .resource = std::string(resource)};
}

Arn Arn::Global(absl::string_view account_id, absl::string_view service, absl::string_view resource) {
  return {.service = std::string(service), .account = std::string(account_id), .resource = std::string(resource)};
}

Arn Arn::Root(absl::string_view account_id) { return Global(account_id, "iam", "root"); }

std::optional<std::pair<absl::string_view, absl::string_view>> Arn::SplitResource(char separator) const& {
  const absl::string_view whole = resource;
  const size_t at = whole.find(separator);
  if (at == absl::string_view::npos) return std::nullopt;
  return std::pair(whole.substr(0, at), whole.substr(at + 1));
}

absl::string_view Arn::name() const& {
  const absl::string_view whole = resource;
  return whole.substr(whole.rfind('/') + 1);
}

std::string Arn::text() const {
  return absl::StrCat("arn:", partition, ":", service, ":", region, absl::StrCat(":", account, ":", resource));
}

bool LooksLikeArn(absl::string_view text) { return absl::StartsWith(text, "arn:"); }

std::string ArnOf(const Account& account, const Kind& kind, absl::string_view name) {
  Arn arn = Arn::In(account, "ec2", absl::StrCat(kind.arn_type, "/", name));
  if (!kind.arn_has_account) arn.account.clear();
  return arn.text();
}

}  // namespace brume
