#include "cli/jmespath.h"

#include <algorithm>

#include "cli/jmespath_functions.h"
#include "cli/jmespath_syntax.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

using Value = nlohmann::ordered_json;

absl::StatusOr<Value> Evaluate(const JmesNode& node, const Value& value);

bool Holds(const Value& value) {
  if (value.is_null()) return false;
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  return value.is_number() || !value.empty();
}

Value At(const Value& list, int64_t index) {
  const auto size = static_cast<int64_t>(list.size());
  if (index < 0) index += size;
  if (!list.is_array() || index < 0 || index >= size) return Value();
  return list[static_cast<size_t>(index)];
}

// As Python slices.
absl::StatusOr<Value> Slice(const Value& list, const std::optional<int64_t> (&parts)[3]) {
  if (!list.is_array()) return Value();
  const int64_t step = parts[2].value_or(1);
  if (step == 0) return absl::FailedPreconditionError("a slice cannot have a step of 0");
  const auto size = static_cast<int64_t>(list.size());
  const auto bound = [&](const std::optional<int64_t>& part, int64_t otherwise) {
    if (!part.has_value()) return otherwise;
    const int64_t at = *part < 0 ? *part + size : *part;
    return step > 0 ? std::clamp<int64_t>(at, 0, size) : std::clamp<int64_t>(at, -1, size - 1);
  };
  const int64_t start = bound(parts[0], step > 0 ? 0 : size - 1);
  const int64_t stop = bound(parts[1], step > 0 ? size : -1);
  Value slice = Value::array();
  for (int64_t at = start; step > 0 ? at < stop : at > stop;) {
    slice.push_back(list[static_cast<size_t>(at)]);
    // A step may be larger than any list.
    if (step > 0 ? step >= stop - at : step <= stop - at) break;
    at += step;
  }
  return slice;
}

Value Compare(const std::string& how, const Value& a, const Value& b) {
  if (how == "==") return JmesEqual(a, b);
  if (how == "!=") return !JmesEqual(a, b);
  const bool ordered = (a.is_number() && b.is_number()) || (a.is_string() && b.is_string());
  if (!ordered) return Value();
  if (how == "<") return a < b;
  if (how == "<=") return a <= b;
  return how == ">" ? a > b : a >= b;
}

// `elements`: a list, or for the values of it an object.
absl::StatusOr<Value> Project(const JmesNode& node, const Value& elements) {
  const JmesNode* condition = node.kind == JmesNode::Kind::kFilter ? node.children[2].get() : nullptr;
  Value projected = Value::array();
  for (const Value& element : elements) {
    if (condition != nullptr) {
      ASSIGN_OR_RETURN(const Value chosen, Evaluate(*condition, element));
      if (!Holds(chosen)) continue;
    }
    ASSIGN_OR_RETURN(Value made, Evaluate(*node.children[1], element));
    if (!made.is_null()) projected.push_back(std::move(made));
  }
  return projected;
}

Value FlattenList(const Value& list) {
  if (!list.is_array()) return Value();
  Value flat = Value::array();
  for (const Value& element : list) {
    if (element.is_array()) {
      flat.insert(flat.end(), element.begin(), element.end());
    } else {
      flat.push_back(element);
    }
  }
  return flat;
}

absl::StatusOr<Value> CallFunction(const JmesNode& node, const Value& value) {
  std::vector<JmesArgument> arguments;
  for (const JmesTree& child : node.children) {
    JmesArgument argument;
    if (child->kind == JmesNode::Kind::kExpression) {
      argument.expression = [&child](const Value& element) { return Evaluate(*child->children[0], element); };
    } else {
      ASSIGN_OR_RETURN(argument.value, Evaluate(*child, value));
    }
    arguments.push_back(std::move(argument));
  }
  return CallJmesFunction(node.name, arguments);
}

absl::StatusOr<Value> Build(const JmesNode& node, const Value& value) {
  if (value.is_null()) return Value();
  const bool list = node.kind == JmesNode::Kind::kList;
  Value built = list ? Value::array() : Value::object();
  for (size_t i = 0; i < node.children.size(); ++i) {
    ASSIGN_OR_RETURN(Value member, Evaluate(*node.children[i], value));
    if (list) {
      built.push_back(std::move(member));
    } else {
      built[node.names[i]] = std::move(member);
    }
  }
  return built;
}

absl::StatusOr<Value> Evaluate(const JmesNode& node, const Value& value) {
  using Kind = JmesNode::Kind;
  switch (node.kind) {
    case Kind::kCurrent:
      return value;
    case Kind::kField: {
      const auto member = value.is_object() ? value.find(node.name) : value.end();
      return member == value.end() ? Value() : *member;
    }
    case Kind::kIndex:
      return At(value, node.number);
    case Kind::kSlice:
      return Slice(value, node.slice);
    case Kind::kLiteral:
      return node.literal;
    case Kind::kChain: {
      Value result = value;
      for (const JmesTree& child : node.children) {
        ASSIGN_OR_RETURN(result, Evaluate(*child, result));
      }
      return result;
    }
    case Kind::kProjection:
    case Kind::kFilter: {
      ASSIGN_OR_RETURN(const Value list, Evaluate(*node.children[0], value));
      return list.is_array() ? Project(node, list) : Value();
    }
    case Kind::kValueProjection: {
      ASSIGN_OR_RETURN(const Value object, Evaluate(*node.children[0], value));
      return object.is_object() ? Project(node, object) : Value();
    }
    case Kind::kFlatten: {
      ASSIGN_OR_RETURN(const Value list, Evaluate(*node.children[0], value));
      return FlattenList(list);
    }
    case Kind::kComparison: {
      ASSIGN_OR_RETURN(const Value left, Evaluate(*node.children[0], value));
      ASSIGN_OR_RETURN(const Value right, Evaluate(*node.children[1], value));
      return Compare(node.name, left, right);
    }
    case Kind::kOr:
    case Kind::kAnd: {
      ASSIGN_OR_RETURN(Value left, Evaluate(*node.children[0], value));
      return Holds(left) == (node.kind == Kind::kOr) ? left : Evaluate(*node.children[1], value);
    }
    case Kind::kNot: {
      ASSIGN_OR_RETURN(const Value inner, Evaluate(*node.children[0], value));
      return !Holds(inner);
    }
    case Kind::kList:
    case Kind::kObject:
      return Build(node, value);
    case Kind::kCall:
      return CallFunction(node, value);
    case Kind::kExpression:
      return absl::FailedPreconditionError("an &expression stands only as an argument of a function");
  }
  return absl::InternalError("a kind of JMESPath that is not known");
}

}  // namespace

absl::StatusOr<JmesPath> JmesPath::Parse(absl::string_view expression) {
  ASSIGN_OR_RETURN(JmesTree root, ParseJmesPath(expression));
  return JmesPath(std::move(root));
}

absl::StatusOr<Value> JmesPath::Search(const Value& value) const { return Evaluate(*root_, value); }

}  // namespace brume::cli
