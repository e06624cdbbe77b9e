#include "cli/output_table.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "cli/api_schema.h"
#include "cli/table_columns.h"
#include "cli/text.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kGap = 2;
constexpr int kNarrowest = 12;  // a flexible column is not cut below this

// A list of one kind of thing found in an answer.
struct Things {
  const FieldDescriptor* field = nullptr;
  std::vector<const Json*> rows;
};

const FieldDescriptor* ListWithColumns(const Descriptor* type) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated() && field->message_type() && !ChosenColumns(field->message_type()).empty()) return field;
  }
  return nullptr;
}

// A list whose things only hold another list we know how to show (reservations) is shown as that one.
Things FindThings(const Json& answer, const FieldDescriptor* field) {
  Things things{.field = field, .rows = {}};
  const FieldDescriptor* inner =
      ChosenColumns(field->message_type()).empty() ? ListWithColumns(field->message_type()) : nullptr;
  if (inner != nullptr) things.field = inner;
  const auto list = answer.find(MemberName(*field));
  if (list == answer.end()) return things;
  for (const Json& thing : *list) {
    if (inner == nullptr) {
      things.rows.push_back(&thing);
    } else if (const auto nested = thing.find(MemberName(*inner)); nested != thing.end()) {
      for (const Json& row : *nested) things.rows.push_back(&row);
    }
  }
  return things;
}

std::string Words(const std::string& snake) { return absl::StrReplaceAll(snake, {{"_", " "}}); }

// Every plain member, the id first: for what has no columns chosen by hand.
std::vector<TableColumn> GenericColumns(const Descriptor* type) {
  std::vector<TableColumn> columns;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated() || field->message_type() != nullptr) continue;
    const bool id = absl::EndsWith(field->name(), "_id");
    columns.push_back({absl::AsciiStrToUpper(Words(field->name())), MemberName(*field), !id});
  }
  std::stable_partition(columns.begin(), columns.end(), [](const TableColumn& column) { return !column.flexible; });
  return columns;
}

struct Grid {
  struct Column {
    std::string header;
    bool flexible;
    int width;
    std::vector<std::string> cells;
  };
  std::vector<Column> columns;

  int Width() const {
    int width = -kGap;
    for (const Column& column : columns) width += column.width + kGap;
    return width;
  }

  // Cuts flexible columns, widest first, then leaves out the last columns.
  void Fit(int width) {
    while (Width() > width && columns.size() > 1) {
      Column* widest = nullptr;
      for (Column& column : columns) {
        if (column.flexible && column.width > kNarrowest && (!widest || column.width > widest->width)) widest = &column;
      }
      if (widest == nullptr) {
        columns.pop_back();
        continue;
      }
      widest->width = std::max(kNarrowest, widest->width - (Width() - width));
    }
  }

  std::string Line(const std::vector<std::string>& cells) const {
    std::string line;
    for (size_t i = 0; i < columns.size(); ++i) {
      const std::string cell = Truncate(cells[i], columns[i].width);
      line += cell;
      line.append(columns[i].width - DisplayWidth(cell) + kGap, ' ');
    }
    absl::StripTrailingAsciiWhitespace(&line);
    return line + "\n";
  }

  std::string Render(size_t rows) const {
    std::vector<std::string> line;
    for (const Column& column : columns) line.push_back(column.header);
    std::string text = Line(line);
    for (size_t row = 0; row < rows; ++row) {
      line.clear();
      for (const Column& column : columns) line.push_back(column.cells[row]);
      text += Line(line);
    }
    return text;
  }
};

std::string RenderThings(const Things& things, int width) {
  std::vector<TableColumn> chosen = ChosenColumns(things.field->message_type());
  if (chosen.empty()) chosen = GenericColumns(things.field->message_type());
  Grid grid;
  for (const TableColumn& column : chosen) {
    Grid::Column filled{column.header, column.flexible, DisplayWidth(column.header), {}};
    bool used = false;
    for (const Json* row : things.rows) {
      filled.cells.push_back(Printable(Cell(*row, column.path)));
      filled.width = std::max(filled.width, DisplayWidth(filled.cells.back()));
      used = used || !filled.cells.back().empty();
    }
    // A column in which nothing stands only takes room.
    if (used) grid.columns.push_back(std::move(filled));
  }
  if (width > 0) grid.Fit(width);
  return grid.Render(things.rows.size());
}

void Flatten(const Json& value, const std::string& name, std::vector<std::pair<std::string, std::string>>* lines) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      // EC2's {"Value": …} around an attribute says nothing to a reader.
      Flatten(member, name.empty() ? key : key == "Value" ? name : absl::StrCat(name, ".", key), lines);
    }
  } else if (value.is_array()) {
    int index = 0;
    for (const Json& element : value) Flatten(element, absl::StrCat(name, "[", index++, "]"), lines);
  } else {
    lines->emplace_back(name, value.is_string()    ? value.get<std::string>()
                              : value.is_boolean() ? std::string(value.get<bool>() ? "yes" : "no")
                                                   : value.dump());
  }
}

// "name  value" lines; values of several lines come last, whole, so that a key can be copied.
std::string RenderRecord(const Json& answer) {
  std::vector<std::pair<std::string, std::string>> lines;
  Flatten(answer, "", &lines);
  int width = 0;
  for (const auto& [name, value] : lines) width = std::max(width, DisplayWidth(name));
  std::string text, blocks;
  for (const auto& [name, value] : lines) {
    if (absl::StrContains(value, "\n")) {
      absl::StrAppend(&blocks, name, "\n", Printable(value, /*keep_lines=*/true));
      if (!absl::EndsWith(blocks, "\n")) blocks += '\n';
    } else {
      absl::StrAppend(&text, name, std::string(width - DisplayWidth(name) + kGap, ' '), Printable(value), "\n");
    }
  }
  return text + blocks;
}

}  // namespace

std::string RenderTable(const Json& answer, const Descriptor* type, int width) {
  std::vector<Things> lists;
  std::string empty_list;  // what an answer of nothing would have shown
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (!field->is_repeated() || field->message_type() == nullptr) continue;
    Things things = FindThings(answer, field);
    if (empty_list.empty()) empty_list = Words(things.field->name());
    if (!things.rows.empty()) lists.push_back(std::move(things));
  }
  std::string text;
  for (const Things& things : lists) {
    if (lists.size() > 1) absl::StrAppend(&text, text.empty() ? "" : "\n", Words(things.field->name()), ":\n");
    text += RenderThings(things, width);
  }
  if (!lists.empty()) {
    const std::string next = Cell(answer, "NextToken");
    if (!next.empty()) absl::StrAppend(&text, "\nThere is more. NextToken: ", Printable(next), "\n");
    return text;
  }
  text = RenderRecord(answer);
  return text.empty() && !empty_list.empty() ? absl::StrCat("No ", empty_list, ".\n") : text;
}

}  // namespace brume::cli
