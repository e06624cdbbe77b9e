#include "lib/ec2/idempotency/client_tokens.h"

#include <tuple>

#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/store/table.h"

namespace brume::idempotency {
namespace {

struct KeptToken {
  std::string action, client_token, parameters_digest, resource_id;
};

const auto& Tokens() {
  using T = KeptToken;
  static const auto table = store::DescribeTable<T>(
      "call_tokens", "client token", store::Key("action", &T::action), store::Key("client_token", &T::client_token),
      store::Fixed("parameters_digest", &T::parameters_digest), store::Fixed("resource_id", &T::resource_id));
  return table;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindMadeText(store::Connection& connection, const CallToken& token) {
  if (token.client_token.empty()) return std::optional<std::string>();
  ASSIGN_OR_RETURN(const std::optional<KeptToken> kept,
                   Tokens().Find(connection, std::tie(token.action, token.client_token)));
  if (!kept.has_value()) return std::optional<std::string>();
  if (kept->parameters_digest == token.parameters_digest) return std::optional<std::string>(kept->resource_id);
  return ec2::ErrorAnd(absl::StrCat("The client token is '", token.client_token, "'."), ec2::kTokenReused);
}

absl::Status KeepToken(store::Connection& connection, const CallToken& token, const std::string& resource_id) {
  if (token.client_token.empty()) return absl::OkStatus();
  return Tokens().Insert(connection, {token.action, token.client_token, token.parameters_digest, resource_id});
}

store::TableDescription DescribeClientTokens() { return Tokens().Describe(); }

}  // namespace brume::idempotency
