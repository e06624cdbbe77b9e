// Holds the schema to EC2's own description of its API: the service model that botocore (package python3-botocore)
// ships and the aws CLI and boto3 encode and decode by.
#include "lib/api/schema.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "brume/v1/options.pb.h"

namespace brume {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

constexpr char kModel[] = "/usr/lib/python3/dist-packages/botocore/data/ec2/2016-11-15/service-2.json";

std::string Capitalised(std::string text) {
  if (!text.empty()) text[0] = absl::ascii_toupper(text[0]);
  return text;
}

// image_id → ImageId.
std::string MemberName(const FieldDescriptor& field) { return Capitalised(field.camelcase_name()); }

std::string TypeName(const FieldDescriptor& field) {
  if (field.type() == FieldDescriptor::TYPE_MESSAGE) return "structure";
  if (field.options().GetExtension(v1::timestamp)) return "timestamp";
  if (field.options().GetExtension(v1::blob)) return "blob";
  switch (field.type()) {
    case FieldDescriptor::TYPE_STRING:
      return "string";
    case FieldDescriptor::TYPE_BOOL:
      return "boolean";
    case FieldDescriptor::TYPE_INT32:
      return "integer";
    case FieldDescriptor::TYPE_INT64:
      return "long";
    case FieldDescriptor::TYPE_DOUBLE:
      return "double";
    case FieldDescriptor::TYPE_FLOAT:
      return "float";
    default:
      return field.type_name();
  }
}

class Comparison {
 public:
  explicit Comparison(const json& model) : model_(model) {}

  void Compare(const google::protobuf::MethodDescriptor& method) {
    ++rpcs;
    const std::string& name = method.name();
    if (!model_["operations"].contains(name)) return Fault(name, "is no operation of EC2");
    if (method.input_type()->name() != name + "Request") Fault(name, "takes another message than its own request");
    if (method.output_type()->name() != name + "Response") Fault(name, "gives another message than its own response");
    const json& operation = model_["operations"][name];
    CompareRequest(*method.input_type(), operation["input"]["shape"], name);
    if (operation.contains("output")) {
      CompareResponse(*method.output_type(), operation["output"]["shape"], name);
    } else if (method.output_type()->field_count() != 0) {
      Fault(name, "has an answer in the schema and none in EC2");
    }
  }

  std::vector<std::string> faults;
  int rpcs = 0, messages = 0, fields = 0, names = 0;

 private:
  void Fault(const std::string& where, const std::string& what) { faults.push_back(where + " " + what); }

  void CompareRequest(const Descriptor& message, const std::string& shape, const std::string& path) {
    if (!requests_.insert(message.full_name()).second) return;
    CompareFields(message, shape, path, true);
  }
  void CompareResponse(const Descriptor& message, const std::string& shape, const std::string& path) {
    if (!responses_.insert(message.full_name()).second) return;
    CompareFields(message, shape, path, false);
  }

  void CompareFields(const Descriptor& message, const std::string& shape, const std::string& path, bool request) {
    ++messages;
    const json& members = model_["shapes"][shape]["members"];
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      const std::string member = MemberName(field);
      const std::string where = absl::StrCat(path, ".", member);
      ++fields;
      if (!members.contains(member)) {
        Fault(where, absl::StrCat("is no member of ", shape));
        continue;
      }
      CompareField(field, members[member], member, where, request);
      CheckRequired(field, shape, member, where, request);
    }
  }

  void CompareField(const FieldDescriptor& field, const json& member, const std::string& member_name,
                    const std::string& where, bool request) {
    const json* shape = &model_["shapes"][member["shape"].get<std::string>()];
    std::string shape_name = member["shape"];
    const bool list = (*shape)["type"] == "list";
    if (list != field.is_repeated()) Fault(where, list ? "is a list in EC2" : "is no list in EC2");
    if (list) {
      const json& item = (*shape)["member"];
      if (!request && item.value("locationName", "item") != "item") Fault(where, "has items of another name than item");
      shape_name = item["shape"];
      shape = &model_["shapes"][shape_name];
    }
    if (!field.is_repeated() && field.type() != FieldDescriptor::TYPE_MESSAGE && !field.has_presence()) {
      Fault(where, "is not optional");
    }
    const std::string type = (*shape)["type"];
    if (TypeName(field) != type) Fault(where, absl::StrCat("is ", TypeName(field), " here and ", type, " in EC2"));
    CheckNames(field, member, member_name, where, request);
    CheckValues(field, *shape, where);
    if (type != "structure" || field.type() != FieldDescriptor::TYPE_MESSAGE) return;
    if (field.message_type()->name() != shape_name) {
      Fault(where, absl::StrCat("is a ", field.message_type()->name(), " here and a ", shape_name, " in EC2"));
    }
    if (request) {
      CompareRequest(*field.message_type(), shape_name, where);
    } else {
      CompareResponse(*field.message_type(), shape_name, where);
    }
  }

  void CheckNames(const FieldDescriptor& field, const json& member, const std::string& member_name,
                  const std::string& where, bool request) {
    ++names;
    const std::string location = member.value("locationName", "");
    if (request) {
      const std::string& option = field.options().GetExtension(v1::query);
      const std::string ours = option.empty() ? member_name : option;
      const std::string theirs = member.contains("queryName")
                                     ? member["queryName"]
                                     : json(location.empty() ? member_name : Capitalised(location));
      if (ours != theirs) Fault(where, absl::StrCat("is ", ours, " in a Query here and ", theirs, " in EC2"));
    } else {
      const std::string& option = field.options().GetExtension(v1::xml);
      const std::string ours = option.empty() ? field.camelcase_name() : option;
      const std::string theirs = location.empty() ? member_name : location;
      if (ours != theirs) Fault(where, absl::StrCat("is <", ours, "> here and <", theirs, "> in EC2"));
    }
  }

  // What EC2 requires is required here; more may be.
  void CheckRequired(const FieldDescriptor& field, const std::string& shape, const std::string& member,
                     const std::string& where, bool request) {
    if (!request) return;
    const json required = model_["shapes"][shape].value("required", json::array());
    const bool theirs = std::find(required.begin(), required.end(), member) != required.end();
    if (theirs && !field.options().GetExtension(v1::required)) Fault(where, "is required by EC2");
  }

  // The values of a text that has few are values of EC2's.
  void CheckValues(const FieldDescriptor& field, const json& shape, const std::string& where) {
    const std::string& one_of = field.options().GetExtension(v1::one_of);
    if (one_of.empty() || !shape.contains("enum")) return;
    for (absl::string_view value : absl::StrSplit(one_of, '|')) {
      if (std::find(shape["enum"].begin(), shape["enum"].end(), std::string(value)) == shape["enum"].end()) {
        Fault(where, absl::StrCat("may be ", value, " here and not in EC2"));
      }
    }
  }

  const json& model_;
  std::set<std::string> requests_, responses_;
};

json LoadModel() {
  std::ifstream file(kModel);
  INFO("EC2's service model is in the package python3-botocore: packaging/install-deps --test");
  REQUIRE(file.is_open());
  return json::parse(file);
}

}  // namespace

TEST_CASE("every name, type and list of the schema is EC2's", "[schema]") {
  const json model = LoadModel();
  Comparison comparison(model);
  for (const auto* service : api::Services()) {
    if (service->options().GetExtension(v1::api_family) != v1::EC2) continue;
    for (int i = 0; i < service->method_count(); ++i) comparison.Compare(*service->method(i));
  }
  std::cout << "compared " << comparison.rpcs << " rpcs, " << comparison.messages << " messages, " << comparison.fields
            << " fields and " << comparison.names << " wire names with botocore's model\n";
  for (const std::string& fault : comparison.faults) UNSCOPED_INFO(fault);
  CHECK(comparison.faults.empty());
  CHECK(comparison.rpcs >= 37);
  CHECK(comparison.fields > 500);
}

TEST_CASE("an rpc that is marked paginated has MaxResults and NextToken, and one that has them is marked", "[schema]") {
  for (const auto* service : api::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      INFO(method->full_name());
      const bool has = method->input_type()->FindFieldByName("max_results") != nullptr &&
                       method->input_type()->FindFieldByName("next_token") != nullptr &&
                       method->output_type()->FindFieldByName("next_token") != nullptr;
      CHECK(method->options().GetExtension(v1::paginated) == has);
    }
  }
}

TEST_CASE("an rpc that only describes is marked read-only, and no other", "[schema]") {
  for (const auto* service : api::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      INFO(method->full_name());
      const bool describes = absl::StartsWith(method->name(), "Describe") || absl::StartsWith(method->name(), "Get") ||
                             absl::StartsWith(method->name(), "Lookup");
      CHECK(method->options().GetExtension(v1::read_only) == describes);
    }
  }
}

TEST_CASE("what is secret in one message is secret in each", "[schema]") {
  const std::set<std::string> secrets = {"key_material", "user_data"};
  for (const auto* service : api::Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      for (const auto* message : {service->method(i)->input_type(), service->method(i)->output_type()}) {
        for (int k = 0; k < message->field_count(); ++k) {
          INFO(message->field(k)->full_name());
          if (secrets.contains(message->field(k)->name())) {
            CHECK(message->field(k)->options().GetExtension(v1::secret));
          }
        }
      }
    }
  }
}

}  // namespace brume
