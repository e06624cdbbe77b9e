#include "cli/output_text.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/text.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string Scalar(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_null()) return "None";
  return Printable(value.is_string() ? value.get<std::string>() : value.dump());
}

void Structure(const Json& object, const std::string& name, const std::set<std::string>& columns, std::string* text);

void List(const Json& list, const std::string& name, std::string* text) {
  // Elements of one list share their columns, so that cut -f finds them.
  std::set<std::string> columns;
  for (const Json& element : list) {
    if (!element.is_object()) continue;
    for (const auto& [key, value] : element.items()) {
      if (value.is_primitive()) columns.insert(key);
    }
  }
  for (const Json& element : list) {
    if (element.is_object()) {
      Structure(element, name, columns, text);
    } else {
      absl::StrAppend(text, absl::AsciiStrToUpper(name), "\t", Scalar(element), "\n");
    }
  }
}

void Structure(const Json& object, const std::string& name, const std::set<std::string>& columns, std::string* text) {
  std::vector<std::string> line;
  if (!name.empty()) line.push_back(absl::AsciiStrToUpper(name));
  for (const std::string& key : columns) line.push_back(object.contains(key) ? Scalar(object[key]) : "");
  if (!columns.empty()) absl::StrAppend(text, absl::StrJoin(line, "\t"), "\n");
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) {
    if (value.is_structured()) keys.insert(key);
  }
  for (const std::string& key : keys) {
    if (object[key].is_array()) {
      List(object[key], key, text);
      continue;
    }
    List(Json::array({object[key]}), key, text);
  }
}

}  // namespace

std::string RenderText(const Json& value) {
  std::set<std::string> columns;
  for (const auto& [key, member] : value.items()) {
    if (member.is_primitive()) columns.insert(key);
  }
  std::string text;
  Structure(value, "", columns, &text);
  return text;
}

}  // namespace brume::cli
