#include "cli/api_schema.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "brume/rpc/v1/options.pb.h"
#include "cli/spelling.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "lib/base/status_macros.h"

namespace brume::cli {

namespace pb = google::protobuf;

namespace {

// As the aws command line calls the service: "iam", "cloudwatch".
std::string FamilyName(rpc::v1::ApiFamily family) {
  const pb::EnumValueOptions& options = rpc::v1::ApiFamily_descriptor()->FindValueByNumber(family)->options();
  const std::string& name = options.GetExtension(rpc::v1::service_name);
  return name.empty() ? options.GetExtension(rpc::v1::signing_name) : name;
}

// The actions of a file, without their descriptors.
absl::Status ListActions(const EncodedFile& file, std::vector<ApiAction>& listed) {
  for (const absl::string_view bytes : file.services) {
    pb::ServiceDescriptorProto service;
    if (!service.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return absl::InternalError(absl::StrCat("the schema's ", file.name, " is damaged"));
    }
    const rpc::v1::ApiFamily family = service.options().GetExtension(rpc::v1::api_family);
    if (family == rpc::v1::API_FAMILY_UNSPECIFIED) continue;
    for (const pb::MethodDescriptorProto& method : service.method()) {
      if (method.client_streaming() || method.server_streaming()) continue;
      listed.push_back({.name = KebabFromCamel(method.name()),
                        .api_name = method.name(),
                        .paginated = method.options().GetExtension(rpc::v1::paginated),
                        .wait_state = method.options().GetExtension(rpc::v1::wait_state),
                        .family = FamilyName(family),
                        .family_number = family,
                        .full_name = absl::StrCat(file.package, ".", service.name(), ".", method.name())});
    }
  }
  return absl::OkStatus();
}

}  // namespace

struct Schema::Parts {
  // Of a schema that is not the one this program's messages are generated from.
  pb::DescriptorPool own_pool;
  pb::DynamicMessageFactory own_factory{&own_pool};

  const pb::DescriptorPool* pool = nullptr;
  pb::MessageFactory* factory = nullptr;
  std::vector<ApiAction> actions;

  // Its descriptor is found when it is first asked for.
  const ApiAction* Complete(ApiAction* action) const {
    if (action != nullptr && action->method == nullptr) action->method = pool->FindMethodByName(action->full_name);
    return action;
  }
};

Schema::Schema() : parts_(std::make_unique<Parts>()) {}
Schema::~Schema() = default;

const pb::DescriptorPool& Schema::pool() const { return *parts_->pool; }

absl::Status Schema::List(const std::vector<EncodedFile>& files) {
  // Extensions are recognised by the generated options.pb.cc, which the linker keeps only if something names it.
  rpc::v1::ApiFamily_descriptor();
  for (const EncodedFile& file : files) RETURN_IF_ERROR(ListActions(file, parts_->actions));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Schema>> Schema::Parse(absl::string_view descriptor_set) {
  ASSIGN_OR_RETURN(const std::vector<EncodedFile> files, SplitDescriptorSet(descriptor_set));
  std::unique_ptr<Schema> schema(new Schema());
  for (const EncodedFile& file : files) {
    pb::FileDescriptorProto parsed;
    if (!parsed.ParseFromArray(file.bytes.data(), static_cast<int>(file.bytes.size())) ||
        schema->parts_->own_pool.BuildFile(parsed) == nullptr) {
      return absl::InternalError(absl::StrCat("the schema's ", file.name, " does not build"));
    }
  }
  schema->parts_->pool = &schema->parts_->own_pool;
  schema->parts_->factory = &schema->parts_->own_factory;
  RETURN_IF_ERROR(schema->List(files));
  return schema;
}

absl::StatusOr<std::unique_ptr<Schema>> Schema::Generated() {
  ASSIGN_OR_RETURN(const std::vector<EncodedFile> files, SplitDescriptorSet(EmbeddedDescriptorSet()));
  std::unique_ptr<Schema> schema(new Schema());
  schema->parts_->pool = pb::DescriptorPool::generated_pool();
  schema->parts_->factory = pb::MessageFactory::generated_factory();
  RETURN_IF_ERROR(schema->List(files));
  return schema;
}

const std::vector<ApiAction>& Schema::actions() const {
  for (ApiAction& action : parts_->actions) parts_->Complete(&action);
  return parts_->actions;
}

const ApiAction* Schema::FindAction(absl::string_view name) const {
  ApiAction* found = nullptr;
  for (ApiAction& action : parts_->actions) {
    if (name != absl::string_view(action.name)) continue;
    if (found == nullptr || action.family_number < found->family_number) found = &action;
  }
  return parts_->Complete(found);
}

const ApiAction* Schema::FindActionOf(absl::string_view family, absl::string_view name) const {
  for (ApiAction& action : parts_->actions) {
    if (family == absl::string_view(action.family) && name == absl::string_view(action.name)) {
      return parts_->Complete(&action);
    }
  }
  return nullptr;
}

std::vector<std::string> Schema::FamilyNames() const {
  std::vector<std::string> names;
  for (const ApiAction& action : parts_->actions) {
    if (std::find(names.begin(), names.end(), action.family) == names.end()) names.push_back(action.family);
  }
  return names;
}

std::string Schema::SigningName(absl::string_view family) const {
  for (const ApiAction& action : parts_->actions) {
    if (family != absl::string_view(action.family)) continue;
    return rpc::v1::ApiFamily_descriptor()
        ->FindValueByNumber(action.family_number)
        ->options()
        .GetExtension(rpc::v1::signing_name);
  }
  return "";
}

bool Schema::HasFamily(absl::string_view name) const {
  return std::any_of(parts_->actions.begin(), parts_->actions.end(),
                     [&](const ApiAction& action) { return name == absl::string_view(action.family); });
}

std::vector<std::string> Schema::ActionNames() const {
  std::vector<std::string> names;
  for (const ApiAction& action : parts_->actions) names.push_back(action.name);
  return names;
}

std::unique_ptr<pb::Message> Schema::NewMessage(const pb::Descriptor* type) const {
  return std::unique_ptr<pb::Message>(parts_->factory->GetPrototype(type)->New());
}

absl::StatusOr<std::unique_ptr<Schema>> LoadEmbeddedSchema() { return Schema::Generated(); }

FieldTraits TraitsOf(const pb::FieldDescriptor& field) {
  const pb::FieldOptions& options = field.options();
  FieldTraits traits;
  traits.required = options.GetExtension(rpc::v1::required);
  traits.secret = options.GetExtension(rpc::v1::secret);
  traits.blob = options.GetExtension(rpc::v1::blob) || field.type() == pb::FieldDescriptor::TYPE_BYTES;
  traits.timestamp = options.GetExtension(rpc::v1::timestamp);
  traits.ignored = options.GetExtension(rpc::v1::ignored);
  traits.id_prefix = options.GetExtension(rpc::v1::id);
  if (options.HasExtension(rpc::v1::one_of)) traits.one_of = absl::StrSplit(options.GetExtension(rpc::v1::one_of), '|');
  if (options.HasExtension(rpc::v1::min)) traits.min = absl::StrCat(options.GetExtension(rpc::v1::min));
  if (options.HasExtension(rpc::v1::max)) traits.max = absl::StrCat(options.GetExtension(rpc::v1::max));
  if (options.HasExtension(rpc::v1::max_length))
    traits.max_length = absl::StrCat(options.GetExtension(rpc::v1::max_length));
  return traits;
}

bool IsAttributeValue(const pb::Descriptor* message) {
  return message != nullptr && message->field_count() == 1 && message->options().GetExtension(rpc::v1::attribute_value);
}

std::string FlagName(const pb::FieldDescriptor& field) { return KebabFromSnake(field.name()); }
std::string MemberName(const pb::FieldDescriptor& field) { return CamelFromSnake(field.name()); }

const pb::FieldDescriptor* FindMember(const pb::Descriptor* message, absl::string_view camel) {
  for (int i = 0; i < message->field_count(); ++i) {
    if (MemberName(*message->field(i)) == std::string(camel)) return message->field(i);
  }
  return nullptr;
}

}  // namespace brume::cli
