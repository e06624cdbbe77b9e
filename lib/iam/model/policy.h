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
  kEndpoint,  // says what calls through a VPC endpoint may do, and whose: has both
};

// What becomes of a condition key that nobody knows (condition_keys.h).
enum class PolicyUse {
  kWrite,  // the policy is refused
  // It was kept by a version that knew less: a statement with such a key denies as if the key held, and allows nothing.
  kJudge,
};

enum class Verdict {
  kNone,   // no statement applies: not allowed
  kAllow,  // a statement allows it, none denies it
  kDeny,   // a statement denies it, whatever others say
};

// Who asks for a role.
struct TrustQuestion {
  std::string action;  // "sts:AssumeRole"
  // What the policy means the caller by, beside the account: of root its own ARN. None for a service.
  std::vector<std::string> arns;
  std::string account_id;  // of the caller
  std::string service;     // "ec2.amazonaws.com"; empty for a user or role
  Context context;
};

// Who calls through a VPC endpoint, as principals name them.
struct PolicyCaller {
  std::vector<std::string> arns;  // of a session its own and its role's
  std::string account_id;
};

// Immutable; thread-safe.
class Policy {
 public:
  // Errors: MalformedPolicyDocument, with the place; of one that is written, ValidationError for characters beyond
  // Latin-1.
  static absl::StatusOr<std::shared_ptr<const Policy>> Parse(absl::string_view json, PolicyKind kind, PolicyUse use);

  // Whether anything but the call's action and the resource's name matters to it.
  bool conditional() const;

  // About an action on one resource, of which the keys in `context` are true.
  Verdict Judge(absl::string_view action, absl::string_view resource, const Context& context) const;
  // The same of an endpoint's policy.
  Verdict JudgeFor(const PolicyCaller& caller, absl::string_view action, absl::string_view resource,
                   const Context& context) const;
  // Of a trust policy.
  Verdict JudgeTrust(const TrustQuestion& question) const;

  // The ARNs of Principal and NotPrincipal.
  std::vector<std::string> NamedPrincipals() const;

  struct Statement {
    std::string sid;
    bool allows = false;
    bool not_actions = false;  // NotAction: all but these
    std::vector<PolicyPattern> actions;
    bool not_resources = false;
    std::vector<ArnPattern> resources;
    // Of Principal: ARNs, account numbers or "*"; and names of services. Identity providers are nobody here.
    std::vector<std::string> accounts, services;
    bool not_principals = false;  // NotPrincipal: all but these
    std::vector<Condition> conditions;
    bool has_variables = false;
    // It speaks of a condition key that nobody knows, so it is not known whether it applies.
    bool undecidable = false;
  };

 private:
  explicit Policy(std::vector<Statement> statements) : statements_(std::move(statements)) {}

  const std::vector<Statement> statements_;
};

// The strongest verdict of several policies: kDeny, kAllow, kNone.
Verdict JudgeAll(absl::Span<const std::shared_ptr<const Policy>> policies, absl::string_view action,
                 absl::string_view resource, const Context& context);

// What counts against the size limits of IAM: the characters that are no white space.
size_t PolicySize(absl::string_view json);

}  // namespace brume::iam
