// Holds the schema to AWS's own description of its APIs: the service models that botocore (package python3-botocore)
// ships and the aws CLI and boto3 encode and decode by.
#include "lib/schema/schema.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/resource/error_codes.h"
#include "lib/resource/kinds.h"
#include "tests/schema/schema_comparison.h"

namespace brume {

TEST_CASE("every name, type and list of the schema is AWS's", "[schema]") {
  std::map<std::string, SchemaComparison> families;
  for (const auto* service : schema::Services()) {
    const schema::ApiFamilyInfo& family = schema::Family(*service);
    if (family.api_version.empty()) continue;
    SchemaComparison& comparison = families.try_emplace(family.signing_name, family).first->second;
    for (int i = 0; i < service->method_count(); ++i) comparison.Compare(*service->method(i));
  }
  int fields = 0;
  for (const auto& [name, comparison] : families) {
    std::cout << name << ": compared " << comparison.rpcs << " rpcs, " << comparison.messages << " messages, "
              << comparison.fields << " fields, " << comparison.values << " values of enums and " << comparison.names
              << " wire names with botocore's model\n";
    for (const std::string& fault : comparison.faults) UNSCOPED_INFO(name << ": " << fault);
    CHECK(comparison.faults.empty());
    CHECK(comparison.rpcs > 0);
    fields += comparison.fields;
  }
  CHECK(families.contains("ec2"));
  CHECK(fields > 500);
}

TEST_CASE("an rpc that is marked paginated has a page's size and NextToken, and one that has them is marked",
          "[schema]") {
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      INFO(method->full_name());
      const bool has = (method->input_type()->FindFieldByName("max_results") != nullptr ||
                        method->input_type()->FindFieldByName("max_records") != nullptr) &&
                       method->input_type()->FindFieldByName("next_token") != nullptr &&
                       method->output_type()->FindFieldByName("next_token") != nullptr;
      CHECK(method->options().GetExtension(rpc::v1::paginated) == has);
    }
  }
}

TEST_CASE("the one code that an API has for all faults of a request has a row in the table of codes", "[schema]") {
  for (const auto* service : schema::Services()) {
    const schema::ApiFamilyInfo& family = schema::Family(*service);
    if (family.invalid_code.empty()) continue;
    INFO(family.signing_name);
    const std::optional<ec2::KnownCode> code = ec2::KnownCode::Find(family.invalid_code);
    REQUIRE(code.has_value());
    CHECK(code->In(ec2::ApiBitOf(family.signing_name)) == *code);
  }
}

void CheckIds(const google::protobuf::Descriptor& message, std::set<const google::protobuf::Descriptor*>& seen) {
  if (!seen.insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    INFO(field.full_name());
    if (field.message_type() != nullptr) CheckIds(*field.message_type(), seen);
    if (!field.options().HasExtension(rpc::v1::id)) continue;
    const std::string& prefix = field.options().GetExtension(rpc::v1::id);
    CHECK((prefix == schema::kAnyId || FindKind(prefix) != nullptr));
    CHECK(field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING);
  }
}

TEST_CASE("what the schema says are ids, and what it says EC2's actions make, are kinds of the table", "[schema]") {
  std::set<const google::protobuf::Descriptor*> seen;
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      CheckIds(*method.input_type(), seen);
      if (schema::Family(*service).signing_name != "ec2") continue;
      for (int k = 0; k < method.options().ExtensionSize(rpc::v1::creates); ++k) {
        INFO(method.full_name());
        const std::string& type = method.options().GetExtension(rpc::v1::creates, k);
        CHECK(
            std::any_of(std::begin(kKinds), std::end(kKinds), [&](const Kind& kind) { return kind.arn_type == type; }));
      }
    }
  }
}

TEST_CASE("an rpc that only describes is marked read-only, and no other", "[schema]") {
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      INFO(method->full_name());
      const bool describes = absl::StartsWith(method->name(), "Describe") || absl::StartsWith(method->name(), "Get") ||
                             absl::StartsWith(method->name(), "Lookup") || absl::StartsWith(method->name(), "Read") ||
                             absl::StartsWith(method->name(), "List");
      CHECK(method->options().GetExtension(rpc::v1::read_only) == describes);
    }
  }
}

TEST_CASE("what is secret in one message is secret in each", "[schema]") {
  const std::set<std::string> secrets = {"key_material", "user_data", "secret_access_key", "session_token"};
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      for (const auto* message : {service->method(i)->input_type(), service->method(i)->output_type()}) {
        for (int k = 0; k < message->field_count(); ++k) {
          INFO(message->field(k)->full_name());
          if (secrets.contains(message->field(k)->name())) {
            CHECK(message->field(k)->options().GetExtension(rpc::v1::secret));
          }
        }
      }
    }
  }
}

// Finds the fields of a request that look as if they handed on a role, a launch or calls.
class HandsOnFinder {
 public:
  std::vector<const google::protobuf::FieldDescriptor*> found;

  void Walk(const google::protobuf::Descriptor& message) {
    if (!seen_.insert(&message).second) return;
    for (int i = 0; i < message.field_count(); ++i) {
      const google::protobuf::FieldDescriptor& field = *message.field(i);
      const auto& options = field.options();
      // Kept for other calls, or asked about as the resource of the action itself. What is done nothing with may be
      // kept and shown, and then its caller is asked all the same.
      if (options.GetExtension(rpc::v1::kept)) continue;
      if (options.HasExtension(rpc::v1::arn_type) || options.HasExtension(rpc::v1::id)) continue;
      if (IsRoleOrLaunch(field)) {
        found.push_back(&field);
      } else if (field.message_type() != nullptr) {
        Walk(*field.message_type());
      }
    }
  }

 private:
  static bool IsRoleOrLaunch(const google::protobuf::FieldDescriptor& field) {
    static const std::regex names(
        "(.*_)?role(_(name|arn|id))?|.*instance_profile.*|.*launch_(template|configuration)(_name|_specification)?|"
        ".*[a-z]_actions");
    static const std::regex types("IamInstanceProfile.*|LaunchTemplateSpecification");
    if (field.message_type() != nullptr && std::regex_match(field.message_type()->name(), types)) return true;
    // A message is walked instead.
    return field.message_type() == nullptr && std::regex_match(field.name(), names);
  }

  std::set<const google::protobuf::Descriptor*> seen_;
};

TEST_CASE("a field that looks as if it handed on a role, a launch or calls says whether it does", "[schema]") {
  int fields = 0;
  for (const auto* service : schema::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      if (method.options().GetExtension(rpc::v1::read_only)) continue;
      HandsOnFinder finder;
      finder.Walk(*method.input_type());
      for (const auto* field : finder.found) {
        ++fields;
        INFO(method.full_name() << ": " << field->full_name());
        CHECK((field->options().HasExtension(rpc::v1::hands_on) || field->options().HasExtension(rpc::v1::name_of)));
      }
    }
  }
  // Of RunInstances, associations, groups, refreshes, launch configurations, instance profiles and alarms at least.
  CHECK(fields >= 20);
}

}  // namespace brume
