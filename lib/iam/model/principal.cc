#include "lib/iam/model/principal.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

using nlohmann::ordered_json;

bool IsAccountNumber(absl::string_view text) {
  constexpr size_t kDigits = 12;
  return text.size() == kDigits && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

void Rename(const std::string& from, const std::string& to, ordered_json& value) {
  if (value.is_string() && value == from) value = to;
  if (!value.is_structured()) return;
  for (ordered_json& inner : value) Rename(from, to, inner);
}

}  // namespace

bool IsAwsPrincipal(absl::string_view name) {
  if (name == "*" || IsAccountNumber(name)) return true;
  const std::optional<Arn> arn = Arn::Parse(name);
  if (!arn.has_value() || arn->partition != "aws" || !arn->region.empty()) return false;
  if (!IsAccountNumber(arn->account) || name.find_first_of("*?") != absl::string_view::npos) return false;
  const std::vector<absl::string_view> parts = absl::StrSplit(arn->resource, '/');
  if (parts.back().empty()) return false;
  if (arn->service == "iam") {
    if (parts.size() == 1) return parts.front() == "root";
    return parts.front() == "user" || parts.front() == "role";
  }
  if (arn->service != "sts") return false;
  return (parts.front() == "assumed-role" && parts.size() == 3) ||
         (parts.front() == "federated-user" && parts.size() == 2);
}

bool IsServicePrincipal(absl::string_view name) {
  const bool spelt = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '-';
  });
  for (const absl::string_view domain : {".amazonaws.com", ".amazon.com"}) {
    if (spelt && absl::EndsWith(name, domain) && name.size() > domain.size() && name.front() != '.') return true;
  }
  return false;
}

absl::Status InvalidPrincipal(absl::string_view type, absl::string_view name) {
  constexpr size_t kShown = 500;
  return ec2::Error("MalformedPolicyDocument",
                    absl::StrCat("Invalid principal in policy: \"", type, "\":\"", name.substr(0, kShown), "\""));
}

std::string WithPrincipalRenamed(const std::string& document, const std::string& from, const std::string& to) {
  ordered_json parsed = ordered_json::parse(document, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() || !parsed.contains("Statement")) return document;
  ordered_json& statements = parsed["Statement"];
  const auto rename = [&](ordered_json& statement) {
    for (const char* element : {"Principal", "NotPrincipal"}) {
      if (statement.is_object() && statement.contains(element)) Rename(from, to, statement[element]);
    }
  };
  if (!statements.is_array()) rename(statements);
  if (statements.is_array()) {
    for (ordered_json& statement : statements) rename(statement);
  }
  return parsed.dump();
}

}  // namespace brume::iam
