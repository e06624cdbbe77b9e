// Repository of launch templates and their versions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "lib/ec2/compute/model/launch_template.h"
#include "lib/store/database.h"
#include "lib/store/table_description.h"

namespace brume::compute {

// Which versions of which templates: those of `numbers`, the latest and the default one as asked for; all of a
// template's when none of the three is.
struct LaunchTemplateVersionQuery {
  std::optional<LaunchTemplateId> id;  // unset = of all templates
  std::vector<int64_t> numbers;
  bool latest = false, default_version = false;
  std::optional<int64_t> from, to;  // numbers, both included
};

// A version that a ClientToken made.
struct LaunchTemplateTokenUse {
  LaunchTemplateId template_id;
  int64_t number = 1;
  std::string parameters_digest;
};

class LaunchTemplateTable {
 public:
  explicit LaunchTemplateTable(store::Connection& connection) : connection_(connection) {}
  static std::vector<store::TableDescription> Describe();

  absl::Status Insert(const LaunchTemplate& made);                 // AlreadyExists when the name is taken
  absl::StatusOr<LaunchTemplate> Get(const LaunchTemplateId& id);  // the kind's NotFound
  absl::StatusOr<std::optional<LaunchTemplate>> FindByName(const std::string& name);
  absl::StatusOr<std::vector<LaunchTemplate>> List();
  absl::StatusOr<int64_t> Count();
  absl::Status SetDefault(const LaunchTemplateId& id, int64_t number);  // the kind's NotFound
  absl::Status Delete(const LaunchTemplateId& id);                      // with its versions and tags

  // Numbers `version` and inserts it.
  absl::Status InsertVersion(const LaunchTemplateId& id, LaunchTemplateVersion& version,
                             const std::string& client_token, const std::string& parameters_digest);
  absl::StatusOr<std::optional<LaunchTemplateVersion>> FindVersion(const LaunchTemplateId& id, int64_t number);
  absl::StatusOr<int64_t> CountVersions(const LaunchTemplateId& id);
  absl::Status DeleteVersion(const LaunchTemplateId& id, int64_t number);
  // In order of their templates, the newest first. Templates come without anything but seq, id, name, default_version.
  absl::Status ForEachVersion(const LaunchTemplateVersionQuery& query,
                              absl::FunctionRef<void(LaunchTemplate&, LaunchTemplateVersion&)> each);
  // `first`: of CreateLaunchTemplate, which makes version 1; else of CreateLaunchTemplateVersion.
  absl::StatusOr<std::optional<LaunchTemplateTokenUse>> FindToken(const std::string& client_token, bool first);

 private:
  store::Connection& connection_;
};

}  // namespace brume::compute
