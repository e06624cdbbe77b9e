#include "cli/customisations.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ids.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

const FieldDescriptor* Field(const Message& message, const char* name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

bool Has(const Message& message, const char* name) {
  const FieldDescriptor* field = Field(message, name);
  if (field == nullptr) return false;
  return field->is_repeated() ? message.GetReflection()->FieldSize(message, field) > 0
                              : message.GetReflection()->HasField(message, field);
}

void SetNumber(Message* message, const char* name, int32_t number) {
  message->GetReflection()->SetInt32(message, Field(*message, name), number);
}

void SetText(Message* message, const char* name, const std::string& text) {
  message->GetReflection()->SetString(message, Field(*message, name), text);
}

absl::StatusOr<std::string> Only(const FlagUse& use) {
  if (use.values.size() != 1) return absl::InvalidArgumentError(absl::StrCat(use.spelled, " takes one value"));
  return use.values[0];
}

// --count N or MIN:MAX; 1 where nothing says otherwise.
absl::Status ApplyCount(const FlagUses& uses, Message* request) {
  const auto count = uses.find("count");
  const bool counted = Has(*request, "min_count") || Has(*request, "max_count");
  if (count == uses.end()) {
    if (!counted) {
      SetNumber(request, "min_count", 1);
      SetNumber(request, "max_count", 1);
    }
    return absl::OkStatus();
  }
  if (counted) return absl::InvalidArgumentError("--count excludes --min-count and --max-count");
  ASSIGN_OR_RETURN(std::string text, Only(count->second));
  const std::pair<std::string, std::string> split = absl::StrSplit(text, absl::MaxSplits(':', 1));
  const std::string& max_text = absl::StrContains(text, ":") ? split.second : split.first;
  int32_t min_count = 0, max_count = 0;
  if (!absl::SimpleAtoi(split.first, &min_count) || !absl::SimpleAtoi(max_text, &max_count) || min_count < 1 ||
      max_count < min_count) {
    return absl::InvalidArgumentError(
        absl::StrCat("--count takes N or MIN:MAX with 1 <= MIN <= MAX, not '", Printable(text), "'"));
  }
  SetNumber(request, "min_count", min_count);
  SetNumber(request, "max_count", max_count);
  return absl::OkStatus();
}

// EC2 takes the public address only in a full interface, which must then carry what else describes it.
absl::Status ApplyPublicAddress(const FlagUses& uses, Message* request) {
  const auto use = uses.find("associate-public-ip-address");
  if (use == uses.end()) return absl::OkStatus();
  if (Has(*request, "network_interfaces")) {
    return absl::InvalidArgumentError(
        "--associate-public-ip-address and --network-interfaces exclude each other: give AssociatePublicIpAddress in "
        "--network-interfaces");
  }
  if (Has(*request, "security_groups")) {
    return absl::InvalidArgumentError(
        "--associate-public-ip-address needs security groups by id: use --security-group-ids");
  }
  const Reflection* reflection = request->GetReflection();
  Message* interface = reflection->AddMessage(request, Field(*request, "network_interfaces"));
  const Reflection* inner = interface->GetReflection();
  SetNumber(interface, "device_index", 0);
  inner->SetBool(interface, Field(*interface, "associate_public_ip_address"), !use->second.negated);
  for (const char* moved : {"subnet_id", "private_ip_address"}) {
    if (!Has(*request, moved)) continue;
    SetText(interface, moved, reflection->GetString(*request, Field(*request, moved)));
    reflection->ClearField(request, Field(*request, moved));
  }
  const FieldDescriptor* groups = Field(*request, "security_group_ids");
  for (int i = 0; i < reflection->FieldSize(*request, groups); ++i) {
    inner->AddString(interface, Field(*interface, "groups"), reflection->GetRepeatedString(*request, groups, i));
  }
  reflection->ClearField(request, groups);
  return absl::OkStatus();
}

absl::Status ParsePorts(const std::string& protocol, const std::string& text, int32_t* from, int32_t* to) {
  const bool icmp = protocol == "icmp" || protocol == "1" || protocol == "icmpv6" || protocol == "58";
  if (text == "all" || text == "-1") {
    *from = icmp ? -1 : 0;
    *to = icmp ? -1 : 65535;
    return absl::OkStatus();
  }
  const std::pair<std::string, std::string> split = absl::StrSplit(text, absl::MaxSplits('-', 1));
  const bool range = absl::StrContains(text, "-");
  bool valid = absl::SimpleAtoi(split.first, from) && *from >= 0 && *from <= 65535;
  // A single ICMP number is a type, with any code.
  *to = icmp ? -1 : *from;
  if (range) valid = valid && absl::SimpleAtoi(split.second, to) && *to >= -1 && *to <= 65535;
  if (!valid || (!icmp && *to < *from)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--port takes a port (22), a range (8000-9000) or all, not '", Printable(text), "'"));
  }
  return absl::OkStatus();
}

// --protocol --port --cidr --source-group as one element of IpPermissions.
absl::Status ApplyRule(const FlagUses& uses, Message* request) {
  const auto value = [&](const char* name) -> absl::StatusOr<std::string> {
    const auto use = uses.find(name);
    return use == uses.end() ? std::string() : Only(use->second);
  };
  ASSIGN_OR_RETURN(std::string protocol, value("protocol"));
  ASSIGN_OR_RETURN(std::string port, value("port"));
  ASSIGN_OR_RETURN(std::string cidr, value("cidr"));
  ASSIGN_OR_RETURN(std::string source, value("source-group"));
  ASSIGN_OR_RETURN(std::string owner, value("group-owner"));
  if (protocol.empty() && port.empty() && cidr.empty() && source.empty() && owner.empty()) return absl::OkStatus();
  if (protocol.empty())
    return absl::InvalidArgumentError("--protocol is needed with --port, --cidr and --source-group");
  if (Has(*request, "ip_permissions")) {
    return absl::InvalidArgumentError("--protocol and --ip-permissions exclude each other");
  }
  if (cidr.empty() == source.empty()) {
    return absl::InvalidArgumentError("--protocol needs one of --cidr (such as 0.0.0.0/0) and --source-group");
  }
  if (!owner.empty() && source.empty()) return absl::InvalidArgumentError("--group-owner needs --source-group");
  Message* rule = request->GetReflection()->AddMessage(request, Field(*request, "ip_permissions"));
  const bool all = protocol == "all" || protocol == "-1";
  SetText(rule, "ip_protocol", all ? "-1" : protocol);
  if (!port.empty() && !all) {
    int32_t from = 0, to = 0;
    RETURN_IF_ERROR(ParsePorts(protocol, port, &from, &to));
    SetNumber(rule, "from_port", from);
    SetNumber(rule, "to_port", to);
  }
  if (!cidr.empty()) {
    SetText(rule->GetReflection()->AddMessage(rule, Field(*rule, "ip_ranges")), "cidr_ip", cidr);
    return absl::OkStatus();
  }
  Message* group = rule->GetReflection()->AddMessage(rule, Field(*rule, "user_id_group_pairs"));
  SetText(group, KindOfId(source) == &SecurityGroupId::kKind ? "group_id" : "group_name", source);
  if (!owner.empty()) SetText(group, "user_id", owner);
  return absl::OkStatus();
}

bool HasField(const ApiAction& action, const char* name) {
  return action.method->input_type()->FindFieldByName(name) != nullptr;
}

bool IsRun(const ApiAction& action) { return action.name == "run-instances"; }

bool IsRule(const ApiAction& action) {
  return (absl::StartsWith(action.name, "authorize-security-group-") ||
          absl::StartsWith(action.name, "revoke-security-group-")) &&
         HasField(action, "ip_permissions");
}

}  // namespace

std::vector<CustomFlag> CustomFlagsOf(const ApiAction& action) {
  if (IsRun(action)) {
    std::vector<CustomFlag> flags = {
        {"count", "N|MIN:MAX", "How many instances: --min-count and --max-count in one. Default: 1."}};
    if (HasField(action, "network_interfaces")) {
      flags.push_back({"associate-public-ip-address", "", "Whether the instances get a public address."});
    }
    return flags;
  }
  if (IsRule(action)) {
    return {{"protocol", "PROTOCOL", "One rule: tcp, udp, icmp, all or a protocol number."},
            {"port", "PORTS", "Its ports: 22, 8000-9000 or all; for icmp a type, TYPE-CODE or all."},
            {"cidr", "CIDR", "Its IPv4 range, such as 0.0.0.0/0."},
            {"source-group", "GROUP", "Instead of --cidr: a security group by id or name."},
            {"group-owner", "ACCOUNT", "The account of --source-group."}};
  }
  return {};
}

bool HasDefault(const ApiAction& action, const FieldDescriptor& field) {
  return IsRun(action) && (field.name() == "min_count" || field.name() == "max_count");
}

absl::Status ApplyCustomFlags(const ApiAction& action, const FlagUses& uses, Message* request) {
  if (IsRun(action)) {
    RETURN_IF_ERROR(ApplyCount(uses, request));
    RETURN_IF_ERROR(ApplyPublicAddress(uses, request));
  }
  if (IsRule(action)) RETURN_IF_ERROR(ApplyRule(uses, request));
  return absl::OkStatus();
}

std::vector<std::string> WithPlainArgument(const ApiAction& action, const std::vector<std::string>& tokens) {
  if (action.name != "import-image" || tokens.empty() || tokens[0].empty() || tokens[0][0] == '-') return tokens;
  std::string url = tokens[0];
  if (!absl::StrContains(url, "/") && !absl::StartsWith(url, "catalogue:")) url = absl::StrCat("catalogue:", url);
  // The daemon knows nothing of where its caller stands.
  if (absl::StrContains(url, "/") && url[0] != '/' && !absl::StrContains(url, "://")) {
    url = std::filesystem::absolute(url).lexically_normal();
  }
  std::vector<std::string> meant = {"--disk-containers", nlohmann::json::array({{{"Url", url}}}).dump()};
  meant.insert(meant.end(), tokens.begin() + 1, tokens.end());
  return meant;
}

bool TakesPlainText(const FieldDescriptor& field) { return field.name() == "user_data"; }

void DecodeResponse(const ApiAction& action, Message* response) {
  if (action.api_name != "GetConsoleOutput") return;
  const FieldDescriptor* output = Field(*response, "output");
  if (output == nullptr || output->type() != FieldDescriptor::TYPE_STRING) return;
  std::string text;
  // What is no base64 is shown as it came.
  if (!Base64Decode(response->GetReflection()->GetString(*response, output), &text)) return;
  if (!text.empty()) response->GetReflection()->SetString(response, output, text);
}

}  // namespace brume::cli
