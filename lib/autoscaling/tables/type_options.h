// How tables keep what a mixed group says of single instance types: [type, weight, template, version].
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "lib/autoscaling/model/group.h"
#include "lib/base/status_macros.h"
#include "lib/store/json_text.h"

namespace brume::autoscaling {

// A column of store::Encoded. What a template's version stands for is not kept.
struct TypeOptions {
  using Text = std::tuple<std::string, int, std::string, std::string>;
  using Options = std::map<std::string, scaling::TypeOption>;
  static std::string ToStore(const Options& options) {
    std::vector<Text> texts;
    for (const auto& [type, option] : options) {
      texts.emplace_back(type, option.weight, option.template_id, option.template_version);
    }
    return store::ToJson(texts);
  }
  static absl::Status FromStore(const std::string& text, Options& options) {
    ASSIGN_OR_RETURN(const std::vector<Text> texts, store::FromJson<std::vector<Text>>(text));
    for (const auto& [type, weight, id, version] : texts) {
      options[type] = {.weight = weight, .template_id = id, .template_version = version, .source = {}};
    }
    return absl::OkStatus();
  }
};

}  // namespace brume::autoscaling
