#include "cli/jmespath_functions.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/spelling.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

using JmesValue = nlohmann::ordered_json;
using JmesResult = absl::StatusOr<JmesValue>;
using Arguments = std::vector<JmesArgument>;

// The types a parameter takes, one bit each.
enum JmesType : unsigned {
  kNumberType = 1,
  kStringType = 2,
  kArrayType = 4,
  kObjectType = 8,
  kNumbersType = 16,  // a list of numbers
  kStringsType = 32,
  kExpressionType = 64,
  kAnyType = 128,
};

std::string TypeName(const JmesValue& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "boolean";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  return value.is_array() ? "array" : "object";
}

bool EveryIs(const JmesValue& list, bool (*is)(const JmesValue&)) {
  return list.is_array() && std::all_of(list.begin(), list.end(), is);
}
bool IsNumber(const JmesValue& value) { return value.is_number(); }
bool IsText(const JmesValue& value) { return value.is_string(); }

bool Fits(const JmesArgument& argument, unsigned types) {
  if (argument.expression != nullptr) return (types & kExpressionType) != 0;
  const JmesValue& value = argument.value;
  return (types & kAnyType) != 0 || ((types & kNumberType) != 0 && value.is_number()) ||
         ((types & kStringType) != 0 && value.is_string()) || ((types & kArrayType) != 0 && value.is_array()) ||
         ((types & kObjectType) != 0 && value.is_object()) ||
         ((types & kNumbersType) != 0 && EveryIs(value, IsNumber)) ||
         ((types & kStringsType) != 0 && EveryIs(value, IsText));
}

bool Less(const JmesValue& a, const JmesValue& b) {
  if (a.is_string() && b.is_string()) return a.get_ref<const std::string&>() < b.get_ref<const std::string&>();
  return a < b;
}

// The characters of a text that is UTF-8, each as it is written.
std::vector<std::string> Characters(const std::string& text) {
  std::vector<std::string> characters;
  for (const char c : text) {
    if (characters.empty() || (static_cast<unsigned char>(c) & 0xc0) != 0x80) characters.emplace_back();
    characters.back() += c;
  }
  return characters;
}

JmesValue Whole(double number) {
  if (std::abs(number) < 9e18) return static_cast<int64_t>(number);
  return number;
}

JmesResult Abs(const Arguments& in) {
  const JmesValue& value = in[0].value;
  if (value.is_number_float()) return std::abs(value.get<double>());
  return value.is_number_unsigned() ? value : JmesValue(std::abs(value.get<int64_t>()));
}
JmesResult Ceil(const Arguments& in) {
  return in[0].value.is_number_float() ? Whole(std::ceil(in[0].value.get<double>())) : in[0].value;
}
JmesResult Floor(const Arguments& in) {
  return in[0].value.is_number_float() ? Whole(std::floor(in[0].value.get<double>())) : in[0].value;
}

JmesResult Sum(const Arguments& in) {
  const JmesValue& list = in[0].value;
  const bool whole =
      std::all_of(list.begin(), list.end(), [](const JmesValue& one) { return one.is_number_integer(); });
  if (whole) {
    int64_t sum = 0;
    for (const JmesValue& one : list) sum += one.get<int64_t>();
    return sum;
  }
  double sum = 0;
  for (const JmesValue& one : list) sum += one.get<double>();
  return sum;
}
JmesResult Average(const Arguments& in) {
  if (in[0].value.empty()) return JmesValue();
  ASSIGN_OR_RETURN(const JmesValue sum, Sum(in));
  return sum.get<double>() / static_cast<double>(in[0].value.size());
}

JmesResult ContainsValue(const Arguments& in) {
  const JmesValue& wanted = in[1].value;
  if (in[0].value.is_string()) {
    return wanted.is_string() &&
           absl::StrContains(in[0].value.get_ref<const std::string&>(), wanted.get_ref<const std::string&>());
  }
  return std::any_of(in[0].value.begin(), in[0].value.end(),
                     [&](const JmesValue& one) { return JmesEqual(one, wanted); });
}
JmesResult StartsWithText(const Arguments& in) {
  return absl::StartsWith(in[0].value.get_ref<const std::string&>(), in[1].value.get_ref<const std::string&>());
}
JmesResult EndsWithText(const Arguments& in) {
  return absl::EndsWith(in[0].value.get_ref<const std::string&>(), in[1].value.get_ref<const std::string&>());
}
JmesResult Join(const Arguments& in) {
  return absl::StrJoin(in[1].value.get<std::vector<std::string>>(), in[0].value.get_ref<const std::string&>());
}

JmesResult Keys(const Arguments& in) {
  JmesValue keys = JmesValue::array();
  for (const auto& [key, value] : in[0].value.items()) keys.push_back(key);
  return keys;
}
JmesResult Values(const Arguments& in) {
  JmesValue values = JmesValue::array();
  for (const JmesValue& value : in[0].value) values.push_back(value);
  return values;
}
JmesResult Length(const Arguments& in) {
  if (in[0].value.is_string()) return Characters(in[0].value.get<std::string>()).size();
  return in[0].value.size();
}
JmesResult Merge(const Arguments& in) {
  JmesValue merged = JmesValue::object();
  for (const JmesArgument& one : in) {
    for (const auto& [key, value] : one.value.items()) merged[key] = value;
  }
  return merged;
}
JmesResult NotNull(const Arguments& in) {
  for (const JmesArgument& one : in) {
    if (!one.value.is_null()) return one.value;
  }
  return JmesValue();
}

JmesResult Reverse(const Arguments& in) {
  if (in[0].value.is_array()) {
    JmesValue reversed = in[0].value;
    std::reverse(reversed.begin(), reversed.end());
    return reversed;
  }
  std::vector<std::string> characters = Characters(in[0].value.get<std::string>());
  std::reverse(characters.begin(), characters.end());
  return absl::StrJoin(characters, "");
}

JmesResult ToArray(const Arguments& in) {
  return in[0].value.is_array() ? in[0].value : JmesValue::array({in[0].value});
}
JmesResult ToText(const Arguments& in) {
  if (in[0].value.is_string()) return in[0].value;
  return in[0].value.dump(-1, ' ', /*ensure_ascii=*/true, JmesValue::error_handler_t::replace);
}
JmesResult ToNumber(const Arguments& in) {
  const JmesValue& value = in[0].value;
  if (value.is_number()) return value;
  if (!value.is_string()) return JmesValue();
  int64_t whole = 0;
  double number = 0;
  if (absl::SimpleAtoi(value.get_ref<const std::string&>(), &whole)) return whole;
  // JSON has neither infinity nor what is no number.
  if (absl::SimpleAtod(value.get_ref<const std::string&>(), &number) && std::isfinite(number)) return number;
  return JmesValue();
}
JmesResult TypeOfValue(const Arguments& in) { return TypeName(in[0].value); }

JmesResult Map(const Arguments& in) {
  JmesValue mapped = JmesValue::array();
  for (const JmesValue& one : in[1].value) {
    ASSIGN_OR_RETURN(JmesValue value, in[0].expression(one));
    mapped.push_back(std::move(value));
  }
  return mapped;
}

JmesResult Sort(const Arguments& in) {
  JmesValue sorted = in[0].value;
  std::stable_sort(sorted.begin(), sorted.end(), Less);
  return sorted;
}
JmesResult Max(const Arguments& in) {
  const JmesValue& list = in[0].value;
  return list.empty() ? JmesValue() : *std::max_element(list.begin(), list.end(), Less);
}
JmesResult Min(const Arguments& in) {
  const JmesValue& list = in[0].value;
  return list.empty() ? JmesValue() : *std::min_element(list.begin(), list.end(), Less);
}

// The elements of in[0] beside what the expression makes of each: all numbers, or all strings.
absl::StatusOr<std::vector<std::pair<JmesValue, JmesValue>>> Keyed(const Arguments& in, const char* name) {
  std::vector<std::pair<JmesValue, JmesValue>> keyed;
  for (const JmesValue& one : in[0].value) {
    ASSIGN_OR_RETURN(JmesValue key, in[1].expression(one));
    const bool fits = keyed.empty() ? key.is_number() || key.is_string()
                                    : (key.is_number() && keyed[0].first.is_number()) ||
                                          (key.is_string() && keyed[0].first.is_string());
    if (!fits) {
      return absl::FailedPreconditionError(
          absl::StrCat("the function ", name, " needs a number of every element, or a string of every element, not ",
                       TypeName(key)));
    }
    keyed.emplace_back(std::move(key), one);
  }
  return keyed;
}
bool KeyLess(const std::pair<JmesValue, JmesValue>& a, const std::pair<JmesValue, JmesValue>& b) {
  return Less(a.first, b.first);
}

JmesResult SortBy(const Arguments& in) {
  ASSIGN_OR_RETURN(auto keyed, Keyed(in, "sort_by"));
  std::stable_sort(keyed.begin(), keyed.end(), KeyLess);
  JmesValue sorted = JmesValue::array();
  for (auto& [key, one] : keyed) sorted.push_back(std::move(one));
  return sorted;
}
JmesResult MaxBy(const Arguments& in) {
  ASSIGN_OR_RETURN(const auto keyed, Keyed(in, "max_by"));
  return keyed.empty() ? JmesValue() : std::max_element(keyed.begin(), keyed.end(), KeyLess)->second;
}
JmesResult MinBy(const Arguments& in) {
  ASSIGN_OR_RETURN(const auto keyed, Keyed(in, "min_by"));
  return keyed.empty() ? JmesValue() : std::min_element(keyed.begin(), keyed.end(), KeyLess)->second;
}

struct JmesFunction {
  const char* name;
  std::vector<unsigned> parameters;
  JmesResult (*call)(const Arguments&);
  bool variadic = false;  // the last parameter may be given more than once
};

const std::vector<JmesFunction>& Functions() {
  constexpr unsigned kOrdered = kNumbersType | kStringsType;
  static const auto* const functions =
      new std::vector<JmesFunction>{{"abs", {kNumberType}, Abs},
                                    {"avg", {kNumbersType}, Average},
                                    {"ceil", {kNumberType}, Ceil},
                                    {"contains", {kArrayType | kStringType, kAnyType}, ContainsValue},
                                    {"ends_with", {kStringType, kStringType}, EndsWithText},
                                    {"floor", {kNumberType}, Floor},
                                    {"join", {kStringType, kStringsType}, Join},
                                    {"keys", {kObjectType}, Keys},
                                    {"length", {kStringType | kArrayType | kObjectType}, Length},
                                    {"map", {kExpressionType, kArrayType}, Map},
                                    {"max", {kOrdered}, Max},
                                    {"max_by", {kArrayType, kExpressionType}, MaxBy},
                                    {"merge", {kObjectType}, Merge, /*variadic=*/true},
                                    {"min", {kOrdered}, Min},
                                    {"min_by", {kArrayType, kExpressionType}, MinBy},
                                    {"not_null", {kAnyType}, NotNull, /*variadic=*/true},
                                    {"reverse", {kArrayType | kStringType}, Reverse},
                                    {"sort", {kOrdered}, Sort},
                                    {"sort_by", {kArrayType, kExpressionType}, SortBy},
                                    {"starts_with", {kStringType, kStringType}, StartsWithText},
                                    {"sum", {kNumbersType}, Sum},
                                    {"to_array", {kAnyType}, ToArray},
                                    {"to_number", {kAnyType}, ToNumber},
                                    {"to_string", {kAnyType}, ToText},
                                    {"type", {kAnyType}, TypeOfValue},
                                    {"values", {kObjectType}, Values}};
  return *functions;
}

const JmesFunction* FindFunction(const std::string& name) {
  for (const JmesFunction& function : Functions()) {
    if (name == function.name) return &function;
  }
  return nullptr;
}

std::string TypeNames(unsigned types) {
  static constexpr std::pair<unsigned, const char*> kNames[] = {{kNumberType, "a number"},
                                                                {kStringType, "a string"},
                                                                {kArrayType, "a list"},
                                                                {kObjectType, "an object"},
                                                                {kNumbersType, "a list of numbers"},
                                                                {kStringsType, "a list of strings"},
                                                                {kExpressionType, "an &expression"},
                                                                {kAnyType, "a value"}};
  std::vector<std::string> names;
  for (const auto& [type, name] : kNames) {
    if ((types & type) != 0) names.emplace_back(name);
  }
  return absl::StrJoin(names, " or ");
}

}  // namespace

absl::Status CheckJmesCall(const std::string& name, size_t arguments) {
  const JmesFunction* function = FindFunction(name);
  if (function == nullptr) {
    std::vector<std::string> names;
    for (const JmesFunction& known : Functions()) names.emplace_back(known.name);
    return absl::InvalidArgumentError(absl::StrCat("there is no function '", name, "'.", DidYouMean(name, names)));
  }
  const size_t wanted = function->parameters.size();
  if (arguments == wanted || (function->variadic && arguments > wanted)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the function ", name, " takes ", wanted,
                                                 function->variadic ? " arguments or more" : " arguments", ", not ",
                                                 arguments));
}

JmesResult CallJmesFunction(const std::string& name, const std::vector<JmesArgument>& arguments) {
  RETURN_IF_ERROR(CheckJmesCall(name, arguments.size()));
  const JmesFunction& function = *FindFunction(name);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const unsigned types = function.parameters[std::min(i, function.parameters.size() - 1)];
    if (Fits(arguments[i], types)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("the function ", name, " takes ", TypeNames(types), " as its argument ", i + 1, ", not ",
                     arguments[i].expression ? "an &expression" : TypeName(arguments[i].value)));
  }
  return function.call(arguments);
}

bool JmesEqual(const JmesValue& a, const JmesValue& b) {
  if (a.is_object() && b.is_object()) {
    return a.size() == b.size() && std::all_of(a.items().begin(), a.items().end(), [&](const auto& member) {
             const auto other = b.find(member.key());
             return other != b.end() && JmesEqual(member.value(), *other);
           });
  }
  if (a.is_array() && b.is_array()) return std::equal(a.begin(), a.end(), b.begin(), b.end(), JmesEqual);
  return a == b;
}

}  // namespace brume::cli
