#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "lib/api/handlers.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/launch_template_data.h"
#include "lib/ec2/compute/launch_template_service.h"
#include "lib/ec2/messages/tag_messages.h"
#include "lib/gateway/filter_values.h"
#include "lib/gateway/listing.h"
#include "lib/gateway/parameters.h"
#include "lib/gateway/time_text.h"
#include "lib/resource/arn.h"
#include "lib/resource/ec2_error.h"

namespace brume::ec2 {
namespace {

constexpr char kService[] = "brume.ec2.v1.LaunchTemplates";
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
  return rendered;
}

absl::StatusOr<v1::LaunchTemplateVersion> Render(const compute::LaunchTemplateVersionView& view) {
  v1::LaunchTemplateVersion rendered;
  rendered.set_launch_template_id(view.of.id.text());
  rendered.set_launch_template_name(view.of.name);
  rendered.set_version_number(view.version.number);
  if (!view.version.description.empty()) rendered.set_version_description(view.version.description);
  rendered.set_create_time(gateway::RenderTime(view.version.created));
  rendered.set_created_by(view.version.created_by);
  rendered.set_default_version(view.version.number == view.of.default_version);
  ASSIGN_OR_RETURN(*rendered.mutable_launch_template_data(), ShownData(view.version.data));
  return rendered;
}

// Who makes a version; `request` has its client token.
template <typename Request>
absl::StatusOr<compute::LaunchTemplateAuthor> AuthorOf(const api::Services& services, const Request& request,
                                                       const Caller& caller) {
  RETURN_IF_ERROR(gateway::CheckClientToken(request.client_token(), 128));
  const std::string root = Arn::Root(services.settings.account_id).text();
  return compute::LaunchTemplateAuthor{.arn = caller.arn.empty() ? root : caller.arn,
                                       .client_token = request.client_token(),
                                       .parameters_digest = gateway::ParametersDigest(request)};
}

absl::StatusOr<v1::CreateLaunchTemplateResponse> Create(const api::Services& services,
                                                        const v1::CreateLaunchTemplateRequest& request,
                                                        const Caller& caller) {
  ASSIGN_OR_RETURN(const TagMap tags, ParseTags(request.tag_specifications(), LaunchTemplateId::kKind));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateAuthor author, AuthorOf(services, request, caller));
  LaunchTemplateVersion first;
  first.description = request.version_description();
  ASSIGN_OR_RETURN(first.data, MergedData("", request.launch_template_data()));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateView view,
                   services.launch_templates.Create(request.launch_template_name(), std::move(first), tags, author));
  v1::CreateLaunchTemplateResponse response;
  *response.mutable_launch_template() = Render(view);
  return response;
}

absl::StatusOr<v1::CreateLaunchTemplateVersionResponse> CreateVersion(
    const api::Services& services, const v1::CreateLaunchTemplateVersionRequest& request, const Caller& caller) {
  ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(request.launch_template_id()));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateAuthor author, AuthorOf(services, request, caller));
  const auto merge = [&](const std::string& source) { return MergedData(source, request.launch_template_data()); };
  ASSIGN_OR_RETURN(const compute::LaunchTemplateVersionView view,
                   services.launch_templates.CreateVersion(id, request.source_version(), request.version_description(),
                                                           merge, author));
  v1::CreateLaunchTemplateVersionResponse response;
  ASSIGN_OR_RETURN(*response.mutable_launch_template_version(), Render(view));
  return response;
}

absl::StatusOr<v1::DescribeLaunchTemplatesResponse> Describe(const api::Services& services,
                                                             const v1::DescribeLaunchTemplatesRequest& request) {
  using T = v1::LaunchTemplate;
  static const gateway::FilterTable<T> filters(
      {
          {"create-time", gateway::One<T>([](const T& t) { return t.create_time(); })},
          {"launch-template-name", gateway::One<T>([](const T& t) { return t.launch_template_name(); })},
      },
      [](const T& t) { return TagsOf(t.tags()); });
  gateway::Names ids = request.launch_template_ids();
  const bool named = !ids.empty() || !request.launch_template_names().empty();
  RETURN_IF_ERROR(gateway::CheckPaging(request, named, "launchTemplateId"));
  for (const std::string& name : request.launch_template_names()) {
    ASSIGN_OR_RETURN(const LaunchTemplateId id, services.launch_templates.FindByName(name));
    *ids.Add() = id.text();
  }
  ASSIGN_OR_RETURN(const auto views, services.launch_templates.List());
  std::vector<T> templates;
  for (const compute::LaunchTemplateView& view : views) templates.push_back(Render(view));
  const auto key = [](const T& t) { return t.launch_template_id(); };
  RETURN_IF_ERROR(gateway::Select<LaunchTemplateId>(ids, templates, key));
  v1::DescribeLaunchTemplatesResponse response;
  ASSIGN_OR_RETURN(templates,
                   gateway::FilteredPage("templates", std::move(templates), filters, request, response, key));
  for (T& one : templates) *response.add_launch_templates() = std::move(one);
  return response;
}

const gateway::FilterTable<v1::LaunchTemplateVersion>& VersionFilters() {
  using V = v1::LaunchTemplateVersion;
  using Data = v1::ResponseLaunchTemplateData;
  // A parameter that a version does not have matches nothing.
  const auto text = [](bool (Data::*has)() const, const std::string& (Data::*get)() const) {
    return [has, get](const V& v, const gateway::ValueSink& sink) {
      if ((v.launch_template_data().*has)()) sink((v.launch_template_data().*get)());
    };
  };
  static const gateway::FilterTable<V> table({
      {"create-time", gateway::One<V>([](const V& v) { return v.create_time(); })},
      {"ebs-optimized",
       [](const V& v, const gateway::ValueSink& sink) {
         if (v.launch_template_data().has_ebs_optimized())
           sink(gateway::FilterText(v.launch_template_data().ebs_optimized()));
       }},
      {"http-endpoint",
       [](const V& v, const gateway::ValueSink& sink) {
         const auto& options = v.launch_template_data().metadata_options();
         if (options.has_http_endpoint()) sink(options.http_endpoint());
       }},
      {"http-tokens",
       [](const V& v, const gateway::ValueSink& sink) {
         const auto& options = v.launch_template_data().metadata_options();
         if (options.has_http_tokens()) sink(options.http_tokens());
       }},
      {"iam-instance-profile",
       [](const V& v, const gateway::ValueSink& sink) {
         const auto& profile = v.launch_template_data().iam_instance_profile();
         if (profile.has_arn()) sink(profile.arn());
       }},
      {"image-id", text(&Data::has_image_id, &Data::image_id)},
      {"instance-type", text(&Data::has_instance_type, &Data::instance_type)},
      {"is-default-version", gateway::One<V>([](const V& v) { return v.default_version(); })},
      {"host-resource-group-arn", gateway::Nothing<V>()},
      {"http-protocol-ipv4", gateway::Nothing<V>()},
      {"kernel-id", gateway::Nothing<V>()},
      {"license-configuration-arn", gateway::Nothing<V>()},
      {"network-card-index", gateway::Nothing<V>()},
      {"ram-disk-id", gateway::Nothing<V>()},
  });
  return table;
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

absl::StatusOr<v1::DescribeLaunchTemplateVersionsResponse> DescribeVersions(
    const api::Services& services, const v1::DescribeLaunchTemplateVersionsRequest& request) {
  compute::LaunchTemplateVersionsRequest asked;
  ASSIGN_OR_RETURN(asked.id, gateway::ParseOptionalId<LaunchTemplateId>(request.launch_template_id()));
  asked.versions.assign(request.versions().begin(), request.versions().end());
  asked.from = request.min_version();
  asked.to = request.max_version();
  ASSIGN_OR_RETURN(asked.after, ParsePosition(request.next_token()));
  if (request.has_max_results()) asked.most = request.max_results();
  ASSIGN_OR_RETURN(const auto matches, VersionFilters().Compile(request.filters()));
  absl::Status damaged;
  if (!request.filters().empty()) {
    asked.keep = [&](const compute::LaunchTemplateVersionView& view) {
      const absl::StatusOr<v1::LaunchTemplateVersion> rendered = Render(view);
      if (!rendered.ok()) damaged = rendered.status();
      return rendered.ok() && matches(*rendered);
    };
  }
  ASSIGN_OR_RETURN(const compute::LaunchTemplateVersionPage page, services.launch_templates.ListVersions(asked));
  RETURN_IF_ERROR(damaged);
  v1::DescribeLaunchTemplateVersionsResponse response;
  for (const compute::LaunchTemplateVersionView& view : page.versions) {
    ASSIGN_OR_RETURN(*response.add_launch_template_versions(), Render(view));
  }
  if (page.more) {
    const compute::LaunchTemplateVersionView& last = page.versions.back();
    response.set_next_token(gateway::MakeToken(kVersions, absl::StrCat(last.of.seq, ".", last.version.number)));
  }
  return response;
}

absl::StatusOr<v1::DeleteLaunchTemplateVersionsResponse> DeleteVersions(
    const api::Services& services, const v1::DeleteLaunchTemplateVersionsRequest& request) {
  ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(request.launch_template_id()));
  ASSIGN_OR_RETURN(const auto deletions, services.launch_templates.DeleteVersions(
                                             id, {request.versions().begin(), request.versions().end()}));
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

}  // namespace

void AddLaunchTemplateHandlers(gateway::Dispatcher& dispatcher, const api::Services& services) {
  dispatcher.Handle<v1::CreateLaunchTemplateRequest, v1::CreateLaunchTemplateResponse>(
      kService, "CreateLaunchTemplate",
      [services](const v1::CreateLaunchTemplateRequest& request, const Caller& caller) {
        return Create(services, request, caller);
      });
  dispatcher.Handle<v1::CreateLaunchTemplateVersionRequest, v1::CreateLaunchTemplateVersionResponse>(
      kService, "CreateLaunchTemplateVersion",
      [services](const v1::CreateLaunchTemplateVersionRequest& request, const Caller& caller) {
        return CreateVersion(services, request, caller);
      });
  dispatcher.Handle<v1::DescribeLaunchTemplatesRequest, v1::DescribeLaunchTemplatesResponse>(
      kService, "DescribeLaunchTemplates",
      [services](const v1::DescribeLaunchTemplatesRequest& request, const Caller&) {
        return Describe(services, request);
      });
  dispatcher.Handle<v1::DescribeLaunchTemplateVersionsRequest, v1::DescribeLaunchTemplateVersionsResponse>(
      kService, "DescribeLaunchTemplateVersions",
      [services](const v1::DescribeLaunchTemplateVersionsRequest& request, const Caller&) {
        return DescribeVersions(services, request);
      });
  dispatcher.Handle<v1::ModifyLaunchTemplateRequest, v1::ModifyLaunchTemplateResponse>(
      kService, "ModifyLaunchTemplate",
      [services](const v1::ModifyLaunchTemplateRequest& request,
                 const Caller&) -> absl::StatusOr<v1::ModifyLaunchTemplateResponse> {
        ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(request.launch_template_id()));
        ASSIGN_OR_RETURN(const auto view, services.launch_templates.SetDefault(id, request.default_version()));
        v1::ModifyLaunchTemplateResponse response;
        *response.mutable_launch_template() = Render(view);
        return response;
      });
  dispatcher.Handle<v1::DeleteLaunchTemplateRequest, v1::DeleteLaunchTemplateResponse>(
      kService, "DeleteLaunchTemplate",
      [services](const v1::DeleteLaunchTemplateRequest& request,
                 const Caller&) -> absl::StatusOr<v1::DeleteLaunchTemplateResponse> {
        ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(request.launch_template_id()));
        ASSIGN_OR_RETURN(const auto view, services.launch_templates.Delete(id));
        v1::DeleteLaunchTemplateResponse response;
        *response.mutable_launch_template() = Render(view);
        return response;
      });
  dispatcher.Handle<v1::DeleteLaunchTemplateVersionsRequest, v1::DeleteLaunchTemplateVersionsResponse>(
      kService, "DeleteLaunchTemplateVersions",
      [services](const v1::DeleteLaunchTemplateVersionsRequest& request, const Caller&) {
        return DeleteVersions(services, request);
      });
}

}  // namespace brume::ec2
