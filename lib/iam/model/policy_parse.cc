#include "lib/iam/model/policy_parse.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/status_macros.h"
#include "lib/iam/model/condition_keys.h"
#include "lib/iam/model/principal.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

using nlohmann::json;
using Statement = Policy::Statement;

// As much as IAM takes in a request; nothing that may be kept is as long.
constexpr size_t kMaxBytes = 131072;
// A condition's value is the deepest there is: a list in a map in a map in a statement in a list in the document.
constexpr int kDeepest = 8;

constexpr absl::string_view kTrustActions[] = {
    "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity",
    "sts:SetContext", "sts:SetSourceIdentity",  "sts:TagSession"};

absl::Status Malformed(absl::string_view what) { return ec2::Error("MalformedPolicyDocument", what); }

// `place` is "Statement 2: "; a value is repeated as far as an error can carry it.
absl::Status Malformed(const std::string& place, absl::string_view value, absl::string_view what) {
  constexpr size_t kShown = 100;
  return Malformed(absl::StrCat(place, value.substr(0, kShown), " ", what));
}

// IAM's documents have tabs, ends of lines and the characters from a blank to U+00FF alone, and no byte order mark.
// What is not UTF-8 is refused as such, later.
absl::Status CheckCharacters(absl::string_view text) {
  // The first byte of U+0100 and beyond, and what no UTF-8 has.
  constexpr unsigned char kBeyondLatin1 = 0xc4, kNotUtf8 = 0xf8;
  const bool good = std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ') return c == '\t' || c == '\n' || c == '\r';
    return byte < kBeyondLatin1 || byte >= kNotUtf8;
  });
  if (good) return absl::OkStatus();
  return ec2::Error(
      "ValidationError",
      "The specified value for policyDocument is invalid. It must contain only printable ASCII characters.");
}

// Refuses what the library would accept: a name given twice, which readers understand differently, and nesting.
absl::StatusOr<json> ParseJson(absl::string_view text) {
  if (text.size() > kMaxBytes) {
    return Malformed(absl::StrCat("The policy has ", text.size(), " bytes; at most ", kMaxBytes, " are read"));
  }
  std::vector<std::set<std::string>> names;
  std::string twice;
  bool too_deep = false;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kDeepest) too_deep = true;
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key && !names.back().insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return !too_deep;
  };
  try {
    json document = json::parse(text.begin(), text.end(), watch);
    if (too_deep) return Malformed("Syntax errors in policy: it is nested too deep");
    if (!twice.empty()) return Malformed(absl::StrCat("Syntax errors in policy: ", twice, " is given twice"));
    if (!document.is_object()) return Malformed("Syntax errors in policy: it is no JSON object");
    return document;
  } catch (const json::parse_error& error) {
    return Malformed(absl::StrCat("Syntax errors in policy: it is no JSON from byte ", error.byte, " on"));
  } catch (const json::exception&) {
    return Malformed("Syntax errors in policy: it is no JSON in UTF-8");
  }
}

absl::Status CheckNames(const json& object, std::initializer_list<absl::string_view> known, const std::string& place) {
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Malformed(place, name, "is no element of the policy's grammar here");
    }
  }
  return absl::OkStatus();
}

// A text, or a list of some.
absl::StatusOr<std::vector<std::string>> Texts(const json& value, absl::string_view name, const std::string& place) {
  if (value.is_string()) return std::vector<std::string>{value.get<std::string>()};
  std::vector<std::string> texts;
  if (value.is_array()) {
    for (const json& item : value) {
      if (item.is_string()) texts.push_back(item.get<std::string>());
    }
  }
  if (!texts.empty() && texts.size() == value.size()) return texts;
  return Malformed(place, name, "must be a text or a list of texts that is not empty");
}

// Values of conditions may be numbers and booleans too.
absl::StatusOr<std::vector<std::string>> ConditionValues(const json& value, absl::string_view key,
                                                         const std::string& place) {
  std::vector<std::string> texts;
  for (const json& item : value.is_array() ? value : json::array({value})) {
    if (!item.is_string() && !item.is_number() && !item.is_boolean()) {
      return Malformed(place, key, "must have texts, numbers or booleans as values");
    }
    texts.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  }
  return texts;
}

// Exactly one of the two must be there; sets whether it is the negated one.
absl::StatusOr<const json*> OneOf(const json& statement, const char* name, const char* negated_name, bool& negated,
                                  const std::string& place) {
  const bool plain = statement.contains(name);
  negated = statement.contains(negated_name);
  if (plain == negated) {
    return Malformed(
        absl::StrCat(place, "must have ", name, plain ? " or " : " or else ", negated_name, plain ? ", not both" : ""));
  }
  return &statement[negated ? negated_name : name];
}

bool IsAction(absl::string_view action) {
  if (action == "*") return true;
  const size_t colon = action.find(':');
  if (colon == absl::string_view::npos || colon == 0 || colon + 1 == action.size()) return false;
  const absl::string_view service = action.substr(0, colon), name = action.substr(colon + 1);
  return (service == "*" ||
          std::all_of(service.begin(), service.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-'; })) &&
         std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isalnum(c) || c == '*' || c == '?'; });
}

absl::Status ParseActions(const json& source, const std::string& place, Statement& statement) {
  ASSIGN_OR_RETURN(const json* value, OneOf(source, "Action", "NotAction", statement.not_actions, place));
  ASSIGN_OR_RETURN(const auto actions, Texts(*value, statement.not_actions ? "NotAction" : "Action", place));
  for (const std::string& action : actions) {
    if (!IsAction(action)) return Malformed(place, action, "is no action: it must be service:Name or *");
    ASSIGN_OR_RETURN(PolicyPattern pattern, PolicyPattern::Parse(action, {.variables = false}));
    statement.actions.push_back(std::move(pattern));
  }
  return absl::OkStatus();
}

// How a document is read.
struct Reading {
  PolicyKind kind;
  PolicyUse use;
  bool variables = false;  // the document's version has them
};

// Refuses what no resource's ARN ever matches, with IAM's words: a denial by it would never hold. A variable does not
// stand for a partition or a region.
absl::Status CheckCanMatch(const std::string& resource) {
  enum Part { kPartition = 1, kService, kRegion, kRest };
  constexpr size_t kShown = 500;
  const std::vector<std::string> parts = absl::StrSplit(resource, absl::MaxSplits(':', kRest));
  const auto stands_for = [&](size_t part, absl::string_view text) -> absl::StatusOr<bool> {
    if (part >= parts.size()) return true;  // fields that are missing at the end are "*"
    ASSIGN_OR_RETURN(const PolicyPattern pattern, PolicyPattern::Parse(parts[part], {.variables = false}));
    return pattern.Matches(text, {});
  };
  ASSIGN_OR_RETURN(const bool here, stands_for(kPartition, "aws"));
  if (!here) {
    return Malformed(absl::StrCat("Partition \"", parts[kPartition].substr(0, kShown),
                                  "\" is not valid for resource \"", resource.substr(0, kShown), "\"."));
  }
  ASSIGN_OR_RETURN(const bool global, stands_for(kRegion, ""));
  if (parts.size() > kService && parts[kService] == "iam" && !global) {
    return Malformed(absl::StrCat("IAM resource ", resource.substr(0, kShown), " cannot contain region information."));
  }
  return absl::OkStatus();
}

absl::Status ParseResources(const json& source, const Reading& reading, const std::string& place,
                            Statement& statement) {
  ASSIGN_OR_RETURN(const json* value, OneOf(source, "Resource", "NotResource", statement.not_resources, place));
  ASSIGN_OR_RETURN(const auto resources, Texts(*value, statement.not_resources ? "NotResource" : "Resource", place));
  for (const std::string& resource : resources) {
    absl::StatusOr<ArnPattern> pattern = ArnPattern::Parse(resource, reading.variables);
    if (!pattern.ok()) return Malformed(absl::StrCat(place, "Resource "), resource, pattern.status().message());
    if (reading.use == PolicyUse::kWrite && resource != "*") RETURN_IF_ERROR(CheckCanMatch(resource));
    statement.resources.push_back(*std::move(pattern));
  }
  return absl::OkStatus();
}

// Deny alone may say whom it does not mean: with Allow it would mean everybody else, callers without a name among them.
absl::StatusOr<const json*> PrincipalOf(const json& source, const std::string& place, Statement& statement) {
  if (!source.contains("Principal") && !source.contains("NotPrincipal"))
    return Malformed(place + "must have Principal");
  ASSIGN_OR_RETURN(const json* principal, OneOf(source, "Principal", "NotPrincipal", statement.not_principals, place));
  if (statement.not_principals && statement.allows)
    return Malformed(place + "Allow with NotPrincipal is not supported");
  return principal;
}

absl::Status ParsePrincipals(const json& source, const Reading& reading, const std::string& place,
                             Statement& statement) {
  ASSIGN_OR_RETURN(const json* principal, PrincipalOf(source, place, statement));
  if (*principal == "*") {
    statement.accounts.push_back("*");
    return absl::OkStatus();
  }
  if (!principal->is_object() || principal->empty()) {
    return Malformed(place + "Principal must be \"*\" or an object");
  }
  RETURN_IF_ERROR(CheckNames(*principal, {"AWS", "Service", "Federated"}, absl::StrCat(place, "Principal: ")));
  const bool written = reading.use == PolicyUse::kWrite;
  for (const auto& [type, value] : principal->items()) {
    ASSIGN_OR_RETURN(auto names, Texts(value, type, absl::StrCat(place, "Principal: ")));
    // Identity providers are not here: nobody comes by one.
    if (type == "Federated") continue;
    const bool service = type == "Service";
    for (std::string& name : names) {
      if (service && written && !IsServicePrincipal(name)) return InvalidPrincipal("SERVICE", name);
      // Earlier versions kept more, which is nobody; what is gone has its id.
      if (!service && written && !IsAwsPrincipal(name)) return InvalidPrincipal("AWS", name);
      (service ? statement.services : statement.accounts).push_back(std::move(name));
    }
  }
  return absl::OkStatus();
}

// What a trust policy can be about; patterns stand for some of these.
absl::Status CheckTrustActions(const Statement& statement) {
  const auto about_roles = [](const PolicyPattern& pattern) {
    // "*" is of all services, which IAM does not take here.
    if (pattern.Matches("ec2:RunInstances", {}, /*ignore_case=*/true)) return false;
    return std::any_of(std::begin(kTrustActions), std::end(kTrustActions),
                       [&](absl::string_view action) { return pattern.Matches(action, {}, /*ignore_case=*/true); });
  };
  if (std::all_of(statement.actions.begin(), statement.actions.end(), about_roles)) return absl::OkStatus();
  return Malformed("AssumeRole policy may only specify STS AssumeRole actions.");
}

absl::Status ParseConditions(const json& source, bool variables, const std::string& place, Statement& statement) {
  if (!source.contains("Condition")) return absl::OkStatus();
  const json& operators = source["Condition"];
  if (!operators.is_object()) return Malformed(place + "Condition must be an object");
  for (const auto& [op, tests] : operators.items()) {
    const std::string at = absl::StrCat(place, "Condition ", op, ": ");
    if (!tests.is_object()) return Malformed(at + "must be an object");
    for (const auto& [key, value] : tests.items()) {
      ASSIGN_OR_RETURN(auto values, ConditionValues(value, key, at));
      absl::StatusOr<Condition> condition = Condition::Parse(op, key, std::move(values), variables);
      if (!condition.ok()) return Malformed(absl::StrCat(place, "Condition "), op, condition.status().message());
      statement.conditions.push_back(*std::move(condition));
    }
  }
  return absl::OkStatus();
}

// Finds the condition keys that nobody knows.
absl::Status CheckKeys(PolicyUse use, const std::string& place, Statement& statement) {
  std::vector<std::string> keys;
  for (const ArnPattern& resource : statement.resources) {
    for (std::string& key : resource.VariableKeys()) keys.push_back(std::move(key));
  }
  statement.has_variables = !keys.empty();
  for (const Condition& condition : statement.conditions) {
    for (std::string& key : condition.Keys()) keys.push_back(std::move(key));
  }
  for (const std::string& key : keys) {
    if (IsConditionKey(key)) continue;
    if (use == PolicyUse::kWrite) {
      return Malformed(place, key, "is no condition key: it would be absent from every call");
    }
    statement.undecidable = true;
  }
  return absl::OkStatus();
}

absl::Status CheckElements(const json& source, bool has_principal, bool has_resource, const std::string& place) {
  if (!has_principal) {
    return CheckNames(source, {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}, place);
  }
  if (!has_resource) {
    return CheckNames(source, {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"},
                      place);
  }
  return CheckNames(
      source,
      {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"},
      place);
}

absl::StatusOr<Statement> ParseStatement(const json& source, const Reading& reading, const std::string& place) {
  if (!source.is_object()) return Malformed(place + "must be an object");
  const bool has_principal = reading.kind != PolicyKind::kIdentity, has_resource = reading.kind != PolicyKind::kTrust;
  RETURN_IF_ERROR(CheckElements(source, has_principal, has_resource, place));
  Statement statement;
  if (source.contains("Sid")) {
    const json& sid = source["Sid"];
    if (sid.is_string()) statement.sid = sid.get<std::string>();
    if (!sid.is_string() ||
        (!has_principal && !std::all_of(statement.sid.begin(), statement.sid.end(), absl::ascii_isalnum))) {
      return Malformed(place + "Sid must be letters and digits");
    }
  }
  const json effect = source.value("Effect", json());
  if (effect != "Allow" && effect != "Deny") return Malformed(place + "Effect must be Allow or Deny");
  statement.allows = effect == "Allow";
  RETURN_IF_ERROR(ParseActions(source, place, statement));
  const bool trusts = reading.kind == PolicyKind::kTrust && reading.use == PolicyUse::kWrite;
  if (trusts) RETURN_IF_ERROR(CheckTrustActions(statement));
  if (has_principal) RETURN_IF_ERROR(ParsePrincipals(source, reading, place, statement));
  if (has_resource) RETURN_IF_ERROR(ParseResources(source, reading, place, statement));
  RETURN_IF_ERROR(ParseConditions(source, reading.variables, place, statement));
  return statement;
}

}  // namespace

absl::StatusOr<std::vector<Statement>> ParseStatements(absl::string_view text, PolicyKind kind, PolicyUse use) {
  if (use == PolicyUse::kWrite) RETURN_IF_ERROR(CheckCharacters(text));
  ASSIGN_OR_RETURN(const json document, ParseJson(text));
  RETURN_IF_ERROR(CheckNames(document, {"Version", "Id", "Statement"}, ""));
  // Without a Version it is the old one, which has no variables.
  const json version = document.value("Version", json("2008-10-17"));
  if (version != "2012-10-17" && version != "2008-10-17") {
    return Malformed("Version must be 2012-10-17 or 2008-10-17");
  }
  const Reading reading{.kind = kind, .use = use, .variables = version == "2012-10-17"};
  if (!document.contains("Statement")) return Malformed("The policy must have a Statement");
  const json& source = document["Statement"];
  const json list = source.is_array() ? source : json::array({source});
  if (list.empty()) return Malformed("Statement must not be empty");
  std::vector<Statement> statements;
  std::set<std::string> sids;
  for (const json& item : list) {
    const std::string place = absl::StrCat("Statement ", statements.size() + 1, ": ");
    ASSIGN_OR_RETURN(Statement statement, ParseStatement(item, reading, place));
    RETURN_IF_ERROR(CheckKeys(use, place, statement));
    if (!statement.sid.empty() && !sids.insert(statement.sid).second) {
      return Malformed(place, statement.sid, "is the Sid of an earlier statement");
    }
    statements.push_back(std::move(statement));
  }
  return statements;
}

}  // namespace brume::iam
