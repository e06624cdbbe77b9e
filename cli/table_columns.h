// Which columns a table shows of each kind of thing.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "nlohmann/json_fwd.hpp"

namespace brume::cli {

// A path is member names in JSON joined by dots, lists joined by commas ("SecurityGroups.GroupName"); "Tags[Name]" is
// the value of that tag; "@rules:X" the permissions of X in words; "@ports:" the range of a rule.
struct TableColumn {
  std::string header;
  std::string path;
  bool flexible = false;  // may be cut short on a narrow terminal
};

// In order of importance. Empty: no table was chosen for this kind of thing by hand.
const std::vector<TableColumn>& ChosenColumns(const google::protobuf::Descriptor* type);

// Every kind of thing with chosen columns, for the test that holds them to the schema.
std::vector<std::string> TypesWithChosenColumns();

// The cell's text, not yet made printable; "" where the thing has none.
std::string Cell(const nlohmann::ordered_json& thing, const std::string& path);

}  // namespace brume::cli
