#include "lib/ec2/compute/tables/launch_template_table.h"

#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"
#include "lib/store/json_text.h"
#include "lib/store/table.h"

namespace brume::compute {
namespace {

constexpr char kLatestNumber[] = "(SELECT max(number) FROM launch_template_versions WHERE template_id = t.id)";

const auto& Templates() {
  using T = LaunchTemplate;
  static const auto table = store::DescribeTable<T>(
      "launch_templates", "launch template", store::Key("id", &T::id), store::Assigned("seq", &T::seq),
      store::Fixed("name", &T::name), store::Fixed("created", &T::created), store::Fixed("created_by", &T::created_by),
      store::Column("default_version", &T::default_version), store::Unmapped("next_version"));
  return table;
}

struct VersionRow {
  LaunchTemplateId template_id;
  LaunchTemplateVersion version;
  std::string client_token, parameters_digest;
};
const auto& Versions() {
  using V = LaunchTemplateVersion;
  constexpr auto kVersion = &VersionRow::version;
  static const auto table = store::DescribeTable<VersionRow>(
      "launch_template_versions", "launch template version", store::Key("template_id", &VersionRow::template_id),
      store::Key("number", kVersion, &V::number), store::Fixed("description", kVersion, &V::description),
      store::Fixed("created", kVersion, &V::created), store::Fixed("created_by", kVersion, &V::created_by),
      store::FixedJson("spec", kVersion, &V::spec), store::Fixed("client_token", &VersionRow::client_token),
      store::Fixed("parameters_digest", &VersionRow::parameters_digest));
  return table;
}

std::string SelectTemplates(absl::string_view rest) {
  return absl::StrCat("SELECT ", Templates().columns(), ", ", kLatestNumber, " FROM launch_templates AS t ", rest);
}

LaunchTemplate ReadTemplate(store::Row& row) {
  LaunchTemplate t = Templates().Read(row);
  row.Read(t.latest_version);
  return t;
}

int64_t ReadNumber(store::Row& row) {
  int64_t number = 0;
  row.Read(number);
  return number;
}

absl::StatusOr<int64_t> NumberOf(absl::StatusOr<std::optional<int64_t>> found) {
  RETURN_IF_ERROR(found.status());
  return found->value_or(0);
}

}  // namespace

std::vector<store::TableDescription> LaunchTemplateTable::Describe() {
  return {Templates().Describe(), Versions().Describe()};
}

absl::Status LaunchTemplateTable::Insert(const LaunchTemplate& made) {
  return Templates().Insert(connection_, made, store::With<int>{"next_version", 1});
}

absl::StatusOr<LaunchTemplate> LaunchTemplateTable::Get(const LaunchTemplateId& id) {
  ASSIGN_OR_RETURN(std::optional<LaunchTemplate> found,
                   connection_.First(SelectTemplates("WHERE id = ?"), ReadTemplate, id));
  if (!found.has_value()) return id.NotFound();
  return *std::move(found);
}

absl::StatusOr<std::optional<LaunchTemplate>> LaunchTemplateTable::FindByName(const std::string& name) {
  return connection_.First(SelectTemplates("WHERE name = ?"), ReadTemplate, name);
}

absl::StatusOr<std::vector<LaunchTemplate>> LaunchTemplateTable::List() {
  return connection_.All(SelectTemplates("ORDER BY seq"), ReadTemplate);
}

absl::StatusOr<int64_t> LaunchTemplateTable::Count() {
  return NumberOf(connection_.First("SELECT count(*) FROM launch_templates", ReadNumber));
}

absl::Status LaunchTemplateTable::SetDefault(const LaunchTemplateId& id, int64_t number) {
  return Templates().Set(connection_, id, &LaunchTemplate::default_version, number);
}

absl::Status LaunchTemplateTable::Delete(const LaunchTemplateId& id) { return Templates().Delete(connection_, id); }

absl::Status LaunchTemplateTable::InsertVersion(const LaunchTemplateId& id, LaunchTemplateVersion& v,
                                                const std::string& client_token, const std::string& parameters_digest) {
  ASSIGN_OR_RETURN(
      v.number, NumberOf(connection_.First("SELECT next_version FROM launch_templates WHERE id = ?", ReadNumber, id)));
  RETURN_IF_ERROR(connection_.Run("UPDATE launch_templates SET next_version = next_version + 1 WHERE id = ?", id));
  return Versions().Insert(connection_, {id, v, client_token, parameters_digest});
}

absl::StatusOr<std::optional<LaunchTemplateVersion>> LaunchTemplateTable::FindVersion(const LaunchTemplateId& id,
                                                                                      int64_t number) {
  ASSIGN_OR_RETURN(std::optional<VersionRow> found, Versions().Find(connection_, std::tie(id, number)));
  if (!found.has_value()) return std::nullopt;
  return std::move(found->version);
}

absl::StatusOr<int64_t> LaunchTemplateTable::CountVersions(const LaunchTemplateId& id) {
  return NumberOf(
      connection_.First("SELECT count(*) FROM launch_template_versions WHERE template_id = ?", ReadNumber, id));
}

absl::Status LaunchTemplateTable::DeleteVersion(const LaunchTemplateId& id, int64_t number) {
  return Versions().Delete(connection_, std::tie(id, number));
}

absl::Status LaunchTemplateTable::ForEachVersion(
    const LaunchTemplateVersionQuery& query, absl::FunctionRef<void(LaunchTemplate&, LaunchTemplateVersion&)> each) {
  std::vector<std::string> numbers;
  for (const int64_t number : query.numbers) numbers.push_back(absl::StrCat(number));
  const bool all = numbers.empty() && !query.latest && !query.default_version;
  return connection_.Query(
      absl::StrCat("SELECT ", Versions().columns(),
                   ", seq, name, default_version FROM launch_template_versions JOIN (SELECT id, seq, name, "
                   "default_version FROM launch_templates) AS t ON id = template_id "
                   "WHERE (?1 IS NULL OR t.id = ?1) AND number BETWEEN ?2 AND ?3 AND (?4 "
                   "OR number IN (SELECT CAST(value AS INTEGER) FROM json_each(?5)) "
                   "OR (?6 AND number = ",
                   kLatestNumber, ") OR (?7 AND number = default_version)) ORDER BY seq, number DESC"),
      [&](store::Row& from) {
        VersionRow row = Versions().Read(from);
        LaunchTemplate of;
        of.id = std::move(row.template_id);
        from.Read(of.seq, of.name, of.default_version);
        if (from.failure().ok()) each(of, row.version);
      },
      query.id, query.from.value_or(0), query.to.value_or(std::numeric_limits<int64_t>::max()), all,
      store::JsonArray(numbers), query.latest, query.default_version);
}

absl::StatusOr<std::optional<LaunchTemplateTokenUse>> LaunchTemplateTable::FindToken(const std::string& client_token,
                                                                                     bool first) {
  const auto read = [](store::Row& row) {
    LaunchTemplateTokenUse use;
    row.Read(use.template_id, use.number, use.parameters_digest);
    return use;
  };
  return connection_.First(
      "SELECT template_id, number, parameters_digest FROM launch_template_versions "
      "WHERE client_token = ?1 AND client_token <> '' AND (number = 1) = ?2",
      read, client_token, first);
}

}  // namespace brume::compute
