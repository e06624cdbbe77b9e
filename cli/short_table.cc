#include "cli/short_table.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/call.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"

namespace brume::cli {
namespace {

constexpr int kColumnGap = 2, kNarrowestName = 8;

struct LaidOut {
  const ShortColumn* column = nullptr;
  int width = 0;
  std::vector<std::string> cells = {};  // the header first
};

int WidthOf(const std::vector<LaidOut>& columns) {
  int width = -kColumnGap;
  for (const LaidOut& column : columns) width += column.width + kColumnGap;
  return width;
}

// Leaves out columns until the rest fits. What is left out, in the table's order.
std::vector<std::string> LeaveOut(int width, std::vector<LaidOut>* columns) {
  std::vector<const LaidOut*> order;
  std::vector<std::pair<int, std::string>> out;
  while (WidthOf(*columns) > width) {
    const auto last = std::max_element(columns->begin(), columns->end(), [](const LaidOut& a, const LaidOut& b) {
      return a.column->rank < b.column->rank;
    });
    if (last->column->rank == 0) break;
    out.emplace_back(last->column->rank, last->column->header);
    columns->erase(last);
  }
  std::sort(out.begin(), out.end());
  std::vector<std::string> names;
  for (const auto& [rank, name] : out) names.push_back(name);
  return names;
}

std::string LineOf(const std::vector<LaidOut>& columns, size_t row) {
  std::string line;
  for (const LaidOut& column : columns) {
    const std::string cell = Truncate(column.cells[row], column.width);
    absl::StrAppend(&line, cell, std::string(column.width - DisplayWidth(cell) + kColumnGap, ' '));
  }
  absl::StripTrailingAsciiWhitespace(&line);
  return line + "\n";
}

// A cell must not end its line or its field.
std::string PlainText(const std::string& text) { return text.empty() ? "-" : Printable(text); }

}  // namespace

std::string ShortTable::Render(int width) const {
  std::vector<LaidOut> laid_out;
  for (size_t i = 0; i < columns_.size(); ++i) {
    LaidOut column{.column = &columns_[i], .width = DisplayWidth(columns_[i].header), .cells = {columns_[i].header}};
    bool used = columns_[i].rank == 0;
    for (const auto& row : rows_) {
      used = used || !row[i].shown.empty();
      column.cells.push_back(row[i].shown.empty() ? "-" : Printable(row[i].shown));
      column.width = std::max(column.width, DisplayWidth(column.cells.back()));
    }
    if (used) laid_out.push_back(std::move(column));
  }
  std::vector<std::string> hidden;
  if (width > 0) {
    hidden = LeaveOut(width, &laid_out);
    // Only a name is that long; a state stays whole.
    const int excess = std::max(0, WidthOf(laid_out) - width);
    laid_out[0].width = std::max(std::min(laid_out[0].width, kNarrowestName), laid_out[0].width - excess);
  }
  std::string text;
  for (size_t row = 0; row <= rows_.size(); ++row) text += LineOf(laid_out, row);
  if (!hidden.empty()) {
    absl::StrAppend(&text,
                    Wrap(absl::StrCat("Hidden, for want of room: ", absl::StrJoin(hidden, ", "), "."), 0, width));
  }
  return text;
}

std::string ShortTable::Plain() const {
  std::string text;
  for (const auto& row : rows_) {
    std::vector<std::string> cells;
    for (const ShortCell& cell : row) cells.push_back(PlainText(cell.plain));
    absl::StrAppend(&text, absl::StrJoin(cells, "\t"), "\n");
  }
  return text;
}

std::string RenderRecord(const ShortRecord& record, int width) {
  int widest = 0;
  for (const auto& [name, cell] : record) {
    if (!cell.shown.empty()) widest = std::max(widest, DisplayWidth(name));
  }
  std::string text;
  for (const auto& [name, cell] : record) {
    if (cell.shown.empty()) continue;
    const int column = widest + kColumnGap;
    // Long values go on below themselves.
    const std::string value = Printable(cell.shown);
    const std::string wrapped =
        width > column + 20 ? Wrap(value, column, width) : absl::StrCat(std::string(column, ' '), value, "\n");
    absl::StrAppend(&text, name, std::string(column - DisplayWidth(name), ' '), wrapped.substr(column));
  }
  return text;
}

std::string PlainRecord(const ShortRecord& record) {
  std::string text;
  for (const auto& [name, cell] : record) {
    if (!cell.plain.empty()) absl::StrAppend(&text, name, "\t", PlainText(cell.plain), "\n");
  }
  return text;
}

bool ShowsTables(const GlobalOptions& global) { return global.output == OutputFormat::kTable; }

absl::Status PrintTable(const ShortTable& table, const google::protobuf::Message& answer, const GlobalOptions& global,
                        const std::string& nothing) {
  if (PrintsAnswer(global)) return PrintAnswer(answer, global);
  if (ShowsTables(global)) {
    return Print(table.empty() ? absl::StrCat(nothing, "\n") : table.Render(TerminalWidth(STDOUT_FILENO)));
  }
  return Print(table.Plain());
}

absl::Status PrintRecord(const ShortRecord& record, const google::protobuf::Message& answer,
                         const GlobalOptions& global) {
  if (PrintsAnswer(global)) return PrintAnswer(answer, global);
  return Print(ShowsTables(global) ? RenderRecord(record, TerminalWidth(STDOUT_FILENO)) : PlainRecord(record));
}

std::string Age(absl::Duration since) {
  const int64_t seconds = std::max<int64_t>(absl::ToInt64Seconds(since), 0);
  constexpr int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour, kYear = 365 * kDay;
  if (seconds < 2 * kMinute) return absl::StrCat(seconds, "s");
  if (seconds < 2 * kHour) return absl::StrCat(seconds / kMinute, "m");
  if (seconds < 2 * kDay) return absl::StrCat(seconds / kHour, "h");
  if (seconds < 2 * kYear) return absl::StrCat(seconds / kDay, "d");
  return absl::StrCat(seconds / kYear, "y");
}

ShortCell AgeCell(const std::string& timestamp, absl::Time now) {
  absl::Time then;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, timestamp, &then, &error)) return timestamp;
  return {Age(now - then), timestamp};
}

std::string Counted(size_t count, const std::string& noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

}  // namespace brume::cli
