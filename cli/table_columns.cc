#include "cli/table_columns.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/tables_compute.h"
#include "cli/tables_firewall.h"
#include "cli/tables_host.h"
#include "cli/tables_identity.h"
#include "cli/tables_image.h"
#include "cli/tables_monitoring.h"
#include "cli/tables_scaling.h"
#include "cli/tables_storage.h"
#include "cli/tables_vpc.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

const NameListSpec kNameLists[] = {
    {"policy_names", "policies", "POLICY"},
    {"termination_policy_types", "termination policies", "TERMINATION POLICY"},
    {"lifecycle_hook_types", "kinds of lifecycle hooks", "LIFECYCLE TRANSITION"},
    {"auto_scaling_notification_types", "kinds of notifications", "NOTIFICATION"},
};

void Collect(const Json& value, absl::string_view path, std::vector<const Json*>* found) {
  if (value.is_array()) {
    for (const Json& element : value) Collect(element, path, found);
    return;
  }
  if (path.empty()) {
    if (!value.is_null()) found->push_back(&value);
    return;
  }
  const std::pair<std::string, absl::string_view> split = absl::StrSplit(path, absl::MaxSplits('.', 1));
  if (!value.is_object()) return;
  const auto member = value.find(split.first);
  if (member != value.end()) Collect(*member, split.second, found);
}

}  // namespace

const std::vector<TableSpec>& AllTables() {
  static const auto* const tables = [] {
    auto* all = new std::vector<TableSpec>();
    for (auto* module : {&ComputeTables, &ImageTables, &StorageTables, &VpcTables, &FirewallTables, &ScalingTables,
                         &MonitoringTables, &IdentityTables, &HostTables}) {
      for (TableSpec& table : module()) all->push_back(std::move(table));
    }
    return all;
  }();
  return *tables;
}

const TableSpec* TableOf(const google::protobuf::Descriptor* type) {
  static const auto* const by_type = [] {
    auto* map = new std::map<std::string, const TableSpec*>();
    for (const TableSpec& table : AllTables()) {
      const std::pair<std::string, std::string> split = absl::StrSplit(table.type, '.');
      map->emplace(absl::StrCat("brume.", split.first, ".v1.", split.second), &table);
    }
    return map;
  }();
  const auto found = by_type->find(type->full_name());
  return found == by_type->end() ? nullptr : found->second;
}

const NameListSpec* NameListOf(const google::protobuf::FieldDescriptor* field) {
  for (const NameListSpec& list : kNameLists) {
    if (field->name() == list.field) return &list;
  }
  return nullptr;
}

std::vector<const Json*> ValuesAt(const Json& thing, const std::string& path) {
  if (path.empty()) return {&thing};
  std::vector<const Json*> found;
  if (path != "Tags[Name]") {
    Collect(thing, path, &found);
    return found;
  }
  // Network interfaces alone call their tags otherwise.
  auto tags = thing.find("Tags");
  if (tags == thing.end()) tags = thing.find("TagSet");
  if (tags == thing.end()) return {};
  for (const Json& tag : *tags) {
    if (tag.value("Key", "") == "Name" && tag.contains("Value")) return {&tag["Value"]};
  }
  return {};
}

std::string Cell(const Json& thing, const std::string& path) {
  std::vector<std::string> parts;
  for (const Json* value : ValuesAt(thing, path)) {
    std::string part = PlainText(*value);
    if (!part.empty()) parts.push_back(std::move(part));
  }
  return absl::StrJoin(parts, ",");
}

}  // namespace brume::cli
