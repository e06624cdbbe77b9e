// Lists of the short commands: a table on a terminal, tab-separated lines without a header elsewhere.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/args.h"
#include "google/protobuf/message.h"

namespace brume::cli {

struct ShortColumn {
  std::string header;
  int rank = 0;  // 0: always shown; else, where the terminal is too narrow, the highest goes first
};

// What a person reads, and what a program reads.
struct ShortCell {
  ShortCell(std::string text) : shown(text), plain(std::move(text)) {}  // NOLINT: a cell is written as its text
  ShortCell(const char* text) : shown(text), plain(text) {}             // NOLINT: the same
  ShortCell(std::string shown_text, std::string plain_text)
      : shown(std::move(shown_text)), plain(std::move(plain_text)) {}

  std::string shown, plain;
};

class ShortTable {
 public:
  explicit ShortTable(std::vector<ShortColumn> columns) : columns_(std::move(columns)) {}

  // One cell for each column.
  void Add(std::vector<ShortCell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }

  // Columns in which nothing stands are left out. One that does not fit into `width` (0: as wide as it is) is left out
  // whole, and a last line says which.
  std::string Render(int width) const;
  // All columns, "-" where nothing stands.
  std::string Plain() const;

 private:
  std::vector<ShortColumn> columns_;
  std::vector<std::vector<ShortCell>> rows_;
};

// "name  value" lines on a terminal, "name<TAB>value" elsewhere; lines without a value are left out.
using ShortRecord = std::vector<std::pair<std::string, ShortCell>>;
std::string RenderRecord(const ShortRecord& record, int width);
std::string PlainRecord(const ShortRecord& record);

// Prints to standard output as --output and --query say; `answer` is what --output json prints, `nothing` what a person
// reads instead of an empty table.
absl::Status PrintTable(const ShortTable& table, const google::protobuf::Message& answer, const GlobalOptions& global,
                        const std::string& nothing);
absl::Status PrintRecord(const ShortRecord& record, const google::protobuf::Message& answer,
                         const GlobalOptions& global);

// True where a person reads standard output.
bool ShowsTables(const GlobalOptions& global);

// How long ago, in one unit: "12s", "5m", "7h", "12d", "3y".
std::string Age(absl::Duration since);
// The age of an API timestamp for people, the timestamp for programs.
ShortCell AgeCell(const std::string& timestamp, absl::Time now);
// "3 instances", "1 instance".
std::string Counted(size_t count, const std::string& noun);

}  // namespace brume::cli
