// The syntax tree of JMESPath.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace brume::cli {

struct JmesNode {
  enum class Kind {
    kCurrent,          // @, and where nothing stands
    kField,            // name
    kIndex,            // number
    kSlice,            // slice
    kLiteral,          // literal
    kChain,            // children one after another: a.b, a[0], a | b
    kProjection,       // of the list children[0], children[1] of each
    kValueProjection,  // the same of the values of an object
    kFilter,           // a projection of those elements of which children[2] holds
    kFlatten,
    kComparison,  // name is "<", "==", …
    kOr,
    kAnd,
    kNot,
    kList,        // [a, b]
    kObject,      // {names[i]: children[i]}
    kCall,        // function `name`
    kExpression,  // &a
  };

  Kind kind = Kind::kCurrent;
  std::string name = {};
  int64_t number = 0;
  std::optional<int64_t> slice[3] = {};
  nlohmann::ordered_json literal = {};
  std::vector<std::string> names = {};
  std::vector<std::shared_ptr<const JmesNode>> children = {};
};
using JmesTree = std::shared_ptr<const JmesNode>;

// InvalidArgument names the place.
absl::StatusOr<JmesTree> ParseJmesPath(absl::string_view expression);

}  // namespace brume::cli
