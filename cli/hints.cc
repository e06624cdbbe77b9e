#include "cli/hints.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/filter_names.h"
#include "cli/jmespath.h"
#include "cli/output_json.h"
#include "cli/spelling.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Somebody waits for an error.
constexpr absl::Duration kHintPatience = absl::Seconds(2);

// Where the values of a field are listed.
struct ValueSource {
  absl::string_view field;  // its name, or that with an s
  const char* action;
  const char* values;
};
constexpr ValueSource kValueSources[] = {
    {"instance_type", "describe-instance-types", "InstanceTypes[].InstanceType"},
    {"key_name", "describe-key-pairs", "KeyPairs[].KeyName"},
    {"image_id", "describe-images", "Images[].[Name, ImageId][]"},
    {"security_group", "describe-security-groups", "SecurityGroups[].GroupName"},
    {"group_name", "describe-security-groups", "SecurityGroups[].GroupName"},
    {"launch_template_name", "describe-launch-templates", "LaunchTemplates[].LaunchTemplateName"},
    {"auto_scaling_group_name", "describe-auto-scaling-groups", "AutoScalingGroups[].AutoScalingGroupName"},
    {"availability_zone", "describe-availability-zones", "AvailabilityZones[].ZoneName"},
    {"user_name", "list-users", "Users[].UserName"},
    {"role_name", "list-roles", "Roles[].RoleName"},
    {"alarm_name", "describe-alarms", "MetricAlarms[].AlarmName"}};

bool IsAboutAValue(const std::string& code) {
  for (const absl::string_view about :
       {"NotFound", "InvalidParameterValue", "InvalidInstanceType", "ValidationError", "Malformed", "Unknown",
        "NoSuchEntity", "InvalidParameterCombination", "InvalidFilter", "InvalidInput", "Unsupported"}) {
    if (absl::StrContains(code, about)) return true;
  }
  return false;
}

struct GivenValue {
  const FieldDescriptor* field;
  std::string value;
};

// The texts of the request.
void CollectValues(const Message& message, std::vector<GivenValue>* values) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const auto* reflection = message.GetReflection();
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->message_type() != nullptr) {
        CollectValues(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                           : reflection->GetMessage(message, field),
                      values);
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        values->push_back({field, field->is_repeated() ? reflection->GetRepeatedString(message, field, i)
                                                       : reflection->GetString(message, field)});
      }
    }
  }
}

std::vector<std::string> Listed(const Schema& schema, Client& client, const ValueSource& source) {
  std::vector<std::string> values;
  const ApiAction* action = schema.FindAction(source.action);
  const auto path = JmesPath::Parse(source.values);
  if (action == nullptr || !path.ok()) return values;
  const auto request = schema.NewMessage(action->method->input_type());
  const auto response = schema.NewMessage(action->method->output_type());
  // The error is told either way.
  if (!client.Call(*action->method, *request, response.get(), kHintPatience).ok()) return values;
  const auto found = path->Search(ToJson(*response));
  if (!found.ok() || !found->is_array()) return values;
  for (const auto& value : *found) {
    if (value.is_string()) values.push_back(value.get<std::string>());
  }
  return values;
}

bool NamesField(const ValueSource& source, absl::string_view field) {
  return field == source.field || field == absl::StrCat(source.field, "s");
}

std::string HintFor(const Schema& schema, Client& client, const ApiAction& action, const GivenValue& given) {
  if (given.field->name() == "name" && given.field->containing_type()->name() == "Filter") {
    std::vector<std::string> names;
    for (const FilterName& filter : FilterNamesOf(action)) names.push_back(filter.name);
    const bool known =
        absl::StartsWith(given.value, "tag:") || std::find(names.begin(), names.end(), given.value) != names.end();
    if (known || names.empty()) return "";
    return absl::StrCat(DidYouMean(given.value, names), " The filters of ", action.name, ": ",
                        absl::StrJoin(names, ", "));
  }
  const std::vector<std::string> fixed = TraitsOf(*given.field).one_of;
  if (!fixed.empty()) return DidYouMean(given.value, fixed);
  for (const ValueSource& source : kValueSources) {
    if (!NamesField(source, given.field->name())) continue;
    const std::vector<std::string> values = Listed(schema, client, source);
    // One that exists is not what is wrong.
    if (std::find(values.begin(), values.end(), given.value) != values.end()) return "";
    return DidYouMean(given.value, values);
  }
  return "";
}

}  // namespace

absl::Status WithHint(const Schema& schema, Client& client, const ApiAction& action, const Message& request,
                      absl::Status error) {
  const std::string code = ApiErrorCode(error);
  if (!IsAboutAValue(code)) return error;
  std::vector<GivenValue> values;
  CollectValues(request, &values);
  for (const GivenValue& given : values) {
    if (given.value.size() < 2 || !absl::StrContains(error.message(), given.value)) continue;
    const std::string hint = HintFor(schema, client, action, given);
    if (!hint.empty()) return ApiError(code, absl::StrCat(error.message(), hint));
  }
  return error;
}

}  // namespace brume::cli
