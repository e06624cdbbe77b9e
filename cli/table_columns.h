// Which tables there are: what a list of each kind of thing looks like, as data.
#pragma once

#include <string>
#include <vector>

#include "cli/table_format.h"
#include "google/protobuf/descriptor.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// A path is member names in JSON joined by dots; members of lists are shown joined by commas
// ("SecurityGroups.GroupName"). "Tags[Name]" is the value of that tag, "" the thing itself, for formats that read
// several members. "/X" is a path into one line of a thing that has several (TableSpec::lines).
struct TableColumn {
  const char* heading;
  const char* path;
  // Columns that do not fit are left out whole, those of the highest number first. 0 is what nobody can do without.
  int priority = 0;
  const CellFormat* format = &kPlain;
  // Text in this column may be cut down to so many columns of the terminal; 0 = never.
  int may_cut_to = 0;
};

struct TableSpec {
  const char* type;  // "ec2.Instance"
  const char* noun;  // for "No instances."
  std::vector<TableColumn> columns;
  // Members whose elements are a line each, below one another beside the thing: the routes of a route table.
  std::vector<const char*> lines = {};
  // Instead of `lines`: makes the lines where they are no plain members.
  std::vector<nlohmann::ordered_json> (*make_lines)(const nlohmann::ordered_json& thing) = nullptr;
};

// A list of strings in an answer: the member's name in the schema, and how it is shown.
struct NameListSpec {
  const char* field;
  const char* noun;
  const char* heading;
};

// Null: nobody made a table for this kind of thing.
const TableSpec* TableOf(const google::protobuf::Descriptor* type);
const NameListSpec* NameListOf(const google::protobuf::FieldDescriptor* field);

// All, for the tests that hold them to the schema.
const std::vector<TableSpec>& AllTables();

// What stands at `path`: every element where lists are on the way.
std::vector<const nlohmann::ordered_json*> ValuesAt(const nlohmann::ordered_json& thing, const std::string& path);

// The plain text of what stands at `path`, not yet made printable; "" where there is nothing.
std::string Cell(const nlohmann::ordered_json& thing, const std::string& path);

}  // namespace brume::cli
