// A policy's JSON, as an identity's and as a role's trust; what is taken judges calls, one of which is made of the
// input itself: after the first line that is empty come its action, its resource, and condition keys with their values.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "lib/iam/model/policy.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

constexpr char kInstance[] = "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0";
constexpr char kUser[] = "arn:aws:iam::123456789012:user/ada";

void Require(bool condition) {
  if (!condition) std::abort();
}

AccessQuestion Question() {
  return {.action = "ec2:StartInstances",
          .resources = {},
          .context = {{"aws:username", {"ada"}},
                      {"aws:sourceip", {"203.0.113.7"}},
                      {"aws:securetransport", {"true"}},
                      {"aws:currenttime", {"2026-06-15T12:00:00Z"}},
                      {"aws:epochtime", {"1781524800"}},
                      {"aws:principalarn", {kUser}},
                      {"aws:requesttag/stage", {"Test"}},
                      {"aws:tagkeys", {"Stage", "Owner"}},
                      {"aws:multifactorauthage", {"5"}}}};
}

// A policy refused says why by its own code; one that is taken denies whatever it denied once.
void Judge(absl::string_view json, const AccessQuestion& question, absl::string_view resource) {
  const auto identity = Policy::Parse(json, PolicyKind::kIdentity, PolicyUse::kJudge);
  if (identity.ok()) {
    const Verdict alone = (*identity)->Judge(question.action, resource, question.context);
    Require(JudgeAll({*identity, *identity}, question.action, resource, question.context) == alone);
    (*identity)->Judge(Question().action, kInstance, Question().context);
  } else {
    Require(ec2::ErrorCode(identity.status()) == "MalformedPolicyDocument");
  }
  const auto trust = Policy::Parse(json, PolicyKind::kTrust, PolicyUse::kJudge);
  if (!trust.ok()) {
    Require(ec2::ErrorCode(trust.status()) == "MalformedPolicyDocument");
    return;
  }
  // What has a Resource has no Principal.
  Require(!identity.ok());
  const TrustQuestion asked{.action = "sts:AssumeRole",
                            .arns = {kUser},
                            .account_id = "123456789012",
                            .service = "",
                            .context = question.context};
  (*trust)->JudgeTrust(asked);
  const TrustQuestion service{.action = "sts:AssumeRole",
                              .arns = {},
                              .account_id = "",
                              .service = "ec2.amazonaws.com",
                              .context = question.context};
  (*trust)->JudgeTrust(service);
}

void Run(absl::string_view input) {
  const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(input, absl::MaxSplits("\n\n", 1));
  // None where there is no empty line.
  const std::vector<absl::string_view> lines = absl::StrSplit(halves.second, '\n');
  AccessQuestion question = Question();
  if (!lines.empty() && !lines[0].empty()) question.action = std::string(lines[0]);
  for (size_t i = 2; i < lines.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> key = absl::StrSplit(lines[i], absl::MaxSplits('=', 1));
    question.context[absl::AsciiStrToLower(key.first)].emplace_back(key.second);
  }
  Judge(halves.first, question, lines.size() > 1 ? lines[1] : kInstance);
  Require(PolicySize(input) <= input.size());
}

}  // namespace
}  // namespace brume::iam

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  brume::iam::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
