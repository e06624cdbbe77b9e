// JSON policies: what they say about a call.
// Source: "Grammar of the IAM JSON policy language" and "Policy evaluation logic" in the IAM User Guide.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/gateway/access_question.h"
#include "lib/iam/model/condition.h"
#include "lib/iam/model/pattern.h"

namespace brume::iam {

enum class PolicyKind {
  kIdentity,  // says what its holder may do: has Resource, no Principal
  kTrust,     // says who may take on a role: has Principal, no Resource
};

enum class Verdict {
  kNone,   // no statement applies: not allowed
  kAllow,  // a statement allows it, none denies it
  kDeny,   // a statement denies it, whatever others say
};

// Who asks for a role.
struct TrustQuestion {
  std::string action;  // "sts:AssumeRole"
  // The caller's ARN as a user or role, not as a session; empty for a service.
  std::string principal_arn;
  std::string account_id;  // of the caller
  std::string service;     // "ec2.amazonaws.com"; empty for a user or role
  Context context;
};

// Immutable; thread-safe.
class Policy {
 public:
  // Error: MalformedPolicyDocument, with the place.
  static absl::StatusOr<std::shared_ptr<const Policy>> Parse(absl::string_view json, PolicyKind kind);

  // About the question's action on one of its resources.
  Verdict Judge(const AccessQuestion& question, absl::string_view resource) const;
  // Of a trust policy.
  Verdict JudgeTrust(const TrustQuestion& question) const;

  struct Statement {
    std::string sid;
    bool allows = false;
    bool not_actions = false;  // NotAction: all but these
    std::vector<Pattern> actions;
    bool not_resources = false;
    std::vector<ArnPattern> resources;
    // Of Principal: ARNs, account numbers or "*"; and names of services.
    std::vector<std::string> accounts, services;
    std::vector<Condition> conditions;
  };

 private:
  explicit Policy(std::vector<Statement> statements) : statements_(std::move(statements)) {}

  const std::vector<Statement> statements_;
};

// The strongest verdict of several policies: kDeny, kAllow, kNone.
Verdict JudgeAll(absl::Span<const std::shared_ptr<const Policy>> policies, const AccessQuestion& question,
                 absl::string_view resource);

// What counts against the size limits of IAM: the characters that are no white space.
size_t PolicySize(absl::string_view json);

}  // namespace brume::iam
