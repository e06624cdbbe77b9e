#include "cli/output_text.h"

#include <algorithm>
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
  return Printable(value.is_string() ? value.get<std::string>() : value.dump(), /*keep_lines=*/true);
}

void AppendText(const Json& value, const std::string& name, const std::set<std::string>* columns, std::string* text);

void AppendScalars(const std::vector<std::string>& scalars, const std::string& name, std::string* text) {
  if (name.empty()) {
    absl::StrAppend(text, absl::StrJoin(scalars, "\t"), "\n");
    return;
  }
  for (const std::string& scalar : scalars) absl::StrAppend(text, absl::AsciiStrToUpper(name), "\t", scalar, "\n");
}

void AppendList(const Json& list, const std::string& name, std::string* text) {
  const bool objects = std::any_of(list.begin(), list.end(), [](const Json& element) { return element.is_object(); });
  if (objects) {
    std::set<std::string> columns;
    for (const Json& element : list) {
      if (!element.is_object()) continue;
      for (const auto& [key, value] : element.items()) {
        if (value.is_primitive()) columns.insert(key);
      }
    }
    for (const Json& element : list) AppendText(element, name, &columns, text);
    return;
  }
  std::vector<std::string> scalars;
  for (const Json& element : list) {
    if (element.is_primitive()) scalars.push_back(Scalar(element));
  }
  if (!scalars.empty()) AppendScalars(scalars, name, text);
  for (const Json& element : list) {
    if (element.is_structured()) AppendText(element, name, nullptr, text);
  }
}

// `columns`: the scalars to show, of a structure in a list; null = its own.
void AppendObject(const Json& object, const std::string& name, const std::set<std::string>* columns,
                  std::string* text) {
  std::set<std::string> own, rest;
  for (const auto& [key, value] : object.items()) {
    const bool column = columns == nullptr ? value.is_primitive() : columns->count(key) > 0;
    (column ? own : rest).insert(key);
  }
  std::vector<std::string> line;
  for (const std::string& key : columns == nullptr ? own : *columns) {
    line.push_back(object.contains(key) ? Scalar(object[key]) : "");
  }
  if (!line.empty()) {
    if (!name.empty()) line.insert(line.begin(), absl::AsciiStrToUpper(name));
    absl::StrAppend(text, absl::StrJoin(line, "\t"), "\n");
  }
  for (const std::string& key : rest) AppendText(object[key], key, nullptr, text);
}

void AppendText(const Json& value, const std::string& name, const std::set<std::string>* columns, std::string* text) {
  if (value.is_object()) {
    AppendObject(value, name, columns, text);
  } else if (value.is_array()) {
    AppendList(value, name, text);
  } else {
    absl::StrAppend(text, Scalar(value), "\n");
  }
}

}  // namespace

std::string RenderText(const Json& value) {
  std::string text;
  AppendText(value, "", nullptr, &text);
  return text;
}

}  // namespace brume::cli
