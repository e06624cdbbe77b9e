// The functions of JMESPath.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace brume::cli {

// An argument: a value, or for &expression what it makes of one.
struct JmesArgument {
  nlohmann::ordered_json value = {};
  std::function<absl::StatusOr<nlohmann::ordered_json>(const nlohmann::ordered_json&)> expression = {};
};

// InvalidArgument where there is no such function, or it takes another number of arguments.
absl::Status CheckJmesCall(const std::string& name, size_t arguments);

// FailedPrecondition where an argument is of a type that the function does not take.
absl::StatusOr<nlohmann::ordered_json> CallJmesFunction(const std::string& name,
                                                        const std::vector<JmesArgument>& arguments);

// As the language compares: numbers by value, objects in any order, nothing with another type.
bool JmesEqual(const nlohmann::ordered_json& a, const nlohmann::ordered_json& b);

}  // namespace brume::cli
