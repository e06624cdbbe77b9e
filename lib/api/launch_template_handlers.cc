#include "absl/strings/str_cat.h"
#include "brume/v1/launch_template.pb.h"
#include "lib/api/describe.h"
#include "lib/api/filter_values.h"
#include "lib/api/handlers.h"
#include "lib/domain/ec2_error.h"

namespace brume::api {
namespace {

constexpr char kService[] = "brume.v1.LaunchTemplates";

constexpr IdKind kLaunchTemplateKind{"lt", "launch template", "InvalidLaunchTemplateId.Malformed",
                                     "InvalidLaunchTemplateId.NotFound"};
using LaunchTemplateId = Id<kLaunchTemplateKind>;

// No call makes a template, so each that is named is one that is not there.
absl::StatusOr<v1::DescribeLaunchTemplatesResponse> Describe(const v1::DescribeLaunchTemplatesRequest& request) {
  static const FilterTable<v1::LaunchTemplate> filters(
      ValuesOfNone<v1::LaunchTemplate>({"create-time", "launch-template-name"}),
      [](const v1::LaunchTemplate&) { return TagMap(); });
  const bool named = !request.launch_template_ids().empty() || !request.launch_template_names().empty();
  RETURN_IF_ERROR(CheckPaging(request, named, "launchTemplateId"));
  RETURN_IF_ERROR(CheckIds<LaunchTemplateId>(request.launch_template_ids()));
  std::vector<v1::LaunchTemplate> templates;
  const auto key = [](const v1::LaunchTemplate& one) { return one.launch_template_id(); };
  RETURN_IF_ERROR(Select<LaunchTemplateId>(request.launch_template_ids(), templates, key));
  for (const std::string& name : request.launch_template_names()) {
    return ec2::Error(
        "InvalidLaunchTemplateName.NotFoundException",
        absl::StrCat("The launch template '", absl::string_view(name).substr(0, 128), "' does not exist"));
  }
  v1::DescribeLaunchTemplatesResponse response;
  RETURN_IF_ERROR(FilteredPage("templates", std::move(templates), filters, request, response, key).status());
  return response;
}

}  // namespace

void AddLaunchTemplateHandlers(Dispatcher& dispatcher, const Services&) {
  dispatcher.Handle<v1::DescribeLaunchTemplatesRequest, v1::DescribeLaunchTemplatesResponse>(
      kService, "DescribeLaunchTemplates",
      [](const v1::DescribeLaunchTemplatesRequest& request, const Caller&) { return Describe(request); });
}

}  // namespace brume::api
