// What policies say, case by case, as the IAM User Guide has it.
#include "lib/iam/model/policy.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lib/resource/ec2_error.h"

namespace brume::iam {
namespace {

constexpr char kInstance[] = "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0";
constexpr char kUser[] = "arn:aws:iam::123456789012:user/ada";

AccessQuestion Question(const std::string& action) {
  return {.action = action,
          .resources = {},
          .context = {{"aws:username", {"ada"}},
                      {"aws:userid", {"A*B"}},
                      {"aws:sourceip", {"203.0.113.7"}},
                      {"aws:securetransport", {"true"}},
                      {"aws:currenttime", {"2026-06-15T12:00:00Z"}},
                      {"aws:epochtime", {"1781524800"}},
                      {"aws:principalarn", {kUser}},
                      {"aws:requesttag/stage", {"Test"}},
                      {"aws:tagkeys", {"Stage", "Owner"}},
                      {"aws:multifactorauthage", {"5"}}}};
}

std::string Document(const std::string& statement) {
  return absl::StrCat(R"({"Version":"2012-10-17","Statement":[)", statement, "]}");
}

char Judged(const std::string& document, const std::string& action, const std::string& resource) {
  const auto policy = Policy::Parse(document, PolicyKind::kIdentity, PolicyUse::kWrite);
  INFO(document << policy.status().ToString());
  REQUIRE(policy.ok());
  switch ((*policy)->Judge(action, resource, Question(action).context)) {
    case Verdict::kAllow:
      return 'A';
    case Verdict::kDeny:
      return 'D';
    case Verdict::kNone:
      return '-';
  }
  return '!';
}

std::string Malformed(const std::string& document, PolicyKind kind = PolicyKind::kIdentity) {
  const auto policy = Policy::Parse(document, kind, PolicyUse::kWrite);
  INFO(document);
  REQUIRE_FALSE(policy.ok());
  CHECK(ec2::ErrorCode(policy.status()) == "MalformedPolicyDocument");
  return std::string(policy.status().message());
}

}  // namespace

TEST_CASE("an action and a resource are matched with wildcards, actions whatever their case", "[identity]") {
  struct Case {
    const char* statement;
    const char* action;
    const char* resource;
    char verdict;
  };
  const Case cases[] = {
      {R"("Action":"*","Resource":"*")", "ec2:RunInstances", kInstance, 'A'},
      {R"("Action":"*:*","Resource":"*")", "ec2:RunInstances", kInstance, 'A'},
      {R"("Action":"ec2:*","Resource":"*")", "ec2:RunInstances", kInstance, 'A'},
      {R"("Action":"ec2:*","Resource":"*")", "iam:CreateUser", kUser, '-'},
      {R"("Action":"EC2:runinstances","Resource":"*")", "ec2:RunInstances", "*", 'A'},
      {R"("Action":"ec2:Describe*","Resource":"*")", "ec2:DescribeInstances", "*", 'A'},
      {R"("Action":"ec2:Describe*","Resource":"*")", "ec2:StopInstances", "*", '-'},
      {R"("Action":"ec2:?topInstances","Resource":"*")", "ec2:StopInstances", "*", 'A'},
      {R"("Action":"ec2:?StopInstances","Resource":"*")", "ec2:StopInstances", "*", '-'},
      {R"("Action":["ec2:StartInstances","ec2:StopInstances"],"Resource":"*")", "ec2:StopInstances", "*", 'A'},
      {R"("NotAction":"iam:*","Resource":"*")", "ec2:StopInstances", "*", 'A'},
      {R"("NotAction":"iam:*","Resource":"*")", "iam:CreateUser", kUser, '-'},
      {R"("NotAction":["ec2:*","iam:*"],"Resource":"*")", "sts:AssumeRole", "*", 'A'},
      {R"("Action":"*","Resource":"arn:aws:ec2:*:*:instance/*")", "ec2:StopInstances", kInstance, 'A'},
      {R"("Action":"*","Resource":"arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0")",
       "ec2:StopInstances", kInstance, 'A'},
      {R"("Action":"*","Resource":"arn:aws:ec2:*:*:INSTANCE/*")", "ec2:StopInstances", kInstance, '-'},
      {R"("Action":"*","Resource":"arn:aws:ec2:eu-*:*:instance/*")", "ec2:StopInstances", kInstance, '-'},
      {R"("Action":"*","Resource":"arn:aws:ec2:*:*:volume/*")", "ec2:StopInstances", kInstance, '-'},
      {R"("Action":"*","Resource":"arn:aws:ec2:*:instance/*")", "ec2:StopInstances", kInstance, '-'},
      {R"("Action":"*","Resource":"arn:aws:ec2:*")", "ec2:StopInstances", kInstance, 'A'},
      {R"("Action":"*","Resource":"arn:aws:ec2:*:*:instance/i-0123456789abcdef?")", "ec2:StopInstances", kInstance,
       'A'},
      {R"("Action":"*","Resource":"arn:aws:ec2:*:*:instance/*")", "ec2:DescribeInstances", "*", '-'},
      {R"("Action":"*","Resource":["arn:aws:s3:::bucket","arn:aws:ec2:*:*:instance/*"])", "ec2:StopInstances",
       kInstance, 'A'},
      {R"("Action":"*","NotResource":"arn:aws:iam::*:*")", "ec2:StopInstances", kInstance, 'A'},
      {R"("Action":"*","NotResource":"arn:aws:iam::*:*")", "iam:DeleteUser", kUser, '-'},
      {R"("Action":"iam:*","Resource":"arn:aws:iam::*:user/${aws:username}")", "iam:GetUser", kUser, 'A'},
      {R"("Action":"iam:*","Resource":"arn:aws:iam::*:user/${aws:username}x")", "iam:GetUser", kUser, '-'},
      {R"("Action":"iam:*","Resource":"arn:aws:iam::*:user/${aws:Referer}")", "iam:GetUser", kUser, '-'},
      {R"("Action":"iam:*","Resource":"arn:aws:iam::*:user/${aws:Referer, 'ada'}")", "iam:GetUser", kUser, 'A'},
      {R"("Action":"iam:*","Resource":"arn:aws:iam::*:user/${aws:userid}")", "iam:GetUser",
       "arn:aws:iam::123456789012:user/AxB", '-'},
      {R"("Action":"iam:*","Resource":"arn:aws:iam::*:user/${aws:userid}")", "iam:GetUser",
       "arn:aws:iam::123456789012:user/A*B", 'A'},
      {R"("Action":"iam:*","Resource":"arn:aws:iam::*:user/a${*}a")", "iam:GetUser", kUser, '-'},
      {R"("Action":"iam:*","Resource":"arn:aws:iam::*:user/a${*}a")", "iam:GetUser",
       "arn:aws:iam::123456789012:user/a*a", 'A'},
      {R"("Action":"iam:*","Resource":"arn:aws:iam::*:user/?")", "iam:GetUser", "arn:aws:iam::123456789012:user/é",
       'A'},
  };
  for (const Case& c : cases) {
    INFO(c.statement << " for " << c.action << " on " << c.resource);
    CHECK(Judged(Document(absl::StrCat(R"({"Effect":"Allow",)", c.statement, "}")), c.action, c.resource) == c.verdict);
  }
}

TEST_CASE("a condition holds as its operator says", "[identity]") {
  struct Case {
    const char* condition;
    bool holds;
  };
  const Case cases[] = {
      {R"("StringEquals":{"aws:username":"ada"})", true},
      {R"("StringEquals":{"AWS:UserName":"ada"})", true},
      {R"("StringEquals":{"aws:username":"Ada"})", false},
      {R"("StringEquals":{"aws:username":["bob","ada"]})", true},
      {R"("StringEquals":{"aws:username":"a*"})", false},
      {R"("StringEquals":{"aws:username":"${aws:username}"})", true},
      {R"("StringEquals":{"aws:Referer":"ada"})", false},
      {R"("StringEqualsIfExists":{"aws:Referer":"ada"})", true},
      {R"("StringEqualsIfExists":{"aws:username":"bob"})", false},
      {R"("StringNotEquals":{"aws:username":"bob"})", true},
      {R"("StringNotEquals":{"aws:username":["bob","ada"]})", false},
      {R"("StringNotEquals":{"aws:Referer":"ada"})", true},
      {R"("StringEqualsIgnoreCase":{"aws:username":"ADA"})", true},
      {R"("StringNotEqualsIgnoreCase":{"aws:username":"ADA"})", false},
      {R"("StringLike":{"aws:username":"a*"})", true},
      {R"("StringLike":{"aws:username":"A*"})", false},
      {R"("StringLike":{"aws:username":["b*","?da"]})", true},
      {R"("StringNotLike":{"aws:username":"a*"})", false},
      {R"("StringEquals":{"aws:RequestTag/Stage":"Test"})", true},
      {R"("IpAddress":{"aws:SourceIp":"203.0.113.0/24"})", true},
      {R"("IpAddress":{"aws:SourceIp":"203.0.113.8"})", false},
      {R"("IpAddress":{"aws:SourceIp":"203.0.113.6/31"})", true},
      {R"("IpAddress":{"aws:SourceIp":["2001:db8::/32","0.0.0.0/0"]})", true},
      {R"("IpAddress":{"aws:SourceIp":"::/0"})", false},
      {R"("NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"})", false},
      {R"("NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"})", true},
      {R"("Bool":{"aws:SecureTransport":"true"})", true},
      {R"("Bool":{"aws:SecureTransport":true})", true},
      {R"("Bool":{"aws:SecureTransport":"false"})", false},
      {R"("Bool":{"aws:MultiFactorAuthPresent":"true"})", false},
      {R"("BoolIfExists":{"aws:MultiFactorAuthPresent":"true"})", true},
      {R"("NumericLessThan":{"aws:MultiFactorAuthAge":"10"})", true},
      {R"("NumericLessThan":{"aws:MultiFactorAuthAge":5})", false},
      {R"("NumericLessThanEquals":{"aws:MultiFactorAuthAge":5})", true},
      {R"("NumericGreaterThan":{"aws:MultiFactorAuthAge":"4.5"})", true},
      {R"("NumericGreaterThanEquals":{"aws:MultiFactorAuthAge":"6"})", false},
      {R"("NumericEquals":{"aws:MultiFactorAuthAge":"5.0"})", true},
      {R"("NumericNotEquals":{"aws:MultiFactorAuthAge":"5"})", false},
      {R"("NumericLessThan":{"aws:username":"5"})", false},
      {R"("DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"})", true},
      {R"("DateLessThan":{"aws:CurrentTime":"2026-06-15"})", false},
      {R"("DateLessThan":{"aws:CurrentTime":"2026-06-15T14:30:00+02:00"})", true},
      {R"("DateLessThan":{"aws:EpochTime":"1781524801"})", true},
      {R"("DateEquals":{"aws:CurrentTime":"2026-06-15T12:00:00Z"})", true},
      {R"("DateNotEquals":{"aws:CurrentTime":"2026"})", true},
      {R"("ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::123456789012:user/ada"})", true},
      {R"("ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"})", true},
      {R"("ArnLike":{"aws:PrincipalArn":"arn:aws:*:user/*"})", false},
      {R"("ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"})", true},
      {R"("Null":{"aws:TokenIssueTime":"true"})", true},
      {R"("Null":{"aws:username":"true"})", false},
      {R"("Null":{"aws:username":false})", true},
      {R"("ForAllValues:StringEquals":{"aws:TagKeys":["Stage","Owner","Name"]})", true},
      {R"("ForAllValues:StringEquals":{"aws:TagKeys":["Stage"]})", false},
      {R"("ForAllValues:StringEquals":{"aws:Referer":["Stage"]})", true},
      {R"("ForAnyValue:StringEquals":{"aws:TagKeys":["Stage","Name"]})", true},
      {R"("ForAnyValue:StringEquals":{"aws:TagKeys":"Name"})", false},
      {R"("ForAnyValue:StringEquals":{"aws:Referer":"Name"})", false},
      {R"("ForAllValues:StringNotEquals":{"aws:TagKeys":"Name"})", true},
      {R"("ForAnyValue:StringLike":{"aws:TagKeys":"Own*"})", true},
      // Every test of every operator must hold.
      {R"("StringEquals":{"aws:username":"ada"},"Bool":{"aws:SecureTransport":"false"})", false},
      {R"("StringEquals":{"aws:username":"ada","aws:RequestTag/Stage":"Prod"})", false},
      {R"("StringEquals":{"aws:username":"ada"},"NumericEquals":{"aws:MultiFactorAuthAge":5})", true},
  };
  for (const Case& c : cases) {
    INFO(c.condition);
    const std::string document =
        Document(absl::StrCat(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{)", c.condition, "}}"));
    CHECK(Judged(document, "ec2:RunInstances", kInstance) == (c.holds ? 'A' : '-'));
  }
}

TEST_CASE("a denial wins over every permission, in whatever order", "[identity]") {
  const std::string allow = R"({"Effect":"Allow","Action":"ec2:*","Resource":"*"})";
  const std::string deny = R"({"Effect":"Deny","Action":"ec2:StopInstances","Resource":"*"})";
  for (const std::string& document : {Document(allow + "," + deny), Document(deny + "," + allow)}) {
    CHECK(Judged(document, "ec2:StopInstances", kInstance) == 'D');
    CHECK(Judged(document, "ec2:StartInstances", kInstance) == 'A');
    CHECK(Judged(document, "iam:CreateUser", kUser) == '-');
  }
  std::vector<std::shared_ptr<const Policy>> both = {
      *Policy::Parse(Document(allow), PolicyKind::kIdentity, PolicyUse::kWrite),
      *Policy::Parse(Document(deny), PolicyKind::kIdentity, PolicyUse::kWrite)};
  CHECK(JudgeAll(both, "ec2:StopInstances", "*", {}) == Verdict::kDeny);
  CHECK(JudgeAll(both, "ec2:StartInstances", "*", {}) == Verdict::kAllow);
  CHECK(JudgeAll({}, "ec2:StartInstances", "*", {}) == Verdict::kNone);
}

TEST_CASE("the old Version, which is that of policies without one, has no variables", "[identity]") {
  for (const std::string& version : {std::string(), std::string(R"("Version":"2008-10-17",)")}) {
    const std::string document =
        "{" + version +
        R"("Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:iam::*:user/${aws:username}"}})";
    CHECK(Judged(document, "iam:GetUser", kUser) == '-');
    CHECK(Judged(document, "iam:GetUser", "arn:aws:iam::1:user/${aws:username}") == 'A');
  }
}

TEST_CASE("a policy that is not understood in all its parts is refused, with the place", "[identity]") {
  const std::string good = R"("Effect":"Allow","Action":"*","Resource":"*")";
  const std::string cases[] = {
      "",
      "[]",
      "{",
      "{}",
      "null",
      "\"x\"",
      R"({"Version":"2012-10-17"})",
      R"({"Version":"2012-10-17","Statement":[]})",
      R"({"Version":"2020-01-01","Statement":{)" + good + "}}",
      R"({"Version":1,"Statement":{)" + good + "}}",
      R"({"Extra":1,"Statement":{)" + good + "}}",
      R"({"Statement":{)" + good + R"(},"Statement":{)" + good + "}}",
      "{\"Statement\":" + std::string(5000, '[') + std::string(5000, ']') + "}",
      "{\"Statement\":{" + good + ",\"Sid\":\"\xff\"}}",
      Document("1"),
      Document("{}"),
      Document(R"({"Effect":"allow","Action":"*","Resource":"*"})"),
      Document(R"({"Action":"*","Resource":"*"})"),
      Document(R"({"Effect":"Allow","Resource":"*"})"),
      Document(R"({"Effect":"Allow","Action":"*"})"),
      Document(R"({"Effect":"Allow","Action":[],"Resource":"*"})"),
      Document(R"({"Effect":"Allow","Action":[1],"Resource":"*"})"),
      Document(R"({"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"})"),
      Document(R"({"Effect":"Allow","Action":"*","Resource":"*","NotResource":"*"})"),
      Document(R"({"Effect":"Allow","Action":"RunInstances","Resource":"*"})"),
      Document(R"({"Effect":"Allow","Action":"ec2:","Resource":"*"})"),
      Document(R"({"Effect":"Allow","Action":"ec2:Run Instances","Resource":"*"})"),
      Document(R"({"Effect":"Allow","Action":"*","Resource":"instance/i-1"})"),
      Document(R"({"Effect":"Allow","Action":"*","Resource":""})"),
      Document(R"({"Effect":"Allow","Action":"*","Resource":"arn:aws:iam::*:user/${aws:username"})"),
      Document("{" + good + R"(,"Principal":"*"})"),
      Document("{" + good + R"(,"Sid":"no blanks"})"),
      Document("{" + good + R"(,"Sid":"a"},{)" + good + R"(,"Sid":"a"})"),
      Document("{" + good + R"(,"Condition":[]})"),
      Document("{" + good + R"(,"Condition":{"StringSame":{"aws:username":"a"}}})"),
      Document("{" + good + R"(,"Condition":{"NullIfExists":{"aws:username":"true"}}})"),
      Document("{" + good + R"(,"Condition":{"StringEquals":{"username":"a"}}})"),
      Document("{" + good + R"(,"Condition":{"StringEquals":{"aws:username":[]}}})"),
      Document("{" + good + R"(,"Condition":{"StringEquals":{"aws:username":{}}}})"),
      Document("{" + good + R"(,"Condition":{"StringEquals":"ada"}})"),
      Document("{" + good + R"(,"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/33"}}})"),
      Document("{" + good + R"(,"Condition":{"IpAddress":{"aws:SourceIp":"home"}}})"),
      Document("{" + good + R"(,"Condition":{"Bool":{"aws:SecureTransport":"yes"}}})"),
      Document("{" + good + R"(,"Condition":{"NumericEquals":{"aws:MultiFactorAuthAge":"many"}}})"),
      Document("{" + good + R"(,"Condition":{"DateLessThan":{"aws:CurrentTime":"soon"}}})"),
      Document("{" + good + R"(,"Condition":{"ArnLike":{"aws:PrincipalArn":"ada"}}})"),
  };
  for (const std::string& document : cases) CHECK(Malformed(document) != "");
  const std::string second = Malformed(Document("{" + good + R"(},{"Effect":"Maybe","Action":"*","Resource":"*"})"));
  CHECK(absl::StartsWith(second, "Statement 2: Effect"));
}

TEST_CASE("a policy is written in characters up to U+00FF, without a byte order mark", "[identity]") {
  const auto code = [](const std::string& document, PolicyUse use = PolicyUse::kWrite) {
    const absl::Status status = Policy::Parse(document, PolicyKind::kIdentity, use).status();
    return status.ok() ? "" : ec2::ErrorCode(status);
  };
  const auto named = [](const std::string& name) {
    return Document(R"({"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::)" + name + R"("})");
  };
  CHECK(code(named("\u00e9\u00ff")) == "");
  CHECK(code("\r\n\t" + named("a")) == "");
  for (const char* name : {"\u0100", "\u4e2d", "\U0001f600"}) CHECK(code(named(name)) == "ValidationError");
  CHECK(code("\xef\xbb\xbf" + named("a")) == "ValidationError");
  CHECK(code(named("a\x01")) == "ValidationError");
  CHECK(code(named("\xff")) == "MalformedPolicyDocument");
  // As JSON writes them they are no such characters.
  CHECK(code(named("\\u4e2d")) == "");
  // An earlier version kept it.
  CHECK(code(named("\u4e2d"), PolicyUse::kJudge) == "");
}

TEST_CASE("a resource that no ARN can ever match is refused where the policy is written, and judged where it is kept",
          "[identity]") {
  const auto deny = [](const std::string& arn, const char* element = "Resource") {
    return Document(absl::StrCat(R"({"Effect":"Deny","Action":"*",")", element, R"(":")", arn, R"("})"));
  };
  const struct {
    std::string arn, message;
  } refused[] = {
      {"arn:awss:ec2:*:*:instance/*", R"(Partition "awss" is not valid for resource "arn:awss:ec2:*:*:instance/*".)"},
      {"arn:aws-cn:s3:::b", R"(Partition "aws-cn" is not valid for resource "arn:aws-cn:s3:::b".)"},
      {"arn::ec2:*", R"(Partition "" is not valid for resource "arn::ec2:*".)"},
      {"arn:${aws:username}:s3:::b", ""},
      {"arn:aws:iam:us-east-1:123456789012:user/x",
       "IAM resource arn:aws:iam:us-east-1:123456789012:user/x cannot contain region information."},
      {"arn:aws:iam:us-*:*:user/x", "IAM resource arn:aws:iam:us-*:*:user/x cannot contain region information."},
  };
  for (const auto& [arn, message] : refused) {
    for (const char* element : {"Resource", "NotResource"}) {
      const std::string told = Malformed(deny(arn, element));
      CHECK((message.empty() || told == message));
    }
    const auto endpoint =
        Document(absl::StrCat(R"({"Effect":"Deny","Principal":"*","Action":"*","Resource":")", arn, R"("})"));
    CHECK(Malformed(endpoint, PolicyKind::kEndpoint) != "");
    // An earlier version kept it.
    CHECK(Policy::Parse(endpoint, PolicyKind::kEndpoint, PolicyUse::kJudge).ok());
  }
  for (const char* arn : {"arn:*:ec2:*:*:instance/*", "arn:aws*:iam::*:user/x", "arn:a?s:iam:*:*:user/x", "arn:aws",
                          "arn:aws:iam", "arn:aws:s3:::${aws:username}", "arn:aws:*:us-east-1:*:*"}) {
    INFO(arn);
    CHECK(Policy::Parse(deny(arn), PolicyKind::kIdentity, PolicyUse::kWrite).ok());
  }
}

TEST_CASE("a trust policy names who may take on the role", "[identity]") {
  const auto judge = [](const std::string& principal, const TrustQuestion& question) {
    const auto policy =
        Policy::Parse(Document(R"({"Effect":"Allow","Action":"sts:AssumeRole","Principal":)" + principal + "}"),
                      PolicyKind::kTrust, PolicyUse::kWrite);
    INFO(policy.status().ToString());
    REQUIRE(policy.ok());
    return (*policy)->JudgeTrust(question) == Verdict::kAllow;
  };
  const TrustQuestion ada{
      .action = "sts:AssumeRole", .arns = {kUser}, .account_id = "123456789012", .service = "", .context = {}};
  const TrustQuestion ec2{
      .action = "sts:AssumeRole", .arns = {}, .account_id = "", .service = "ec2.amazonaws.com", .context = {}};
  CHECK(judge(R"({"AWS":"arn:aws:iam::123456789012:user/ada"})", ada));
  CHECK_FALSE(judge(R"({"AWS":"arn:aws:iam::123456789012:user/bob"})", ada));
  CHECK(judge(R"({"AWS":"arn:aws:iam::123456789012:root"})", ada));
  CHECK(judge(R"({"AWS":["210987654321","123456789012"]})", ada));
  CHECK(judge(R"("*")", ada));
  CHECK_FALSE(judge(R"({"Service":"ec2.amazonaws.com"})", ada));
  CHECK(judge(R"({"Service":["ec2.amazonaws.com"]})", ec2));
  CHECK_FALSE(judge(R"({"Service":"lambda.amazonaws.com"})", ec2));
  CHECK_FALSE(judge(R"({"AWS":"*"})", ec2));
  const std::string good = R"({"Effect":"Allow","Action":"sts:AssumeRole")";
  for (const std::string& statement :
       {good + "}", good + R"(,"Principal":"ada"})", good + R"(,"Principal":{"AWS":"ada"}})",
        good + R"(,"Principal":{"AWS":"arn:aws:iam::123456789012:user/*"}})", good + R"(,"Principal":{"Robot":"x"}})",
        good + R"(,"Principal":"*","Resource":"*"})", good + R"(,"NotPrincipal":{"AWS":"123456789012"}})",
        good + R"(,"Principal":"*","NotPrincipal":{"AWS":"123456789012"}})"}) {
    CHECK(Malformed(Document(statement), PolicyKind::kTrust) != "");
  }
}

TEST_CASE("a trust policy that no call of STS could meet is refused with IAM's words", "[identity]") {
  const auto statement = [](const std::string& action, const std::string& principal) {
    return Document(R"({"Effect":"Allow","Action":)" + action + R"(,"Principal":)" + principal + "}");
  };
  for (const char* action : {R"("ec2:RunInstances")", R"("*")", R"(["sts:AssumeRole","iam:PassRole"])",
                             R"("sts:GetCallerIdentity")", R"("s3:*")"}) {
    CHECK(Malformed(statement(action, R"("*")"), PolicyKind::kTrust) ==
          "AssumeRole policy may only specify STS AssumeRole actions.");
  }
  for (const char* action : {R"("sts:*")", R"("sts:AssumeRole*")", R"(["sts:AssumeRole","sts:TagSession"])",
                             R"("STS:assumerolewithsaml")", R"("sts:SetSourceIdentity")"}) {
    CHECK(Policy::Parse(statement(action, R"("*")"), PolicyKind::kTrust, PolicyUse::kWrite).ok());
  }
  const std::string take = R"("sts:AssumeRole")";
  for (const char* service : {"ec2", "ec2.amazonaws.org", "EC2.amazonaws.com", ".amazonaws.com", "*"}) {
    const std::string document = statement(take, absl::StrCat(R"({"Service":")", service, R"("})"));
    CHECK(Malformed(document, PolicyKind::kTrust) ==
          absl::StrCat(R"(Invalid principal in policy: "SERVICE":")", service, "\""));
    // An earlier version kept it.
    CHECK(Policy::Parse(document, PolicyKind::kTrust, PolicyUse::kJudge).ok());
  }
  for (const char* name :
       {"ada", "arn:aws:iam::123456789012:group/g", "arn:aws:iam::123456789012:user/*", "arn:aws:iam::1:user/ada",
        "arn:aws:sts::123456789012:assumed-role/web", "arn:aws:s3:::b", "AIDAAAAAAAAAAAAAAAAAA"}) {
    CHECK(Malformed(statement(take, absl::StrCat(R"({"AWS":")", name, R"("})")), PolicyKind::kTrust) ==
          absl::StrCat(R"(Invalid principal in policy: "AWS":")", name, "\""));
  }
  for (const char* principal :
       {R"({"Service":["ec2.amazonaws.com","ssm.amazon.com","ops.apigateway.amazonaws.com"]})",
        R"({"AWS":["arn:aws:sts::123456789012:assumed-role/web/s","arn:aws:iam::123456789012:role/ci/web"]})",
        R"({"Federated":"cognito-identity.amazonaws.com"})",
        R"({"Federated":["arn:aws:iam::123456789012:saml-provider/corp"],"AWS":"*"})"}) {
    INFO(principal);
    CHECK(Policy::Parse(statement(take, principal), PolicyKind::kTrust, PolicyUse::kWrite).ok());
  }
}

TEST_CASE("a denial with NotPrincipal spares whom it names and no other of their account", "[identity]") {
  const auto judge = [](const std::string& spared, const std::vector<std::string>& arns) {
    const auto policy = Policy::Parse(
        Document(absl::StrCat(R"({"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"123456789012"}},)",
                              R"({"Effect":"Deny","Action":"sts:AssumeRole","NotPrincipal":)", spared, "}")),
        PolicyKind::kTrust, PolicyUse::kWrite);
    REQUIRE(policy.ok());
    return (*policy)->JudgeTrust(
        {.action = "sts:AssumeRole", .arns = arns, .account_id = "123456789012", .service = "", .context = {}});
  };
  const std::string root = "arn:aws:iam::123456789012:root",
                    spared = absl::StrCat(R"({"AWS":[")", kUser, "\",\"", root, "\"]}");
  CHECK(judge(spared, {kUser}) == Verdict::kAllow);
  CHECK(judge(spared, {root}) == Verdict::kAllow);
  CHECK(judge(spared, {"arn:aws:iam::123456789012:user/bob"}) == Verdict::kDeny);
  CHECK(judge(R"({"Service":"ec2.amazonaws.com"})", {kUser}) == Verdict::kDeny);
  CHECK(judge(R"({"Federated":"www.amazon.com"})", {kUser}) == Verdict::kDeny);
}

TEST_CASE("wildcards that could match in ever so many ways are matched in bounded time", "[identity]") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  const std::string text(20000, 'a');
  const auto parsed = PolicyPattern::Parse(pattern + "b", {});
  REQUIRE(parsed.ok());
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(parsed->Matches(text, {}));
  CHECK(parsed->Matches(text + "b", {}));
  // Steps by the thousand million would take minutes at least; these are by the ten million.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("white space does not count against the size of a policy", "[identity]") {
  CHECK(PolicySize("{ \"a\" :\n\t\"é\" }") == 9);
}

TEST_CASE("a condition key that AWS does not have is refused where the policy is written, and named", "[identity]") {
  const auto with = [](const std::string& effect, const std::string& rest) {
    return Document(R"({"Effect":")" + effect + R"(","Action":"ec2:*",)" + rest + "}");
  };
  const auto by = [&](const std::string& key, const std::string& effect = "Deny") {
    return with(effect, R"("Resource":"*","Condition":{"StringEquals":{")" + key + R"(":"prod"}})");
  };
  for (const char* key : {"ec2:ResourceTags/env", "ec2:Resourcetag", "aws:ResourceTag", "aws:RequestTag/",
                          "aws:UserName2", "ec2:InstancType", "autoscaling:Max", "made:up"}) {
    CHECK_THAT(Malformed(by(key)), Catch::Contains(absl::AsciiStrToLower(key)));
  }
  CHECK_THAT(Malformed(with("Deny", R"("Resource":"arn:aws:ec2:*:*:instance/${aws:nobody}")")),
             Catch::Contains("aws:nobody"));
  for (const char* key :
       {"ec2:ResourceTag/env", "EC2:RESOURCETAG/Env", "aws:ResourceTag/a/b", "aws:TagKeys", "ec2:Attribute",
        "ec2:Attribute/UserData", "s3:prefix", "token.actions.githubusercontent.com:sub"}) {
    CHECK(Judged(by(key), "ec2:StopInstances", kInstance) == '-');
  }
  // One that was kept by a version that took it fails closed.
  const auto judged = [](const std::string& document) {
    return (*Policy::Parse(document, PolicyKind::kIdentity, PolicyUse::kJudge))
        ->Judge("ec2:StopInstances", kInstance, {});
  };
  CHECK(judged(by("ec2:ResourceTags/env")) == Verdict::kDeny);
  CHECK(judged(by("ec2:ResourceTags/env", "Allow")) == Verdict::kNone);
  CHECK(judged(with("Deny", R"("Resource":"arn:aws:ec2:*:*:instance/${aws:nobody}")")) == Verdict::kDeny);
  CHECK(judged(with("Allow", R"("Resource":"*","Condition":{"StringNotEquals":{"made:up":"a"}})")) == Verdict::kNone);
}

}  // namespace brume::iam
