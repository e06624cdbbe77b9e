#include "lib/api/schema.h"

#include <map>

#include "absl/strings/ascii.h"
#include "brume/v1/files.h"
#include "brume/v1/options.pb.h"

namespace brume::api {

std::vector<const google::protobuf::ServiceDescriptor*> Services() {
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (const char* name : v1::kSchemaFiles) {
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

const ApiFamilyInfo& Family(const google::protobuf::ServiceDescriptor& service) {
  static const auto& families = *[] {
    auto* all = new std::map<int, ApiFamilyInfo>();
    const auto* type = v1::ApiFamily_descriptor();
    for (int i = 0; i < type->value_count(); ++i) {
      const auto& options = type->value(i)->options();
      (*all)[type->value(i)->number()] = {.signing_name = options.GetExtension(v1::signing_name),
                                          .api_version = options.GetExtension(v1::api_version),
                                          .aws_query = options.GetExtension(v1::protocol) == v1::AWS_QUERY};
    }
    return all;
  }();
  return families.at(service.options().GetExtension(v1::api_family));
}

bool IsStreaming(const google::protobuf::MethodDescriptor& method) {
  return method.client_streaming() || method.server_streaming();
}

std::string ParameterName(const google::protobuf::FieldDescriptor& field) {
  const std::string& query = field.options().GetExtension(v1::query);
  if (query.empty()) return field.camelcase_name();
  std::string name = query;
  name[0] = absl::ascii_tolower(name[0]);
  return name;
}

}  // namespace brume::api
