// Launch templates. Source of behaviour: EC2 API reference, CreateLaunchTemplate, CreateLaunchTemplateVersion,
// DescribeLaunchTemplates, DescribeLaunchTemplateVersions, ModifyLaunchTemplate, DeleteLaunchTemplate,
// DeleteLaunchTemplateVersions.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/ec2/compute/model/instance.h"
#include "lib/ec2/compute/model/launch_template.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/store/database.h"

namespace brume::compute {

struct LaunchTemplateView {
  LaunchTemplate made;
  TagMap tags;
};

// A version, with the seq, id, name and default_version of its template alone.
struct LaunchTemplateVersionView {
  LaunchTemplate of;
  LaunchTemplateVersion version;
};

// Who makes a version, and by which call.
struct LaunchTemplateAuthor {
  std::string arn;
  std::string client_token;  // empty = unset
  std::string parameters_digest;
};

struct LaunchTemplateVersionsRequest {
  std::optional<LaunchTemplateId> id;  // unset = of all templates, and `versions` names no numbers
  std::vector<std::string> versions;   // numbers, "$Latest", "$Default"; empty = all
  std::string from, to;                // numbers, "$Latest", "$Default"; empty = no bound
  std::function<bool(const LaunchTemplateVersionView&)> keep;  // empty = all
  std::pair<int64_t, int64_t> after = {0, 0};  // the template's seq and the number of the last one shown
  size_t max_versions = 200;
};

struct LaunchTemplateVersionPage {
  std::vector<LaunchTemplateVersionView> versions;
  bool more = false;
};

// In another's transaction: one template, and one of its versions. Error: the template's NotFound.
absl::StatusOr<LaunchTemplate> GetLaunchTemplate(store::Connection& c, const LaunchTemplateId& id);
absl::StatusOr<std::optional<LaunchTemplateVersion>> FindLaunchTemplateVersion(store::Connection& c,
                                                                               const LaunchTemplateId& id,
                                                                               int64_t number);

// Thread-safe.
class LaunchTemplateService {
 public:
  LaunchTemplateService(store::Database& database, const Clock& clock, Random& random)
      : database_(database), clock_(clock), random_(random) {}

  // With `first` as its version 1. Errors: InvalidLaunchTemplateName.MalformedException,
  // InvalidLaunchTemplateName.AlreadyExistsException, LaunchTemplateLimitExceeded, IdempotentParameterMismatch,
  // TagLimitExceeded, InvalidParameterValue.
  absl::StatusOr<LaunchTemplateView> Create(const std::string& name, LaunchTemplateVersion first, const TagMap& tags,
                                            const LaunchTemplateAuthor& author);
  // `made` has a description and a spec; what the spec leaves unset is as in the version `source`, which may be empty.
  // Errors: the template's NotFound, InvalidLaunchTemplateId.VersionNotFound, LaunchTemplateVersionLimitExceeded,
  // IdempotentParameterMismatch, InvalidParameterValue.
  absl::StatusOr<LaunchTemplateVersionView> CreateVersion(const LaunchTemplateId& id, const std::string& source,
                                                          const LaunchTemplateVersion& made,
                                                          const LaunchTemplateAuthor& author);
  // Those of `ids`, or else those that have a tag of `tags`, or all. Error: the kind's NotFound.
  absl::StatusOr<std::vector<LaunchTemplateView>> List(absl::Span<const LaunchTemplateId> ids = {},
                                                       const std::optional<tagging::TagQuery>& tags = {});
  // Errors: the template's NotFound, InvalidLaunchTemplateId.VersionNotFound for a number that is named and not there.
  absl::StatusOr<LaunchTemplateVersionPage> ListVersions(const LaunchTemplateVersionsRequest& request);
  // One version: a number, "$Latest", "$Default" or empty, which is the default one.
  absl::StatusOr<LaunchTemplateVersionView> Resolve(const LaunchTemplateId& id, const std::string& version);
  // Error: InvalidLaunchTemplateName.NotFoundException.
  absl::StatusOr<LaunchTemplateId> FindByName(const std::string& name);
  absl::StatusOr<LaunchTemplateView> SetDefault(const LaunchTemplateId& id, const std::string& version);
  // As it was.
  absl::StatusOr<LaunchTemplateView> Delete(const LaunchTemplateId& id);
  // Deletes what can be deleted. Of each number whether that was so, or why not: NotFound, FailedPrecondition.
  struct Deletions {
    LaunchTemplate of;
    std::vector<std::pair<int64_t, absl::Status>> versions;
  };
  absl::StatusOr<Deletions> DeleteVersions(const LaunchTemplateId& id, const std::vector<std::string>& versions);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace brume::compute
