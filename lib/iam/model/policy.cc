#include "lib/iam/model/policy.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "lib/base/status_macros.h"
#include "lib/iam/model/policy_parse.h"
#include "lib/resource/arn.h"

namespace brume::iam {
namespace {

using Statement = Policy::Statement;

bool NamesAction(const Statement& statement, absl::string_view action, const Context& context) {
  const bool named = std::any_of(statement.actions.begin(), statement.actions.end(), [&](const PolicyPattern& pattern) {
    return pattern.Matches(action, context, /*ignore_case=*/true);
  });
  return named != statement.not_actions;
}

bool NamesResource(const Statement& statement, absl::string_view resource, const Context& context) {
  if (statement.undecidable && statement.has_variables) return !statement.allows;
  const bool named = std::any_of(statement.resources.begin(), statement.resources.end(),
                                 [&](const ArnPattern& arn) { return arn.Matches(resource, context); });
  return named != statement.not_resources;
}

bool Contains(const std::vector<std::string>& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// Principal with an account means all who are in it, and NotPrincipal spares its root alone.
bool NamesCaller(const Statement& statement, const PolicyCaller& caller) {
  const std::string root = Arn::Root(caller.account_id).text();
  const bool of_account = !statement.not_principals || Contains(caller.arns, root);
  const bool named = std::any_of(statement.accounts.begin(), statement.accounts.end(), [&](const std::string& account) {
    const bool means_account = account == caller.account_id || account == root;
    return account == "*" || (means_account && of_account) || Contains(caller.arns, account);
  });
  return named != statement.not_principals;
}

bool NamesPrincipal(const Statement& statement, const TrustQuestion& question) {
  if (question.service.empty()) return NamesCaller(statement, {question.arns, question.account_id});
  return Contains(statement.services, question.service) != statement.not_principals;
}

bool ConditionsHold(const Statement& statement, const Context& context) {
  if (statement.undecidable) return !statement.allows;
  return std::all_of(statement.conditions.begin(), statement.conditions.end(),
                     [&](const Condition& condition) { return condition.Holds(context, statement.allows); });
}

template <typename Applies>
Verdict Strongest(const std::vector<Statement>& statements, const Applies& applies) {
  Verdict verdict = Verdict::kNone;
  for (const Statement& statement : statements) {
    if (statement.allows && verdict == Verdict::kAllow) continue;
    if (!applies(statement)) continue;
    if (!statement.allows) return Verdict::kDeny;
    verdict = Verdict::kAllow;
  }
  return verdict;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Policy>> Policy::Parse(absl::string_view json, PolicyKind kind, PolicyUse use) {
  ASSIGN_OR_RETURN(std::vector<Statement> statements, ParseStatements(json, kind, use));
  return std::shared_ptr<const Policy>(new Policy(std::move(statements)));
}

bool Policy::conditional() const {
  return std::any_of(statements_.begin(), statements_.end(), [](const Statement& statement) {
    return statement.has_variables || !statement.conditions.empty();
  });
}

Verdict Policy::Judge(absl::string_view action, absl::string_view resource, const Context& context) const {
  return Strongest(statements_, [&](const Statement& statement) {
    return NamesAction(statement, action, context) && NamesResource(statement, resource, context) &&
           ConditionsHold(statement, context);
  });
}

Verdict Policy::JudgeFor(const PolicyCaller& caller, absl::string_view action, absl::string_view resource,
                         const Context& context) const {
  return Strongest(statements_, [&](const Statement& statement) {
    return NamesCaller(statement, caller) && NamesAction(statement, action, context) &&
           NamesResource(statement, resource, context) && ConditionsHold(statement, context);
  });
}

Verdict Policy::JudgeTrust(const TrustQuestion& question) const {
  return Strongest(statements_, [&](const Statement& statement) {
    return NamesAction(statement, question.action, question.context) && NamesPrincipal(statement, question) &&
           ConditionsHold(statement, question.context);
  });
}

std::vector<std::string> Policy::NamedPrincipals() const {
  std::vector<std::string> arns;
  for (const Statement& statement : statements_) {
    std::copy_if(statement.accounts.begin(), statement.accounts.end(), std::back_inserter(arns),
                 [](const std::string& account) { return LooksLikeArn(account); });
  }
  return arns;
}

Verdict JudgeAll(absl::Span<const std::shared_ptr<const Policy>> policies, absl::string_view action,
                 absl::string_view resource, const Context& context) {
  Verdict strongest = Verdict::kNone;
  for (const auto& policy : policies) {
    strongest = std::max(strongest, policy->Judge(action, resource, context));
    if (strongest == Verdict::kDeny) break;
  }
  return strongest;
}

size_t PolicySize(absl::string_view json) {
  return std::count_if(json.begin(), json.end(), [](char c) {
    // Bytes that continue a character are part of it.
    return !absl::ascii_isspace(static_cast<unsigned char>(c)) && (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  });
}

}  // namespace brume::iam
