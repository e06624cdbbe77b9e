#include "lib/ec2/compute/api/launch_template_handlers.h"

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/launch_template_data.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/messages/tag_filters.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

constexpr char kVersions[] = "launch template versions";

v1::LaunchTemplate Render(const compute::LaunchTemplateView& view) {
  v1::LaunchTemplate rendered;
  rendered.set_launch_template_id(view.made.id.text());
  rendered.set_launch_template_name(view.made.name);
  rendered.set_create_time(gateway::RenderTime(view.made.created));
  rendered.set_created_by(view.made.created_by);
  rendered.set_default_version_number(view.made.default_version);
  rendered.set_latest_version_number(view.made.latest_version);
  *rendered.mutable_tags() = RenderTags(view.tags);
  rendered.mutable_operator_()->set_managed(false);
  return rendered;
}

v1::LaunchTemplateVersion Render(const compute::LaunchTemplateVersionView& view) {
  v1::LaunchTemplateVersion rendered;
  rendered.set_launch_template_id(view.of.id.text());
  rendered.set_launch_template_name(view.of.name);
  rendered.set_version_number(view.version.number);
  if (!view.version.description.empty()) rendered.set_version_description(view.version.description);
  rendered.set_create_time(gateway::RenderTime(view.version.created));
  rendered.set_created_by(view.version.created_by);
  rendered.set_default_version(view.version.number == view.of.default_version);
  *rendered.mutable_launch_template_data() = ShownData(view.version.spec);
  rendered.mutable_operator_()->set_managed(false);
  return rendered;
}

// Who makes a version; `request` has its client token.
template <typename Request>
absl::StatusOr<compute::LaunchTemplateAuthor> AuthorOf(const Settings& settings, const Request& request,
                                                       const Caller& caller) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token(), 128));
  const std::string root = Arn::Root(settings.account_id).text();
  return compute::LaunchTemplateAuthor{.arn = caller.arn.empty() ? root : caller.arn,
                                       .client_token = request.client_token(),
                                       .parameters_digest = gateway::ParametersDigest(request)};
}

// A template need not name an image that is there, but what it names must look like one, or be a parameter that is
// looked up at each launch.
absl::Status CheckImageName(const std::string& name) {
  if (name.empty() || absl::StartsWith(name, "resolve:ssm:")) return absl::OkStatus();
  return ImageId::Parse(name).status();
}

absl::StatusOr<v1::CreateLaunchTemplateResponse> CreateLaunchTemplate(const v1::CreateLaunchTemplateRequest& request,
                                                                      const Caller& caller,
                                                                      compute::LaunchTemplateService& templates,
                                                                      const Settings& settings) {
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), LaunchTemplateId::kKind));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateAuthor author, AuthorOf(settings, request, caller));
  LaunchTemplateVersion first;
  first.description = request.version_description();
  RETURN_IF_ERROR(CheckImageName(request.launch_template_data().image_id()));
  first.spec = SpecOf(request.launch_template_data());
  ASSIGN_OR_RETURN(const compute::LaunchTemplateView view,
                   templates.Create(request.launch_template_name(), std::move(first), tags, author));
  v1::CreateLaunchTemplateResponse response;
  *response.mutable_launch_template() = Render(view);
  return response;
}

absl::StatusOr<v1::CreateLaunchTemplateVersionResponse> CreateLaunchTemplateVersion(
    const v1::CreateLaunchTemplateVersionRequest& request, const Caller& caller,
    compute::LaunchTemplateService& templates, const Settings& settings) {
  ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(request.launch_template_id()));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateAuthor author, AuthorOf(settings, request, caller));
  LaunchTemplateVersion made;
  made.description = request.version_description();
  RETURN_IF_ERROR(CheckImageName(request.launch_template_data().image_id()));
  made.spec = SpecOf(request.launch_template_data());
  ASSIGN_OR_RETURN(const compute::LaunchTemplateVersionView view,
                   templates.CreateVersion(id, request.source_version(), made, author));
  v1::CreateLaunchTemplateVersionResponse response;
  *response.mutable_launch_template_version() = Render(view);
  return response;
}

absl::StatusOr<v1::DescribeLaunchTemplatesResponse> DescribeLaunchTemplates(
    const v1::DescribeLaunchTemplatesRequest& request, compute::LaunchTemplateService& launch_templates) {
  using Response = v1::DescribeLaunchTemplatesResponse;
  static const gateway::Listing<v1::LaunchTemplate, Response> listing = {
      "templates", &v1::LaunchTemplate::launch_template_id, &Response::mutable_launch_templates};
  const bool named = !request.launch_template_ids().empty() || !request.launch_template_names().empty();
  RETURN_IF_ERROR(gateway::CheckPaging(request, named, "launchTemplateId"));
  ASSIGN_OR_RETURN(std::vector<LaunchTemplateId> ids,
                   gateway::ParseIds<LaunchTemplateId>(request.launch_template_ids()));
  for (const std::string& name : request.launch_template_names()) {
    ASSIGN_OR_RETURN(ids.emplace_back(), launch_templates.FindByName(name));
  }
  ASSIGN_OR_RETURN(const auto views,
                   launch_templates.List(ids, TagsAskedFor(request.filters(), LaunchTemplateId::kKind.prefix)));
  std::vector<v1::LaunchTemplate> templates;
  templates.reserve(views.size());
  for (const compute::LaunchTemplateView& view : views) templates.push_back(Render(view));
  return gateway::Answer(listing, request, std::move(templates));
}

// "SEQ.NUMBER" of the last version shown.
absl::StatusOr<std::pair<int64_t, int64_t>> ParsePosition(const std::string& token) {
  if (token.empty()) return std::pair<int64_t, int64_t>(0, 0);
  ASSIGN_OR_RETURN(const std::string position, gateway::ParseToken(kVersions, token));
  const std::pair<std::string, std::string> parts = absl::StrSplit(position, absl::MaxSplits('.', 1));
  std::pair<int64_t, int64_t> last;
  if (absl::SimpleAtoi(parts.first, &last.first) && absl::SimpleAtoi(parts.second, &last.second)) return last;
  return gateway::InvalidToken();
}

absl::StatusOr<v1::DescribeLaunchTemplateVersionsResponse> DescribeLaunchTemplateVersions(
    const v1::DescribeLaunchTemplateVersionsRequest& request, compute::LaunchTemplateService& templates) {
  compute::LaunchTemplateVersionsRequest asked;
  ASSIGN_OR_RETURN(asked.id, gateway::ParseOptionalId<LaunchTemplateId>(request.launch_template_id()));
  asked.versions.assign(request.versions().begin(), request.versions().end());
  asked.from = request.min_version();
  asked.to = request.max_version();
  ASSIGN_OR_RETURN(asked.after, ParsePosition(request.next_token()));
  if (request.has_max_results()) asked.max_versions = request.max_results();
  ASSIGN_OR_RETURN(const auto matches, gateway::KeptBy(request));
  if (!request.filters().empty()) {
    asked.keep = [&](const compute::LaunchTemplateVersionView& view) { return matches(Render(view)); };
  }
  ASSIGN_OR_RETURN(const compute::LaunchTemplateVersionPage page, templates.ListVersions(asked));
  v1::DescribeLaunchTemplateVersionsResponse response;
  for (const compute::LaunchTemplateVersionView& view : page.versions) {
    *response.add_launch_template_versions() = Render(view);
  }
  if (page.more) {
    const compute::LaunchTemplateVersionView& last = page.versions.back();
    response.set_next_token(gateway::MakeToken(kVersions, absl::StrCat(last.of.seq, ".", last.version.number)));
  }
  return response;
}

absl::StatusOr<v1::DeleteLaunchTemplateVersionsResponse> DeleteLaunchTemplateVersions(
    const v1::DeleteLaunchTemplateVersionsRequest& request, compute::LaunchTemplateService& templates) {
  ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(request.launch_template_id()));
  ASSIGN_OR_RETURN(const auto deletions,
                   templates.DeleteVersions(id, {request.versions().begin(), request.versions().end()}));
  v1::DeleteLaunchTemplateVersionsResponse response;
  const auto render = [&](int64_t number, auto& item) {
    item.set_launch_template_id(deletions.of.id.text());
    item.set_launch_template_name(deletions.of.name);
    item.set_version_number(number);
  };
  for (const auto& [number, outcome] : deletions.versions) {
    if (outcome.ok()) {
      render(number, *response.add_successfully_deleted_launch_template_versions());
      continue;
    }
    auto& failed = *response.add_unsuccessfully_deleted_launch_template_versions();
    render(number, failed);
    failed.mutable_response_error()->set_code(absl::IsNotFound(outcome) ? "launchTemplateVersionDoesNotExist"
                                                                        : "unexpectedError");
    failed.mutable_response_error()->set_message(std::string(outcome.message()));
  }
  return response;
}

absl::StatusOr<v1::ModifyLaunchTemplateResponse> ModifyLaunchTemplate(const v1::ModifyLaunchTemplateRequest& request,
                                                                      compute::LaunchTemplateService& templates) {
  ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(request.launch_template_id()));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateView view, templates.SetDefault(id, request.default_version()));
  v1::ModifyLaunchTemplateResponse response;
  *response.mutable_launch_template() = Render(view);
  return response;
}

absl::StatusOr<v1::DeleteLaunchTemplateResponse> DeleteLaunchTemplate(const v1::DeleteLaunchTemplateRequest& request,
                                                                      compute::LaunchTemplateService& templates) {
  ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(request.launch_template_id()));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateView view, templates.Delete(id));
  v1::DeleteLaunchTemplateResponse response;
  *response.mutable_launch_template() = Render(view);
  return response;
}

}  // namespace

void AddLaunchTemplateActions(gateway::Actions& actions, compute::LaunchTemplateService& templates,
                              const Settings& settings) {
  // A description may name no template: it is then of all.
  const auto by_id = [&templates]<typename Request>(const Request& request) -> absl::StatusOr<std::optional<Request>> {
    constexpr bool kDescribes = std::is_same_v<Request, v1::DescribeLaunchTemplateVersionsRequest>;
    Request named = request;
    RETURN_IF_ERROR(NameTemplateById(named, !kDescribes, templates));
    return named;
  };
  actions.Add(CreateLaunchTemplate, templates, settings);
  actions.Add(CreateLaunchTemplateVersion, templates, settings).CompletedBy(by_id);
  actions.Add(DescribeLaunchTemplates, templates);
  actions.Add(DescribeLaunchTemplateVersions, templates).CompletedBy(by_id);
  actions.Add(ModifyLaunchTemplate, templates).CompletedBy(by_id);
  actions.Add(DeleteLaunchTemplate, templates).CompletedBy(by_id);
  actions.Add(DeleteLaunchTemplateVersions, templates).CompletedBy(by_id);
}

}  // namespace brume::ec2
