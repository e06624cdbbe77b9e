#include "cli/output_query.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/output_json.h"
#include "cli/output_text.h"
#include "cli/output_yaml.h"
#include "cli/text.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Queried = nlohmann::ordered_json;

std::string QueriedCell(const Queried& value) {
  if (value.is_null()) return "";
  return Printable(value.is_string() ? value.get<std::string>()
                                     : value.dump(-1, ' ', false, Queried::error_handler_t::replace));
}

std::string AlignedRows(const std::vector<std::vector<std::string>>& rows) {
  std::vector<int> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i], std::string(static_cast<size_t>(widths[i] - DisplayWidth(row[i]) + 2), ' '));
    }
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::string QueriedTable(const Queried& value) {
  std::vector<std::vector<std::string>> rows;
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) rows.push_back({Printable(key), QueriedCell(member)});
    return AlignedRows(rows);
  }
  if (!value.is_array()) return absl::StrCat(Printable(QueriedCell(value), /*keep_lines=*/true), "\n");
  std::vector<std::string> columns;
  for (const Queried& element : value) {
    if (!element.is_object()) continue;
    for (const auto& [key, member] : element.items()) {
      if (std::find(columns.begin(), columns.end(), key) == columns.end()) columns.push_back(key);
    }
  }
  if (!columns.empty()) {
    rows.emplace_back();
    for (const std::string& column : columns) rows.back().push_back(Printable(column));
  }
  for (const Queried& element : value) {
    std::vector<std::string> row;
    if (element.is_object()) {
      for (const std::string& column : columns) row.push_back(QueriedCell(element.value(column, Queried())));
    } else if (element.is_array()) {
      for (const Queried& cell : element) row.push_back(QueriedCell(cell));
    } else {
      row.push_back(QueriedCell(element));
    }
    rows.push_back(std::move(row));
  }
  return AlignedRows(rows);
}

}  // namespace

absl::StatusOr<JmesPath> ParseQuery(const std::string& expression) {
  absl::StatusOr<JmesPath> query = JmesPath::Parse(expression);
  if (query.ok()) return query;
  return absl::InvalidArgumentError(absl::StrCat("--query '", Printable(expression), "': ", query.status().message()));
}

std::string RenderQueried(const Queried& value, OutputFormat format, bool to_terminal) {
  switch (format) {
    case OutputFormat::kJson:
      return RenderJson(value);
    case OutputFormat::kYaml:
      return RenderYaml(value);
    case OutputFormat::kText:
      if (value.is_string() && !to_terminal) return absl::StrCat(value.get_ref<const std::string&>(), "\n");
      return RenderText(value);
    case OutputFormat::kTable:
      break;
  }
  // A text of several lines is one to copy.
  if (value.is_string()) return absl::StrCat(Printable(value.get<std::string>(), /*keep_lines=*/true), "\n");
  return QueriedTable(value);
}

}  // namespace brume::cli
