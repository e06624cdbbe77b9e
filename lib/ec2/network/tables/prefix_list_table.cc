#include "lib/ec2/network/tables/prefix_list_table.h"

#include <utility>

#include "absl/strings/match.h"
#include "lib/base/status_macros.h"
#include "lib/store/table.h"

namespace brume::network {
namespace {

const auto& Lists() {
  using L = PrefixList;
  static const auto table = store::DescribeTable<L>(
      "prefix_lists", "prefix list", store::Key("id", &L::id), store::Column("name", &L::name),
      store::Fixed("ipv6", &L::ipv6), store::Column("max_entries", &L::max_entries),
      store::Column("current_version", &L::current_version), store::Column("state", &L::state),
      store::Column("state_message", &L::state_message), store::Fixed("client_token", &L::client_token),
      store::Fixed("parameters_digest", &L::parameters_digest), store::Unmapped("seq"));
  return table;
}

struct RangeText {
  static std::string ToStore(const AnyCidr& cidr) { return TextOf(cidr); }
  static absl::Status FromStore(const std::string& text, AnyCidr& cidr) {
    const absl::StatusOr<AnyCidr> parsed = ParseAnyCidr(text, /*ipv6=*/absl::StrContains(text, ':'));
    if (!parsed.ok()) return absl::DataLossError("no range");
    cidr = *parsed;
    return absl::OkStatus();
  }
};

struct EntryRow {
  int64_t seq = 0;
  PrefixListId list_id;
  PrefixListEntry entry;
  int64_t added = 0;
  std::optional<int64_t> removed = {};
};
const auto& Entries() {
  using R = EntryRow;
  static const auto table =
      store::DescribeTable<R>("prefix_list_entries", "entry of the prefix list", store::Assigned("seq", &R::seq),
                              store::Fixed("prefix_list_id", &R::list_id),
                              store::FixedEncoded<RangeText>("cidr", &R::entry, &PrefixListEntry::cidr),
                              store::Fixed("description", &R::entry, &PrefixListEntry::description),
                              store::Fixed("added", &R::added), store::Column("removed", &R::removed));
  return table;
}

template <typename IdType>
IdType ReadId(store::Row& row) {
  IdType id;
  row.Read(id);
  return id;
}

}  // namespace

std::vector<store::TableDescription> PrefixListTable::Describe() { return {Lists().Describe(), Entries().Describe()}; }

absl::Status PrefixListTable::Insert(const PrefixList& list) { return Lists().Insert(connection_, list); }

absl::StatusOr<PrefixList> PrefixListTable::Get(const PrefixListId& id) { return Lists().Get(connection_, id); }

absl::StatusOr<std::vector<PrefixList>> PrefixListTable::List() {
  return Lists().Select(connection_, "prefix_lists ORDER BY seq");
}

absl::StatusOr<std::optional<PrefixList>> PrefixListTable::FindByToken(const std::string& client_token) {
  return Lists().First(connection_, "prefix_lists WHERE client_token = ? AND client_token <> ''", client_token);
}

absl::Status PrefixListTable::Set(const PrefixList& list) { return Lists().Overwrite(connection_, list); }

absl::Status PrefixListTable::Delete(const PrefixListId& id) { return Lists().Delete(connection_, id); }

absl::StatusOr<std::vector<PrefixListEntry>> PrefixListTable::ListEntries(const PrefixListId& id, int64_t version) {
  ASSIGN_OR_RETURN(std::vector<EntryRow> rows,
                   Entries().Select(connection_,
                                    "prefix_list_entries WHERE prefix_list_id = ? AND added <= ?2 AND "
                                    "(removed IS NULL OR removed > ?2) ORDER BY seq",
                                    id, version));
  std::vector<PrefixListEntry> entries;
  entries.reserve(rows.size());
  for (EntryRow& row : rows) entries.push_back(std::move(row.entry));
  return entries;
}

absl::Status PrefixListTable::AddEntry(const PrefixListId& id, int64_t version, const PrefixListEntry& entry) {
  return Entries().Insert(connection_, {.list_id = id, .entry = entry, .added = version});
}

absl::Status PrefixListTable::RemoveEntry(const PrefixListId& id, int64_t version, const AnyCidr& cidr) {
  return connection_.Run(
      "UPDATE prefix_list_entries SET removed = ? WHERE prefix_list_id = ? AND cidr = ? AND removed IS NULL", version,
      id, TextOf(cidr));
}

absl::Status PrefixListTable::DeleteVersionsBefore(const PrefixListId& id, int64_t version) {
  return connection_.Run("DELETE FROM prefix_list_entries WHERE prefix_list_id = ? AND removed <= ?", id, version);
}

absl::StatusOr<std::vector<SecurityGroupId>> PrefixListTable::GroupsNaming(const PrefixListId& id) {
  return connection_.All(
      "SELECT DISTINCT group_id FROM security_group_rules WHERE prefix_list_id = ? ORDER BY group_id",
      ReadId<SecurityGroupId>, id);
}

absl::StatusOr<std::vector<RouteTableId>> PrefixListTable::TablesNaming(const PrefixListId& id) {
  return connection_.All(
      "SELECT DISTINCT route_table_id FROM routes WHERE prefix_list_id = ? AND prefix_list_id <> '' "
      "ORDER BY route_table_id",
      ReadId<RouteTableId>, id);
}

}  // namespace brume::network
