#include "lib/ec2/compute/api/launch_template_data.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/run_request.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/error_texts.h"
#include "lib/schema/message_fields.h"

namespace brume::ec2 {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What is required of the call and its template together, so that the schema cannot require it of the call.
absl::Status CheckComplete(const v1::RunInstancesRequest& whole) {
  if (!whole.image_id().empty()) return absl::OkStatus();
  return ec2::Error(ec2::kMissingParameter, "imageId");
}

}  // namespace

absl::Status NameTemplateById(Message& message, bool must_name, compute::LaunchTemplateService& templates) {
  const FieldDescriptor* const id_field = message.GetDescriptor()->FindFieldByName("launch_template_id");
  const FieldDescriptor* const name_field = message.GetDescriptor()->FindFieldByName("launch_template_name");
  const Reflection& reflection = *message.GetReflection();
  const std::string name = reflection.GetString(message, name_field);
  const bool has_id = !reflection.GetString(message, id_field).empty();
  if (has_id && !name.empty()) {
    return ec2::Error("InvalidParameterCombination",
                      "A launch template is named by launchTemplateId or by launchTemplateName, not by both");
  }
  if (!name.empty()) {
    ASSIGN_OR_RETURN(const LaunchTemplateId id, templates.FindByName(name));
    reflection.SetString(&message, id_field, id.text());
    reflection.ClearField(&message, name_field);
  } else if (!has_id && must_name) {
    return ec2::Error(ec2::kMissingParameter, "launchTemplateId or launchTemplateName");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<v1::RunInstancesRequest>> WithLaunchTemplate(const v1::RunInstancesRequest& request,
                                                                          compute::LaunchTemplateService& templates) {
  if (!request.has_launch_template()) {
    RETURN_IF_ERROR(CheckComplete(request));
    return std::nullopt;
  }
  v1::LaunchTemplateSpecification named = request.launch_template();
  RETURN_IF_ERROR(NameTemplateById(named, /*must_name=*/true, templates));
  ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(named.launch_template_id()));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateVersionView view, templates.Resolve(id, named.version()));
  named.set_version(absl::StrCat(view.version.number));

  v1::RunInstancesRequest whole = request;
  const compute::LaunchSpec merged = compute::Merge(view.version.spec, SpecOf(request));
  RETURN_IF_ERROR(compute::CheckNoRequirements(merged));
  schema::WriteFields(merged, whole);
  *whole.mutable_launch_template() = std::move(named);
  RETURN_IF_ERROR(CheckComplete(whole));
  return whole;
}

compute::LaunchSpec SpecOf(const v1::RequestLaunchTemplateData& data) {
  compute::LaunchSpec spec;
  schema::ReadFields(data, spec);
  return spec;
}

v1::ResponseLaunchTemplateData ShownData(const compute::LaunchSpec& kept) {
  v1::ResponseLaunchTemplateData shown;
  schema::WriteFields(kept, shown);
  return shown;
}

}  // namespace brume::ec2
