#include "lib/ec2/compute/launch_template_table.h"

#include <limits>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "lib/base/fields_json.h"
#include "lib/base/status_macros.h"
#include "lib/store/connection.h"

namespace brume::compute {
namespace {

constexpr char kLatest[] = "(SELECT max(number) FROM launch_template_versions WHERE template_id = t.id)";

std::string SelectTemplates(absl::string_view rest) {
  return absl::StrCat("SELECT seq, id, name, created, created_by, default_version, ", kLatest,
                      " FROM launch_templates AS t ", rest);
}

LaunchTemplate ReadTemplate(store::Row& row) {
  LaunchTemplate t;
  row.Read(t.seq, t.id, t.name, t.created, t.created_by, t.default_version, t.latest_version);
  return t;
}

auto VersionFields(LaunchTemplateVersion& v, std::string& spec) {
  return std::tie(v.number, v.description, v.created, v.created_by, spec);
}

absl::Status ReadSpec(const std::string& json, const LaunchTemplateId& id, LaunchTemplateVersion& version) {
  absl::StatusOr<LaunchSpec> spec = FieldsFromJson<LaunchSpec>(json);
  if (!spec.ok()) {
    return absl::DataLossError(absl::StrCat("version ", version.number, " of the launch template ", id.text(),
                                            " is damaged: ", spec.status().message()));
  }
  version.spec = *std::move(spec);
  return absl::OkStatus();
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

absl::Status LaunchTemplateTable::Insert(const LaunchTemplate& t) {
  return connection_.Run(
      "INSERT INTO launch_templates (id, name, created, created_by, default_version, next_version) "
      "VALUES (?, ?, ?, ?, ?, 1)",
      t.id, t.name, t.created, t.created_by, t.default_version);
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
  return connection_.Run("UPDATE launch_templates SET default_version = ? WHERE id = ?", number, id);
}

absl::Status LaunchTemplateTable::Delete(const LaunchTemplateId& id) {
  return connection_.Run("DELETE FROM launch_templates WHERE id = ?", id);
}

absl::Status LaunchTemplateTable::InsertVersion(const LaunchTemplateId& id, LaunchTemplateVersion& v,
                                                const std::string& client_token, const std::string& parameters_digest) {
  ASSIGN_OR_RETURN(
      v.number, NumberOf(connection_.First("SELECT next_version FROM launch_templates WHERE id = ?", ReadNumber, id)));
  RETURN_IF_ERROR(connection_.Run("UPDATE launch_templates SET next_version = next_version + 1 WHERE id = ?", id));
  return connection_.Run(
      "INSERT INTO launch_template_versions (template_id, number, description, created, created_by, spec, "
      "client_token, parameters_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      id, v.number, v.description, v.created, v.created_by, FieldsToJson(v.spec), client_token, parameters_digest);
}

absl::StatusOr<std::optional<LaunchTemplateVersion>> LaunchTemplateTable::FindVersion(const LaunchTemplateId& id,
                                                                                      int64_t number) {
  std::optional<LaunchTemplateVersion> found;
  std::string spec;
  RETURN_IF_ERROR(connection_.Query(
      "SELECT number, description, created, created_by, spec FROM launch_template_versions "
      "WHERE template_id = ? AND number = ?",
      [&](store::Row& row) { row.Read(VersionFields(found.emplace(), spec)); }, id, number));
  if (found.has_value()) RETURN_IF_ERROR(ReadSpec(spec, id, *found));
  return found;
}

absl::StatusOr<int64_t> LaunchTemplateTable::CountVersions(const LaunchTemplateId& id) {
  return NumberOf(
      connection_.First("SELECT count(*) FROM launch_template_versions WHERE template_id = ?", ReadNumber, id));
}

absl::Status LaunchTemplateTable::DeleteVersion(const LaunchTemplateId& id, int64_t number) {
  return connection_.Run("DELETE FROM launch_template_versions WHERE template_id = ? AND number = ?", id, number);
}

absl::Status LaunchTemplateTable::ForEachVersion(
    const LaunchTemplateVersionQuery& query, absl::FunctionRef<void(LaunchTemplate&, LaunchTemplateVersion&)> each) {
  std::vector<std::string> numbers;
  for (const int64_t number : query.numbers) numbers.push_back(absl::StrCat(number));
  const bool all = numbers.empty() && !query.latest && !query.default_version;
  absl::Status damaged;
  RETURN_IF_ERROR(connection_.Query(
      absl::StrCat("SELECT t.seq, t.id, t.name, t.default_version, v.number, v.description, v.created, v.created_by, "
                   "v.spec FROM launch_templates AS t JOIN launch_template_versions AS v ON v.template_id = t.id "
                   "WHERE (?1 IS NULL OR t.id = ?1) AND v.number BETWEEN ?2 AND ?3 AND (?4 "
                   "OR v.number IN (SELECT CAST(value AS INTEGER) FROM json_each(?5)) "
                   "OR (?6 AND v.number = ",
                   kLatest, ") OR (?7 AND v.number = t.default_version)) ORDER BY t.seq, v.number DESC"),
      [&](store::Row& row) {
        LaunchTemplate of;
        LaunchTemplateVersion version;
        std::string spec;
        row.Read(of.seq, of.id, of.name, of.default_version, VersionFields(version, spec));
        const absl::Status read = ReadSpec(spec, of.id, version);
        damaged.Update(read);
        if (read.ok()) each(of, version);
      },
      query.id, query.from.value_or(0), query.to.value_or(std::numeric_limits<int64_t>::max()), all,
      store::JsonArray(numbers), query.latest, query.default_version));
  return damaged;
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
