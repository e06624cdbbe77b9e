// JMESPath, the language of --query: https://jmespath.org/specification.html, the whole of it. Where the specification
// leaves room it is as the Python implementation, which the aws command line has: strings are ordered as numbers are,
// and a literal that is no JSON is a string.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

struct JmesNode;

class JmesPath {
 public:
  // InvalidArgument, with the place: what does not parse, names no function, or gives one too few or many arguments.
  static absl::StatusOr<JmesPath> Parse(absl::string_view expression);

  // FailedPrecondition: a function got a value of a type it does not take, or a slice has a step of 0.
  absl::StatusOr<nlohmann::ordered_json> Search(const nlohmann::ordered_json& value) const;

 private:
  explicit JmesPath(std::shared_ptr<const JmesNode> root) : root_(std::move(root)) {}

  std::shared_ptr<const JmesNode> root_;
};

}  // namespace brume::cli
