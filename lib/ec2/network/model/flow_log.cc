#include "lib/ec2/network/model/flow_log.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/base/status_macros.h"
#include "lib/resource/ec2_error.h"

namespace brume {

absl::StatusOr<std::vector<FlowField>> ParseFlowFormat(absl::string_view format) {
  std::vector<FlowField> fields;
  for (const absl::string_view word : absl::StrSplit(format, ' ', absl::SkipEmpty())) {
    absl::string_view name = word;
    const bool braced = absl::ConsumePrefix(&name, "${") && absl::ConsumeSuffix(&name, "}");
    const std::optional<FlowField> field = braced ? kFlowFieldNames.Find(name) : std::nullopt;
    if (!field.has_value()) {
      return ec2::Error("InvalidParameterValue",
                        absl::StrCat("Unknown field in LogFormat: '", word.substr(0, 64),
                                     "'. The fields are those of version 2, each as ${NAME}: ",
                                     absl::StrReplaceAll(kDefaultFlowFormat, {{"${", ""}, {"}", ""}})));
    }
    fields.push_back(*field);
  }
  if (fields.empty()) return ec2::Error("InvalidParameterValue", "LogFormat names no field");
  return fields;
}

std::string FlowHeader(absl::string_view format) {
  return absl::StrJoin(absl::StrSplit(absl::StrReplaceAll(format, {{"${", ""}, {"}", ""}}), ' ', absl::SkipEmpty()),
                       " ");
}

}  // namespace brume
