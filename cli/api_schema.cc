#include "cli/api_schema.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "brume/rpc/v1/options.pb.h"
#include "cli/spelling.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "lib/base/status_macros.h"

// protoc's descriptor set, compiled in as it is.
asm(R"(
  .section .rodata
  .global brume_schema_begin, brume_schema_end
brume_schema_begin:
  .incbin ")" BRUME_SCHEMA_FILE R"("
brume_schema_end:
  .byte 0
  .previous
)");
extern "C" const char brume_schema_begin[];
extern "C" const char brume_schema_end[];

namespace brume::cli {

namespace pb = google::protobuf;

namespace {

// As the aws command line calls the service: "iam", "cloudwatch".
std::string FamilyName(const pb::ServiceDescriptor& service) {
  const pb::EnumValueOptions& options = rpc::v1::ApiFamily_descriptor()
                                            ->FindValueByNumber(service.options().GetExtension(rpc::v1::api_family))
                                            ->options();
  const std::string& name = options.GetExtension(rpc::v1::service_name);
  return name.empty() ? options.GetExtension(rpc::v1::signing_name) : name;
}

}  // namespace

struct Schema::Parts {
  pb::DescriptorPool pool;
  pb::DynamicMessageFactory factory{&pool};
};

Schema::Schema() : parts_(std::make_unique<Parts>()) {}
Schema::~Schema() = default;

const pb::DescriptorPool& Schema::pool() const { return parts_->pool; }

absl::StatusOr<std::unique_ptr<Schema>> Schema::Parse(absl::string_view descriptor_set) {
  // Extensions are recognised by the generated options.pb.cc, which the linker keeps only if something names it.
  rpc::v1::ApiFamily_descriptor();
  pb::FileDescriptorSet set;
  if (!set.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size()))) {
    return absl::InternalError("the schema is not a descriptor set");
  }
  std::unique_ptr<Schema> schema(new Schema());
  for (const pb::FileDescriptorProto& file : set.file()) {
    const pb::FileDescriptor* built = schema->parts_->pool.BuildFile(file);
    if (built == nullptr) return absl::InternalError(absl::StrCat("the schema's ", file.name(), " does not build"));
    for (int s = 0; s < built->service_count(); ++s) {
      const pb::ServiceDescriptor* service = built->service(s);
      if (service->options().GetExtension(rpc::v1::api_family) == rpc::v1::API_FAMILY_UNSPECIFIED) continue;
      for (int m = 0; m < service->method_count(); ++m) {
        const pb::MethodDescriptor* method = service->method(m);
        if (method->client_streaming() || method->server_streaming()) continue;
        schema->actions_.push_back({.name = KebabFromCamel(method->name()),
                                    .api_name = method->name(),
                                    .method = method,
                                    .paginated = method->options().GetExtension(rpc::v1::paginated),
                                    .wait_state = method->options().GetExtension(rpc::v1::wait_state),
                                    .family = FamilyName(*service)});
      }
    }
  }
  return schema;
}

const ApiAction* Schema::FindAction(absl::string_view name) const {
  const auto family = [](const ApiAction& action) {
    return action.method->service()->options().GetExtension(rpc::v1::api_family);
  };
  const ApiAction* found = nullptr;
  for (const ApiAction& action : actions_) {
    if (name != absl::string_view(action.name)) continue;
    if (found == nullptr || family(action) < family(*found)) found = &action;
  }
  return found;
}

const ApiAction* Schema::FindActionOf(absl::string_view family, absl::string_view name) const {
  for (const ApiAction& action : actions_) {
    if (family == absl::string_view(action.family) && name == absl::string_view(action.name)) return &action;
  }
  return nullptr;
}

std::vector<std::string> Schema::FamilyNames() const {
  std::vector<std::string> names;
  for (const ApiAction& action : actions_) {
    if (std::find(names.begin(), names.end(), action.family) == names.end()) names.push_back(action.family);
  }
  return names;
}

bool Schema::HasFamily(absl::string_view name) const {
  return std::any_of(actions_.begin(), actions_.end(),
                     [&](const ApiAction& action) { return name == absl::string_view(action.family); });
}

std::vector<std::string> Schema::ActionNames() const {
  std::vector<std::string> names;
  for (const ApiAction& action : actions_) names.push_back(action.name);
  return names;
}

std::unique_ptr<pb::Message> Schema::NewMessage(const pb::Descriptor* type) const {
  return std::unique_ptr<pb::Message>(parts_->factory.GetPrototype(type)->New());
}

absl::StatusOr<std::unique_ptr<Schema>> LoadEmbeddedSchema() {
  return Schema::Parse(absl::string_view(brume_schema_begin, brume_schema_end - brume_schema_begin));
}

absl::StatusOr<const Schema*> LazySchema::Get() {
  if (schema_ == nullptr) {
    ASSIGN_OR_RETURN(schema_, LoadEmbeddedSchema());
  }
  return schema_.get();
}

std::string ReflowComment(const std::string& leading, const std::string& trailing) {
  std::string text;
  bool fresh = true;  // the next line starts a paragraph
  for (absl::string_view line : absl::StrSplit(leading.empty() ? trailing : leading, '\n')) {
    line = absl::StripSuffix(absl::StripPrefix(line, " "), "\r");
    if (line.empty()) {
      fresh = true;
      continue;
    }
    // Lists and indented lines keep their own lines.
    const bool own_line = line[0] == '*' || line[0] == '-' || line[0] == ' ';
    if (!text.empty()) text += fresh ? "\n\n" : own_line ? "\n" : " ";
    absl::StrAppend(&text, line);
    fresh = false;
  }
  return text;
}

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
