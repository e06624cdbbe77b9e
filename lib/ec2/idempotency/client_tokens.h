// Client tokens of calls whose resources have no column for theirs: the same token with the same parameters makes
// nothing new while what it made is there. A migration's trigger lets a token go with its resource.
// Source of behaviour: EC2 API reference, "Ensuring idempotency in Amazon EC2 API requests".
//
//   ASSIGN_OR_RETURN(const std::optional<RouteTableId> made, FindMade<RouteTableId>(connection, token));
//   if (made.has_value()) return ...;
//   ...
//   RETURN_IF_ERROR(KeepToken(connection, token, table.id.text()));
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/table_description.h"

namespace brume::idempotency {

// What a call says of itself. Without a client token it is like no other.
struct CallToken {
  std::string action;  // "CreateRouteTable"
  std::string client_token;
  std::string parameters_digest;
};

// All take part in the transaction of `connection`.

// The id of what an earlier call with this token made. Error: IdempotentParameterMismatch where its parameters were
// others.
absl::StatusOr<std::optional<std::string>> FindMadeText(store::Connection& connection, const CallToken& token);
template <typename IdType>
absl::StatusOr<std::optional<IdType>> FindMade(store::Connection& connection, const CallToken& token) {
  ASSIGN_OR_RETURN(const std::optional<std::string> made, FindMadeText(connection, token));
  return made.has_value() ? std::optional(IdType::FromTrusted(*made)) : std::nullopt;
}
absl::Status KeepToken(store::Connection& connection, const CallToken& token, const std::string& resource_id);

store::TableDescription DescribeClientTokens();

}  // namespace brume::idempotency
