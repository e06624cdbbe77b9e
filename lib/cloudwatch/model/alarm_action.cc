#include "lib/cloudwatch/model/alarm_action.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::alarm {
namespace {

absl::Status Refused(absl::string_view action, absl::string_view why) {
  return ec2::Error("ValidationError",
                    absl::StrCat("The action '", absl::CHexEscape(action.substr(0, 200)), "' is not valid: ", why));
}

bool IsWebhook(absl::string_view action) {
  return absl::StartsWith(action, "http://") || absl::StartsWith(action, "https://");
}

// A path that a server could take for another one: "." and ".." as they stand or percent-encoded.
bool HasDots(absl::string_view path) {
  const std::string plain =
      absl::StrReplaceAll(absl::AsciiStrToLower(path), {{"%2e", "."}, {"%2f", "/"}, {"%5c", "/"}, {"\\", "/"}});
  const std::vector<absl::string_view> segments = absl::StrSplit(plain, '/');
  return std::any_of(segments.begin(), segments.end(),
                     [](absl::string_view segment) { return segment == "." || segment == ".."; });
}

bool IsHostName(absl::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
}

bool IsIpv6(absl::string_view host) {
  return host.size() >= 2 && host.find_first_not_of("0123456789abcdefABCDEF:.") == absl::string_view::npos;
}

bool IsBelow(absl::string_view target, absl::string_view prefix) {
  if (!absl::StartsWith(target, prefix)) return false;
  if (absl::EndsWith(prefix, "/") || target.size() == prefix.size()) return true;
  const char next = target[prefix.size()];
  return next == '/' || next == '?';
}

// How an instance is told, by EC2's own actions and by the workflows before them.
struct InstanceVerb {
  absl::string_view automate, swf;
  ActionKind kind;
};
constexpr InstanceVerb kInstanceVerbs[] = {
    {"stop", "action/actions/AWS_EC2.InstanceId.Stop/1.0", ActionKind::kStop},
    {"terminate", "action/actions/AWS_EC2.InstanceId.Terminate/1.0", ActionKind::kTerminate},
    {"reboot", "action/actions/AWS_EC2.InstanceId.Reboot/1.0", ActionKind::kReboot},
    {"recover", "action/actions/AWS_EC2.InstanceId.Recover/1.0", ActionKind::kRecover},
};

bool IsAccount(absl::string_view text) {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool IsRegion(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

// Letters, digits, - and _, and of `more`.
bool IsNamed(absl::string_view text, absl::string_view more = "", size_t max = 256) {
  return !text.empty() && text.size() <= max && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || absl::StrContains(more, absl::string_view(&c, 1));
  });
}

bool IsTopic(absl::string_view resource) {
  absl::ConsumeSuffix(&resource, ".fifo");
  return IsNamed(resource);
}
// function:NAME, and a version or an alias.
bool IsFunction(absl::string_view resource) {
  if (!absl::ConsumePrefix(&resource, "function:")) return false;
  const std::vector<absl::string_view> parts = absl::StrSplit(resource, ':');
  return parts.size() <= 2 && IsNamed(parts.front()) && (parts.size() == 1 || IsNamed(parts.back(), "$"));
}
// opsitem:SEVERITY, and a category.
bool IsOpsItem(absl::string_view resource) {
  if (!absl::ConsumePrefix(&resource, "opsitem:")) return false;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(resource, absl::MaxSplits("#CATEGORY=", 1));
  const bool severity = parts.first.size() == 1 && parts.first.front() >= '1' && parts.first.front() <= '4';
  return severity && (!absl::StrContains(resource, '#') || IsNamed(parts.second));
}
bool IsResponsePlan(absl::string_view resource) {
  return absl::ConsumePrefix(&resource, "response-plan/") && IsNamed(resource);
}
bool IsInvestigation(absl::string_view resource) {
  return absl::ConsumePrefix(&resource, "investigation-group") &&
         (absl::ConsumePrefix(&resource, ":") || absl::ConsumePrefix(&resource, "/")) && IsNamed(resource);
}

// Services that CloudWatch tells and that are not here.
struct Elsewhere {
  absl::string_view service, form;
  bool (*names)(absl::string_view resource);
  bool regional = true;
};
constexpr Elsewhere kElsewhere[] = {
    {"sns", "arn:aws:sns:REGION:ACCOUNT:TOPIC", IsTopic},
    {"lambda", "arn:aws:lambda:REGION:ACCOUNT:function:NAME", IsFunction},
    {"ssm", "arn:aws:ssm:REGION:ACCOUNT:opsitem:SEVERITY#CATEGORY=CATEGORY, the severity from 1 to 4", IsOpsItem},
    {"ssm-incidents", "arn:aws:ssm-incidents::ACCOUNT:response-plan/NAME", IsResponsePlan, false},
    {"aiops", "arn:aws:aiops:REGION:ACCOUNT:investigation-group:ID", IsInvestigation},
};

absl::StatusOr<ActionKind> ParseSwf(absl::string_view action, const Arn& arn) {
  for (const InstanceVerb& verb : kInstanceVerbs) {
    if (arn.resource == verb.swf && IsRegion(arn.region) && IsAccount(arn.account)) return verb.kind;
  }
  return Refused(action,
                 "an ARN of swf is arn:aws:swf:REGION:ACCOUNT:action/actions/AWS_EC2.InstanceId.Stop/1.0, or "
                 "the same of Terminate, Reboot or Recover");
}

}  // namespace

absl::StatusOr<ActionKind> ParseAction(absl::string_view action) {
  if (IsWebhook(action)) {
    const absl::StatusOr<Url> url = ParseUrl(action);
    if (!url.ok()) return Refused(action, url.status().message());
    return ActionKind::kWebhook;
  }
  const std::optional<Arn> arn = Arn::Parse(action);
  if (!arn.has_value() || arn->partition != "aws") return Refused(action, "it must be an ARN or a URL");
  if (arn->service == "automate" && arn->account == "ec2") {
    for (const InstanceVerb& verb : kInstanceVerbs) {
      if (arn->resource == verb.automate) return verb.kind;
    }
    return Refused(action, "an instance can be told to stop, terminate, reboot or recover");
  }
  if (arn->service == "swf") return ParseSwf(action, *arn);
  if (arn->service == "autoscaling" && absl::StartsWith(arn->resource, "scalingPolicy:")) {
    return ActionKind::kScalingPolicy;
  }
  for (const Elsewhere& each : kElsewhere) {
    if (arn->service != each.service) continue;
    const bool region = each.regional ? IsRegion(arn->region) : arn->region.empty();
    if (region && IsAccount(arn->account) && each.names(arn->resource)) return ActionKind::kUndelivered;
    return Refused(action, absl::StrCat("an ARN of ", each.service, " is ", each.form));
  }
  return Refused(action,
                 "an alarm acts on its instance (arn:aws:automate:REGION:ec2:stop), by a scaling policy, or by a "
                 "webhook; what names SNS, Lambda, SSM, SSM Incident Manager or AIOps is kept and not delivered");
}

bool IsOnInstance(ActionKind kind) {
  return kind != ActionKind::kScalingPolicy && kind != ActionKind::kWebhook && kind != ActionKind::kUndelivered;
}

std::string Url::authority() const {
  const std::string shown = absl::StrContains(host, ':') ? absl::StrCat("[", host, "]") : host;
  return port == (tls ? "443" : "80") ? shown : absl::StrCat(shown, ":", port);
}

absl::StatusOr<Url> ParseUrl(absl::string_view text) {
  constexpr size_t kMaxBytes = 1024;
  Url url;
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "https://")) {
    url.tls = true;
  } else if (!absl::ConsumePrefix(&rest, "http://")) {
    return absl::InvalidArgumentError("a URL begins with http:// or https://");
  }
  if (text.size() > kMaxBytes) return absl::InvalidArgumentError("the URL is longer than 1024 bytes");
  if (std::any_of(text.begin(), text.end(), [](char c) { return !absl::ascii_isgraph(c); })) {
    return absl::InvalidArgumentError("a URL has printable ASCII characters only; others are percent-encoded");
  }
  if (text.find_first_of("#\"<>\\^`{|}") != absl::string_view::npos) {
    return absl::InvalidArgumentError("the URL has a fragment or a character that must be percent-encoded");
  }
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  absl::string_view authority = rest.substr(0, end);
  url.target = std::string(rest.substr(end));
  if (!absl::StartsWith(url.target, "/")) url.target = absl::StrCat("/", url.target);
  if (absl::StrContains(authority, '@')) return absl::InvalidArgumentError("the URL names a user; none is sent");
  if (absl::ConsumePrefix(&authority, "[")) {
    const size_t close = authority.find(']');
    if (close == absl::string_view::npos || !IsIpv6(authority.substr(0, close))) {
      return absl::InvalidArgumentError("the URL has no valid address in its brackets");
    }
    url.host = absl::AsciiStrToLower(authority.substr(0, close));
    authority.remove_prefix(close + 1);
  } else {
    const size_t colon = std::min(authority.find(':'), authority.size());
    url.host = absl::AsciiStrToLower(authority.substr(0, colon));
    authority.remove_prefix(colon);
    if (!IsHostName(url.host)) return absl::InvalidArgumentError("the URL has no valid host");
  }
  int port = url.tls ? 443 : 80;
  if (absl::ConsumePrefix(&authority, ":")) {
    const bool digits = authority.find_first_not_of("0123456789") == absl::string_view::npos;
    if (!digits || !absl::SimpleAtoi(authority, &port) || port < 1 || port > 65535) {
      return absl::InvalidArgumentError("the URL has no valid port");
    }
  } else if (!authority.empty()) {
    return absl::InvalidArgumentError("the URL has no valid host");
  }
  url.port = absl::StrCat(port);
  if (HasDots(absl::string_view(url.target).substr(0, url.target.find('?')))) {
    return absl::InvalidArgumentError("the URL's path has . or .. in it");
  }
  return url;
}

bool IsAllowed(const Url& url, absl::Span<const std::string> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& text) {
    const absl::StatusOr<Url> prefix = ParseUrl(text);
    return prefix.ok() && prefix->tls == url.tls && prefix->host == url.host && prefix->port == url.port &&
           IsBelow(url.target, prefix->target);
  });
}

}  // namespace brume::alarm
