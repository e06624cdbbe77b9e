#include "cli/output_table.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
constexpr int kGenericCut = 12;
// An answer with more members than these beside its lists is one thing that happens to have lists.
constexpr int kMembersOfAList = 3;

// A list of one kind of thing found in an answer.
struct Things {
  const FieldDescriptor* field = nullptr;
  std::vector<const Json*> rows;
};

bool IsPaging(const FieldDescriptor* field) {
  return field->name() == "next_token" || field->name() == "marker" || field->name() == "is_truncated";
}

bool IsList(const FieldDescriptor* field) {
  return field->is_repeated() && (field->message_type() != nullptr || NameListOf(field) != nullptr);
}

const FieldDescriptor* ListWithTable(const Descriptor* type) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated() && field->message_type() && TableOf(field->message_type()) != nullptr) return field;
  }
  return nullptr;
}

// A list whose things only hold another list we know how to show (reservations) is shown as that one.
Things FindThings(const Json& answer, const FieldDescriptor* field) {
  Things things{.field = field, .rows = {}};
  const bool opened = field->message_type() != nullptr && TableOf(field->message_type()) == nullptr;
  const FieldDescriptor* inner = opened ? ListWithTable(field->message_type()) : nullptr;
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

std::string NounOf(const FieldDescriptor* field) {
  if (const NameListSpec* names = NameListOf(field)) return names->noun;
  const TableSpec* table = TableOf(field->message_type());
  return table != nullptr ? table->noun : Words(field->name());
}

struct Grid {
  struct Column {
    std::string heading;
    int priority = 0;
    int may_cut_to = 0;
    CellFormat format = kPlain;
    int natural = 0;  // the widest cell
    int width = 0;    // what it gets
    std::vector<std::string> cells = {};

    int Narrowest() const {
      return may_cut_to == 0 ? natural : std::min(natural, std::max(may_cut_to, DisplayWidth(heading)));
    }
  };
  std::vector<Column> columns;
  int hidden = 0;

  // Leaves out whole columns until the rest fits, then gives the room that is left to those that were cut, the most
  // important first.
  void Fit(const TableStyle& style) {
    const auto narrowest = [this] {
      int width = -kGap;
      for (const Column& column : columns) width += column.Narrowest() + kGap;
      return width;
    };
    const bool limited = style.width > 0 && !style.wide;
    while (limited && columns.size() > 1 && narrowest() > style.width) {
      // The rightmost of those that matter least, and never the first.
      auto least = columns.begin() + 1;
      for (auto column = least; column != columns.end(); ++column) {
        if (column->priority >= least->priority) least = column;
      }
      columns.erase(least);
      ++hidden;
    }
    int spare = limited ? std::max(0, style.width - narrowest()) : 0;
    std::vector<Column*> order;
    for (Column& column : columns) order.push_back(&column);
    std::stable_sort(order.begin(), order.end(),
                     [](const Column* a, const Column* b) { return a->priority < b->priority; });
    for (Column* column : order) {
      const int narrow = column->Narrowest();
      column->width = limited ? narrow + std::min(spare, column->natural - narrow) : column->natural;
      spare -= column->width - narrow;
    }
  }

  std::string Line(size_t row, bool heading, const TableStyle& style) const {
    std::string line;
    for (const Column& column : columns) {
      const std::string cell = Truncate(heading ? column.heading : column.cells[row], column.width);
      const std::string padding(column.width - DisplayWidth(cell), ' ');
      const char* color = heading || !style.color || !column.format.state ? "" : ColorCode(cell);
      absl::StrAppend(&line, column.format.right ? padding : "", color, cell, *color != '\0' ? "\x1b[0m" : "",
                      column.format.right ? "" : padding, std::string(kGap, ' '));
    }
    absl::StripTrailingAsciiWhitespace(&line);
    return line + "\n";
  }

  static const char* ColorCode(const std::string& state) {
    switch (ColorOfState(state)) {
      case StateColor::kGood:
        return "\x1b[32m";
      case StateColor::kBusy:
        return "\x1b[33m";
      case StateColor::kBad:
        return "\x1b[31m";
      case StateColor::kOff:
        return "\x1b[2m";
      case StateColor::kNone:
        return "";
    }
    return "";
  }

  std::string Render(const TableStyle& style) const {
    if (columns.empty()) return "";
    std::string text = Line(0, /*heading=*/true, style);
    for (size_t row = 0; row < columns[0].cells.size(); ++row) {
      const auto empty = [row](const Column& column) { return column.cells[row].empty(); };
      // A line of a thing all of whose columns were left out.
      if (std::all_of(columns.begin(), columns.end(), empty)) continue;
      text += Line(row, /*heading=*/false, style);
    }
    if (hidden > 0) absl::StrAppend(&text, hidden, hidden == 1 ? " column" : " columns", " hidden: --output wide\n");
    return text;
  }
};

std::string FormattedCell(const Json& thing, const std::string& path, const CellFormat& format,
                          const TableStyle& style) {
  std::vector<std::string> parts;
  for (const Json* value : ValuesAt(thing, path)) {
    std::string part = format.text(*value, style);
    if (!part.empty()) parts.push_back(std::move(part));
  }
  return Printable(absl::StrJoin(parts, ","));
}

std::vector<Json> LinesOf(const Json& thing, const TableSpec& table) {
  if (table.make_lines != nullptr) return table.make_lines(thing);
  std::vector<Json> lines;
  for (const char* member : table.lines) {
    for (const Json* line : ValuesAt(thing, member)) lines.push_back(*line);
  }
  return lines;
}

// Every plain member, the id first: for what has no table made by hand.
Grid GenericGrid(const Things& things, const TableStyle& style) {
  Grid grid;
  const Descriptor* type = things.field->message_type();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated() || field->message_type() != nullptr) continue;
    const bool id = absl::EndsWith(field->name(), "_id");
    const bool state = field->name() == "state" || field->name() == "status";
    Grid::Column column{.heading = absl::AsciiStrToUpper(Words(field->name())),
                        .priority = id      ? 1
                                    : state ? 0
                                            : i + 2,
                        .may_cut_to = id || state ? 0 : kGenericCut,
                        .format = state ? kState : kPlain};
    for (const Json* row : things.rows) {
      column.cells.push_back(FormattedCell(*row, MemberName(*field), column.format, style));
    }
    grid.columns.push_back(std::move(column));
  }
  std::stable_partition(grid.columns.begin(), grid.columns.end(),
                        [](const Grid::Column& column) { return column.priority == 1; });
  return grid;
}

Grid ChosenGrid(const Things& things, const TableSpec& table, const TableStyle& style) {
  Grid grid;
  for (const TableColumn& column : table.columns) {
    grid.columns.push_back({.heading = column.heading,
                            .priority = column.priority,
                            .may_cut_to = column.may_cut_to,
                            .format = *column.format});
  }
  for (const Json* thing : things.rows) {
    const std::vector<Json> lines = LinesOf(*thing, table);
    for (size_t line = 0; line < std::max<size_t>(lines.size(), 1); ++line) {
      for (size_t i = 0; i < table.columns.size(); ++i) {
        absl::string_view path = table.columns[i].path;
        const bool of_line = absl::ConsumePrefix(&path, "/");
        const Json* holder = of_line ? (line < lines.size() ? &lines[line] : nullptr) : line == 0 ? thing : nullptr;
        grid.columns[i].cells.push_back(
            holder == nullptr ? "" : FormattedCell(*holder, std::string(path), *table.columns[i].format, style));
      }
    }
  }
  return grid;
}

Grid NamesGrid(const Things& things, const NameListSpec& names) {
  Grid grid;
  grid.columns.push_back({.heading = names.heading});
  for (const Json* row : things.rows) grid.columns[0].cells.push_back(Printable(PlainText(*row)));
  return grid;
}

std::string RenderThings(const Things& things, const TableStyle& style) {
  const TableSpec* table = things.field->message_type() == nullptr ? nullptr : TableOf(things.field->message_type());
  const NameListSpec* names = NameListOf(things.field);
  Grid grid = names != nullptr   ? NamesGrid(things, *names)
              : table != nullptr ? ChosenGrid(things, *table, style)
                                 : GenericGrid(things, style);
  // A column in which nothing stands only takes room.
  std::vector<Grid::Column> used;
  for (Grid::Column& column : grid.columns) {
    bool any = false;
    column.natural = DisplayWidth(column.heading);
    for (const std::string& cell : column.cells) {
      column.natural = std::max(column.natural, DisplayWidth(cell));
      any = any || !cell.empty();
    }
    if (any) used.push_back(std::move(column));
  }
  grid.columns = std::move(used);
  grid.Fit(style);
  return grid.Render(style);
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

// What an answer says beside its lists: the group of a list of its users, the configuration of a warm pool.
std::string RenderBeside(const Json& answer, const Descriptor* type) {
  Json beside = Json::object();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated() || field->message_type() == nullptr) continue;
    bool plain = true;
    for (int member = 0; member < field->message_type()->field_count(); ++member) {
      plain = plain && !field->message_type()->field(member)->is_repeated();
    }
    const auto value = answer.find(MemberName(*field));
    if (plain && value != answer.end()) beside[MemberName(*field)] = *value;
  }
  const std::string text = RenderRecord(beside);
  return text.empty() ? "" : text + "\n";
}

bool IsAnswerToRead(const Descriptor* type) {
  for (const char* verb : {"Describe", "List", "Get", "Lookup"}) {
    if (absl::StartsWith(type->name(), verb)) return true;
  }
  return false;
}

std::string MoreNote(const Json& answer) {
  for (const char* member : {"NextToken", "Marker"}) {
    const std::string next = Cell(answer, member);
    if (!next.empty()) return absl::StrCat("\nThere is more. ", member, ": ", Printable(next), "\n");
  }
  return "";
}

}  // namespace

std::string RenderTable(const Json& answer, const Descriptor* type, const TableStyle& style) {
  std::vector<Things> lists;
  std::string empty_list;  // what an answer of nothing would have shown
  int members = 0;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (!field->is_repeated() && !IsPaging(field)) ++members;
  }
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const bool tags = field->message_type() != nullptr && field->message_type()->name() == "Tag";
    if (!IsList(field) || (tags && members > 0)) continue;
    Things things = FindThings(answer, field);
    if (empty_list.empty()) empty_list = NounOf(things.field);
    if (!things.rows.empty()) lists.push_back(std::move(things));
  }
  if (members > kMembersOfAList || empty_list.empty()) return RenderRecord(answer);
  std::string text = RenderBeside(answer, type);
  if (lists.empty()) {
    // What a change answers with may have lists of what went wrong, or nothing to list.
    const std::string record = IsAnswerToRead(type) ? "" : RenderRecord(answer);
    return record.empty() ? absl::StrCat(text, "No ", empty_list, ".\n") : record;
  }
  for (size_t i = 0; i < lists.size(); ++i) {
    if (lists.size() > 1) absl::StrAppend(&text, i == 0 ? "" : "\n", Words(lists[i].field->name()), ":\n");
    text += RenderThings(lists[i], style);
  }
  return text + MoreNote(answer);
}

}  // namespace brume::cli
