// What the handlers of Auto Scaling's actions share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "brume/autoscaling/v1/activity.pb.h"
#include "brume/autoscaling/v1/common.pb.h"
#include "lib/autoscaling/api/scaling_services.h"
#include "lib/autoscaling/model/activity.h"
#include "lib/autoscaling/model/record.h"
#include "lib/base/status_macros.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/pages.h"

namespace brume::autoscaling {

absl::Status ScalingError(absl::string_view message);
// `status` as Auto Scaling tells it: codes of EC2's and IAM's become ValidationError.
absl::Status AsScalingError(const absl::Status& status);
template <typename T>
absl::StatusOr<T> AsScalingError(absl::StatusOr<T> result) {
  if (result.ok()) return result;
  return AsScalingError(result.status());
}
// Error: ValidationError when `given`, as `parameter` is refused in all cases.
absl::Status RefuseGiven(bool given, absl::string_view parameter, absl::string_view why);

// The name of a group, which a call names by its name or its ARN. An ARN of another region or account, which policies
// would see as another resource, names none: it is given back as it is.
std::string GroupNameOf(const ScalingServices& services, const std::string& name_or_arn);
// "arn:aws:autoscaling:REGION:ACCOUNT:RESOURCE".
std::string ScalingArn(const Settings& settings, absl::string_view resource);
std::string GroupArn(const Settings& settings, const scaling::Group& group);

// Error: ValidationError.
absl::StatusOr<std::vector<InstanceId>> ParseMembers(const google::protobuf::RepeatedPtrField<std::string>& ids);
absl::StatusOr<InstanceId> ParseMember(const std::string& id);

inline int32_t ToWholeSeconds(absl::Duration duration) { return static_cast<int32_t>(absl::ToInt64Seconds(duration)); }

// What a group is to be launched from. Errors: ValidationError for a template that is not there, not named or named
// twice.
absl::StatusOr<scaling::SourceRequest> ParseTemplate(const ScalingServices& services,
                                                     const v1::LaunchTemplateSpecification& named);
// Renders launch templates by their ids and names; the name of each is looked up once.
class TemplateRenderer {
 public:
  explicit TemplateRenderer(const ScalingServices& services) : services_(services) {}
  // As it is shown: by its id, its name while it is there, and `version`.
  v1::LaunchTemplateSpecification Render(const std::string& id, const std::string& version);

 private:
  const ScalingServices& services_;
  std::map<std::string, std::string> names_;  // by ids; empty of those that are gone
};

v1::Activity RenderActivity(const scaling::Activity& activity);

// Those of `all` that the request's filters keep. Error: ValidationError for a filter that is none.
template <typename T>
absl::Status KeepFiltered(const gateway::FilterTable<T>& filters,
                          const google::protobuf::RepeatedPtrField<v1::Filter>& conditions, std::vector<T>& all) {
  gateway::FilterList list;
  for (const v1::Filter& condition : conditions) {
    ec2::v1::Filter& filter = *list.Add();
    filter.set_name(condition.name());
    *filter.mutable_values() = condition.values();
  }
  ASSIGN_OR_RETURN(const auto keep, AsScalingError(filters.Compile(list)));
  std::erase_if(all, [&](const T& item) { return !keep(item); });
  return absl::OkStatus();
}

// Cuts the page that MaxRecords and NextToken name out of `all`, which is sorted by `key`; `most` is its size by
// default. Error: InvalidNextToken.
template <typename T, typename Request, typename Response, typename Key>
absl::StatusOr<std::vector<T>> ScalingPage(absl::string_view list, std::vector<T> all, const Request& request,
                                           Response& response, const Key& key, size_t most = 50) {
  return gateway::PageOf(list, std::move(all), request.next_token(),
                         request.has_max_records() ? request.max_records() : most, key,
                         [&](std::string token) { response.set_next_token(std::move(token)); });
}

}  // namespace brume::autoscaling
