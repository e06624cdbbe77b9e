#include "lib/ec2/compute/launch_template_service.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/model/user_data.h"
#include "lib/ec2/compute/tables/launch_template_table.h"
#include "lib/ec2/tagging/tag_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/resource/tags.h"

namespace brume::compute {
namespace {

constexpr char kLatest[] = "$Latest";
constexpr char kDefault[] = "$Default";
// Of one version. Tags alone could fill a request of 1 MiB, and 10,000 versions of it the disk.
constexpr size_t kMaxSpecBytes = 64 * 1024;

std::string Shown(absl::string_view text) { return absl::CHexEscape(text.substr(0, 128)); }

absl::Status CheckTemplateName(absl::string_view name) {
  const bool good = name.size() >= 3 && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
                      return absl::ascii_isalnum(c) || absl::string_view("().-/_").find(c) != absl::string_view::npos;
                    });
  if (good) return absl::OkStatus();
  return ec2::Error("InvalidLaunchTemplateName.MalformedException",
                    absl::StrCat("The launch template name '", Shown(name),
                                 "' is not valid: 3 to 128 letters, digits and ( ) . / _ -"));
}

absl::Status CheckRequirements(const LaunchSpec& spec) {
  if (spec.instance_type.has_value()) {
    return ec2::Error("InvalidParameterCombination", "InstanceType and InstanceRequirements cannot be given together");
  }
  const InstanceRequirements& wanted = *spec.instance_requirements;
  if (wanted.allowed_instance_types.empty() || wanted.excluded_instance_types.empty()) return absl::OkStatus();
  return ec2::Error("InvalidParameterCombination",
                    "AllowedInstanceTypes and ExcludedInstanceTypes cannot be given together");
}

absl::Status CheckSpec(const LaunchSpec& spec) {
  if (const absl::Status data = DecodeUserData(spec.user_data.value_or("")).status(); !data.ok()) {
    return ec2::Error("InvalidUserData.Malformed", data.message());
  }
  if (spec.instance_requirements.has_value()) RETURN_IF_ERROR(CheckRequirements(spec));
  if (TextBytes(spec) <= kMaxSpecBytes) return absl::OkStatus();
  return ec2::Error("InvalidParameterValue", absl::StrCat("The launch template data is too long: at most ",
                                                          kMaxSpecBytes, " bytes are kept of a version"));
}

absl::Status VersionNotFound(const LaunchTemplateId& id, absl::string_view version) {
  return ec2::Error("InvalidLaunchTemplateId.VersionNotFound",
                    absl::StrCat("The launch template '", id.text(), "' has no version ", version));
}

absl::StatusOr<int64_t> ParseNumber(absl::string_view version) {
  int64_t number = 0;
  if (absl::SimpleAtoi(version, &number) && number > 0) return number;
  return ec2::Error("InvalidParameterValue", absl::StrCat("'", Shown(version),
                                                          "' is not a valid launch template version: it must be a "
                                                          "number, $Latest or $Default"));
}

absl::StatusOr<int64_t> NumberOf(const LaunchTemplate& of, const std::string& version) {
  if (version.empty() || version == kDefault) return of.default_version;
  if (version == kLatest) return of.latest_version;
  return ParseNumber(version);
}

absl::StatusOr<LaunchTemplateVersion> FindVersion(store::Connection& c, const LaunchTemplate& of,
                                                  const std::string& version) {
  ASSIGN_OR_RETURN(const int64_t number, NumberOf(of, version));
  ASSIGN_OR_RETURN(std::optional<LaunchTemplateVersion> found, LaunchTemplateTable(c).FindVersion(of.id, number));
  if (!found.has_value()) return VersionNotFound(of.id, absl::StrCat(number));
  return *std::move(found);
}

absl::StatusOr<LaunchTemplateView> ViewOf(store::Connection& c, const LaunchTemplateId& id) {
  LaunchTemplateView view;
  ASSIGN_OR_RETURN(view.made, LaunchTemplateTable(c).Get(id));
  ASSIGN_OR_RETURN(view.tags, tagging::GetTags(c, id.text()));
  return view;
}

// What this call made before, by its token.
absl::StatusOr<std::optional<LaunchTemplateTokenUse>> EarlierUse(store::Connection& c,
                                                                 const LaunchTemplateAuthor& author, bool first) {
  if (author.client_token.empty()) return std::optional<LaunchTemplateTokenUse>();
  ASSIGN_OR_RETURN(auto use, LaunchTemplateTable(c).FindToken(author.client_token, first));
  if (use.has_value() && use->parameters_digest != author.parameters_digest) {
    return ec2::ErrorAnd(absl::StrCat("The client token is '", Shown(author.client_token), "'."), ec2::kTokenReused);
  }
  return use;
}

}  // namespace

absl::StatusOr<LaunchTemplate> GetLaunchTemplate(store::Connection& c, const LaunchTemplateId& id) {
  return LaunchTemplateTable(c).Get(id);
}

absl::StatusOr<std::optional<LaunchTemplateVersion>> FindLaunchTemplateVersion(store::Connection& c,
                                                                               const LaunchTemplateId& id,
                                                                               int64_t number) {
  return LaunchTemplateTable(c).FindVersion(id, number);
}

absl::StatusOr<LaunchTemplateView> LaunchTemplateService::Create(const std::string& name, LaunchTemplateVersion first,
                                                                 const TagMap& tags,
                                                                 const LaunchTemplateAuthor& author) {
  RETURN_IF_ERROR(CheckTemplateName(name));
  RETURN_IF_ERROR(CheckTags(tags));
  RETURN_IF_ERROR(CheckSpec(first.spec));
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<LaunchTemplateView> {
    ASSIGN_OR_RETURN(const auto use, EarlierUse(c, author, true));
    if (use.has_value()) return ViewOf(c, use->template_id);
    LaunchTemplateTable templates(c);
    ASSIGN_OR_RETURN(const std::optional<LaunchTemplate> taken, templates.FindByName(name));
    if (taken.has_value()) {
      return ec2::ErrorAnd(absl::StrCat("It is '", name, "'."), ec2::kTemplateNameInUse);
    }
    ASSIGN_OR_RETURN(const int64_t count, templates.Count());
    if (count >= kMaxLaunchTemplates) {
      return ec2::Error("LaunchTemplateLimitExceeded",
                        absl::StrCat("There can be at most ", kMaxLaunchTemplates, " launch templates"));
    }
    LaunchTemplate made;
    made.id = LaunchTemplateId::New(random_);
    made.name = name;
    made.created = first.created = clock_.Now();
    made.created_by = first.created_by = author.arn;
    RETURN_IF_ERROR(templates.Insert(made));
    RETURN_IF_ERROR(templates.InsertVersion(made.id, first, author.client_token, author.parameters_digest));
    RETURN_IF_ERROR(tagging::SetTags(c, made.id.text(), tags));
    return ViewOf(c, made.id);
  });
}

absl::StatusOr<LaunchTemplateVersionView> LaunchTemplateService::CreateVersion(const LaunchTemplateId& id,
                                                                               const std::string& source,
                                                                               const LaunchTemplateVersion& made,
                                                                               const LaunchTemplateAuthor& author) {
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<LaunchTemplateVersionView> {
    LaunchTemplateTable templates(c);
    LaunchTemplateVersionView view;
    ASSIGN_OR_RETURN(view.of, templates.Get(id));
    ASSIGN_OR_RETURN(const auto use, EarlierUse(c, author, false));
    if (use.has_value()) {
      ASSIGN_OR_RETURN(view.version, FindVersion(c, view.of, absl::StrCat(use->number)));
      return view;
    }
    view.version = made;
    if (!source.empty()) {
      ASSIGN_OR_RETURN(LaunchTemplateVersion from, FindVersion(c, view.of, source));
      view.version.spec = Override(std::move(from.spec), made.spec);
    }
    RETURN_IF_ERROR(CheckSpec(view.version.spec));
    ASSIGN_OR_RETURN(const int64_t count, templates.CountVersions(id));
    if (count >= kMaxLaunchTemplateVersions) {
      return ec2::Error("LaunchTemplateVersionLimitExceeded",
                        absl::StrCat("A launch template can have at most ", kMaxLaunchTemplateVersions, " versions"));
    }
    view.version.created = clock_.Now();
    view.version.created_by = author.arn;
    RETURN_IF_ERROR(templates.InsertVersion(id, view.version, author.client_token, author.parameters_digest));
    return view;
  });
}

absl::StatusOr<std::vector<LaunchTemplateView>> LaunchTemplateService::List(
    absl::Span<const LaunchTemplateId> ids, const std::optional<tagging::TagQuery>& tags) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<std::vector<LaunchTemplateView>> {
    LaunchTemplateTable table(c);
    ASSIGN_OR_RETURN(
        std::vector<LaunchTemplate> rows,
        tagging::ChooseRows<LaunchTemplateId>(
            c, ids, tags, [&](const LaunchTemplateId& id) { return table.Get(id); }, [&] { return table.List(); }));
    return tagging::WithTags(c, std::move(rows), &LaunchTemplateView::made);
  });
}

absl::StatusOr<LaunchTemplateVersionPage> LaunchTemplateService::ListVersions(
    const LaunchTemplateVersionsRequest& request) {
  LaunchTemplateVersionQuery query{.id = request.id, .numbers = {}, .from = {}, .to = {}};
  for (const std::string& version : request.versions) {
    if (version == kLatest) {
      query.latest = true;
    } else if (version == kDefault) {
      query.default_version = true;
    } else {
      ASSIGN_OR_RETURN(const int64_t number, ParseNumber(version));
      query.numbers.push_back(number);
    }
  }
  if (!request.id.has_value()) {
    if (request.versions.empty() || !query.numbers.empty() || !request.from.empty() || !request.to.empty()) {
      return ec2::Error("MissingParameter",
                        "The request must contain the parameter launchTemplateId or launchTemplateName, or ask for the "
                        "versions $Latest or $Default of all launch templates");
    }
  }
  if (!request.versions.empty() && !(request.from.empty() && request.to.empty())) {
    return ec2::Error("InvalidParameterCombination", "Versions cannot be given together with a range of versions");
  }
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<LaunchTemplateVersionPage> {
    LaunchTemplateTable templates(c);
    if (request.id.has_value()) {
      ASSIGN_OR_RETURN(const LaunchTemplate of, templates.Get(*request.id));
      for (const int64_t number : query.numbers) {
        RETURN_IF_ERROR(FindVersion(c, of, absl::StrCat(number)).status());
      }
      if (!request.from.empty()) {
        ASSIGN_OR_RETURN(query.from, NumberOf(of, request.from));
      }
      if (!request.to.empty()) {
        ASSIGN_OR_RETURN(query.to, NumberOf(of, request.to));
      }
    }
    LaunchTemplateVersionPage page;
    const auto [last_seq, last_number] = request.after;
    const auto take = [&, last_seq = last_seq, last_number = last_number](LaunchTemplate& of,
                                                                          LaunchTemplateVersion& version) {
      if (page.more || of.seq < last_seq || (of.seq == last_seq && version.number >= last_number)) return;
      LaunchTemplateVersionView view{.of = std::move(of), .version = std::move(version)};
      if (request.keep && !request.keep(view)) return;
      if (page.versions.size() == request.max_versions) {
        page.more = true;
      } else {
        page.versions.push_back(std::move(view));
      }
    };
    RETURN_IF_ERROR(templates.ForEachVersion(query, take));
    return page;
  });
}

absl::StatusOr<LaunchTemplateVersionView> LaunchTemplateService::Resolve(const LaunchTemplateId& id,
                                                                         const std::string& version) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<LaunchTemplateVersionView> {
    LaunchTemplateVersionView view;
    ASSIGN_OR_RETURN(view.of, LaunchTemplateTable(c).Get(id));
    ASSIGN_OR_RETURN(view.version, FindVersion(c, view.of, version));
    return view;
  });
}

absl::StatusOr<LaunchTemplateId> LaunchTemplateService::FindByName(const std::string& name) {
  return database_.ReadFor([&](store::Connection& c) -> absl::StatusOr<LaunchTemplateId> {
    ASSIGN_OR_RETURN(std::optional<LaunchTemplate> found, LaunchTemplateTable(c).FindByName(name));
    if (found.has_value()) return std::move(found->id);
    return ec2::Error(ec2::kTemplateNameNotFound, Shown(name));
  });
}

absl::StatusOr<LaunchTemplateView> LaunchTemplateService::SetDefault(const LaunchTemplateId& id,
                                                                     const std::string& version) {
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<LaunchTemplateView> {
    LaunchTemplateTable templates(c);
    ASSIGN_OR_RETURN(const LaunchTemplate of, templates.Get(id));
    ASSIGN_OR_RETURN(const LaunchTemplateVersion found, FindVersion(c, of, version));
    RETURN_IF_ERROR(templates.SetDefault(id, found.number));
    return ViewOf(c, id);
  });
}

absl::StatusOr<LaunchTemplateView> LaunchTemplateService::Delete(const LaunchTemplateId& id) {
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<LaunchTemplateView> {
    ASSIGN_OR_RETURN(LaunchTemplateView view, ViewOf(c, id));
    RETURN_IF_ERROR(LaunchTemplateTable(c).Delete(id));
    return view;
  });
}

absl::StatusOr<LaunchTemplateService::Deletions> LaunchTemplateService::DeleteVersions(
    const LaunchTemplateId& id, const std::vector<std::string>& versions) {
  return database_.WriteFor([&](store::Connection& c) -> absl::StatusOr<Deletions> {
    LaunchTemplateTable templates(c);
    Deletions deletions;
    ASSIGN_OR_RETURN(deletions.of, templates.Get(id));
    for (const std::string& version : versions) {
      if (version == kLatest || version == kDefault) {
        return ec2::Error("InvalidParameterValue",
                          absl::StrCat("'", version, "' cannot be deleted: name versions by their numbers"));
      }
      ASSIGN_OR_RETURN(const int64_t number, ParseNumber(version));
      ASSIGN_OR_RETURN(const auto found, templates.FindVersion(id, number));
      absl::Status outcome;
      if (!found.has_value()) {
        outcome = absl::NotFoundError(absl::StrCat("The launch template '", id.text(), "' has no version ", number));
      } else if (number == deletions.of.default_version) {
        outcome = absl::FailedPreconditionError("The default version cannot be deleted: make another one the default");
      } else {
        RETURN_IF_ERROR(templates.DeleteVersion(id, number));
      }
      deletions.versions.emplace_back(number, std::move(outcome));
    }
    return deletions;
  });
}

}  // namespace brume::compute
