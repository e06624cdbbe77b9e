#include "lib/ec2/compute/api/launch_template_data.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/api/run_request.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/message_fields.h"

namespace brume::ec2 {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The fields of a message by which it names one template.
struct NamingFields {
  const FieldDescriptor* id;
  const FieldDescriptor* name;
  explicit NamingFields(const Message& message)
      : id(message.GetDescriptor()->FindFieldByName("launch_template_id")),
        name(message.GetDescriptor()->FindFieldByName("launch_template_name")) {}
};

// Puts the id where the name is.
absl::Status NameById(Message& message, compute::LaunchTemplateService& templates) {
  const NamingFields fields(message);
  const Reflection& reflection = *message.GetReflection();
  const std::string name = reflection.GetString(message, fields.name);
  const bool has_id = !reflection.GetString(message, fields.id).empty();
  if (has_id && !name.empty()) {
    return ec2::Error("InvalidParameterCombination",
                      "A launch template is named by launchTemplateId or by launchTemplateName, not by both");
  }
  if (!name.empty()) {
    ASSIGN_OR_RETURN(const LaunchTemplateId id, templates.FindByName(name));
    reflection.SetString(&message, fields.id, id.text());
    reflection.ClearField(&message, fields.name);
  } else if (!has_id && message.GetDescriptor() != v1::DescribeLaunchTemplateVersionsRequest::descriptor()) {
    return ec2::Error("MissingParameter",
                      "The request must contain the parameter launchTemplateId or launchTemplateName");
  }
  return absl::OkStatus();
}

// What is required of the call and its template together, so that the schema cannot require it of the call.
absl::Status CheckComplete(const v1::RunInstancesRequest& whole) {
  if (!whole.image_id().empty()) return absl::OkStatus();
  return ec2::Error("MissingParameter", "The request must contain the parameter imageId");
}

absl::StatusOr<std::unique_ptr<Message>> FromTemplate(const v1::RunInstancesRequest& request,
                                                      compute::LaunchTemplateService& templates) {
  v1::LaunchTemplateSpecification named = request.launch_template();
  RETURN_IF_ERROR(NameById(named, templates));
  ASSIGN_OR_RETURN(const LaunchTemplateId id, LaunchTemplateId::Parse(named.launch_template_id()));
  ASSIGN_OR_RETURN(const compute::LaunchTemplateVersionView view, templates.Resolve(id, named.version()));
  named.set_version(absl::StrCat(view.version.number));

  auto whole = std::make_unique<v1::RunInstancesRequest>(request);
  schema::WriteFields(compute::Merge(view.version.spec, SpecOf(request)), *whole);
  *whole->mutable_launch_template() = std::move(named);
  RETURN_IF_ERROR(CheckComplete(*whole));
  return whole;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Message>> WithLaunchTemplate(const Message& request,
                                                            compute::LaunchTemplateService& templates) {
  if (request.GetDescriptor() == v1::RunInstancesRequest::descriptor()) {
    const auto& run = static_cast<const v1::RunInstancesRequest&>(request);
    if (run.has_launch_template()) return FromTemplate(run, templates);
    RETURN_IF_ERROR(CheckComplete(run));
    return nullptr;
  }
  const NamingFields fields(request);
  if (fields.id == nullptr || fields.name == nullptr) return nullptr;
  std::unique_ptr<Message> named(request.New());
  named->CopyFrom(request);
  RETURN_IF_ERROR(NameById(*named, templates));
  return named;
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
