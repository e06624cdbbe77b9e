#include "lib/schema/schema.h"

#include <map>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "brume/rpc/v1/files.h"
#include "brume/rpc/v1/options.pb.h"

namespace brume::schema {
namespace {

std::string Capitalised(std::string text) {
  text[0] = absl::ascii_toupper(text[0]);
  return text;
}

}  // namespace

std::vector<const google::protobuf::ServiceDescriptor*> Services() {
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (const char* name : rpc::v1::kSchemaFiles) {
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

const ApiFamilyInfo& Family(const google::protobuf::ServiceDescriptor& service) {
  static const auto& families = *[] {
    auto* all = new std::map<int, ApiFamilyInfo>();
    const auto* type = rpc::v1::ApiFamily_descriptor();
    for (int i = 0; i < type->value_count(); ++i) {
      const auto& options = type->value(i)->options();
      const std::string& signing_name = options.GetExtension(rpc::v1::signing_name);
      const std::string& service_name = options.GetExtension(rpc::v1::service_name);
      (*all)[type->value(i)->number()] = {.signing_name = signing_name,
                                          .service_name = service_name.empty() ? signing_name : service_name,
                                          .api_version = options.GetExtension(rpc::v1::api_version),
                                          .aws_query = options.GetExtension(rpc::v1::protocol) != rpc::v1::EC2_QUERY,
                                          .rest = options.GetExtension(rpc::v1::protocol) == rpc::v1::REST_JSON,
                                          .xml_namespace = options.GetExtension(rpc::v1::xml_namespace),
                                          .invalid_code = options.GetExtension(rpc::v1::invalid_code),
                                          .rpc_service = options.GetExtension(rpc::v1::rpc_service),
                                          .shape_namespace = options.GetExtension(rpc::v1::shape_namespace)};
    }
    return all;
  }();
  return families.at(service.options().GetExtension(rpc::v1::api_family));
}

bool IsStreaming(const google::protobuf::MethodDescriptor& method) {
  return method.client_streaming() || method.server_streaming();
}

const google::protobuf::MethodDescriptor* MethodOf(const google::protobuf::Descriptor& message) {
  static const auto& methods = *[] {
    auto* all = new std::map<const google::protobuf::Descriptor*, const google::protobuf::MethodDescriptor*>();
    for (const auto* service : Services()) {
      for (int i = 0; i < service->method_count(); ++i) {
        const google::protobuf::MethodDescriptor* method = service->method(i);
        if (IsStreaming(*method)) continue;
        const auto [entry, is_first] = all->emplace(method->input_type(), method);
        if (!is_first) entry->second = nullptr;
      }
    }
    return all;
  }();
  const auto found = methods.find(&message);
  return found == methods.end() ? nullptr : found->second;
}

const ApiFamilyInfo* FamilyOf(const google::protobuf::FileDescriptor& file) {
  static const auto& packages = *[] {
    auto* all = new std::map<std::string, const ApiFamilyInfo*>();
    for (const auto* service : Services()) (*all)[service->file()->package()] = &Family(*service);
    return all;
  }();
  const auto found = packages.find(file.package());
  return found == packages.end() ? nullptr : found->second;
}

bool IsAwsQuery(const google::protobuf::FileDescriptor& file) {
  const ApiFamilyInfo* family = FamilyOf(file);
  return family != nullptr && family->aws_query;
}

std::string QueryName(const google::protobuf::FieldDescriptor& field) {
  const std::string& query = field.options().GetExtension(rpc::v1::query);
  return query.empty() ? Capitalised(field.camelcase_name()) : query;
}

std::string XmlName(const google::protobuf::FieldDescriptor& field) {
  const std::string& xml = field.options().GetExtension(rpc::v1::xml);
  if (!xml.empty()) return xml;
  return IsAwsQuery(*field.file()) ? Capitalised(field.camelcase_name()) : field.camelcase_name();
}

std::string XmlItemName(const google::protobuf::FieldDescriptor& field) {
  const std::string& item = field.options().GetExtension(rpc::v1::xml_item);
  if (!item.empty()) return item;
  return IsAwsQuery(*field.file()) ? "member" : "item";
}

std::string ParameterName(const google::protobuf::FieldDescriptor& field) {
  std::string name = QueryName(field);
  if (!IsAwsQuery(*field.file())) name[0] = absl::ascii_tolower(name[0]);
  return name;
}

std::string ItemName(const google::protobuf::FieldDescriptor& field, absl::string_view name, int number) {
  return absl::StrCat(name, IsAwsQuery(*field.file()) ? ".member." : ".", number);
}

}  // namespace brume::schema
