// Compares what the schema says of an API with botocore's service model of it, name by name. For schema_test.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "brume/rpc/v1/options.pb.h"
#include "lib/schema/schema.h"

namespace brume {

// The model of `family`: of its version and protocol, and for its name in credential scopes.
inline nlohmann::json LoadServiceModel(const schema::ApiFamilyInfo& family) {
  const std::string data = "/usr/lib/python3/dist-packages/botocore/data";
  INFO("the service models are in the package python3-botocore: packaging/install-deps --test");
  REQUIRE(std::filesystem::is_directory(data));
  for (const auto& service : std::filesystem::directory_iterator(data)) {
    std::ifstream file(service.path() / family.api_version / "service-2.json");
    if (!file.is_open()) continue;
    nlohmann::json model = nlohmann::json::parse(file);
    const nlohmann::json& metadata = model["metadata"];
    const std::string name = metadata.value("signingName", metadata.value("endpointPrefix", ""));
    const std::string protocol = family.rest ? "rest-json" : family.aws_query ? "query" : "ec2";
    if (name == family.signing_name && metadata["protocol"] == protocol) return model;
  }
  FAIL("botocore has no model of " << family.signing_name << " " << family.api_version);
  return {};
}

// What the models are too old to know.
inline std::set<std::string> NewerThanBotocore() {
  std::ifstream file(BRUME_SOURCE_DIR "/tests/schema/newer_than_botocore.txt");
  REQUIRE(file.is_open());
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') names.insert(line);
  }
  return names;
}

class SchemaComparison {
  using Descriptor = google::protobuf::Descriptor;
  using FieldDescriptor = google::protobuf::FieldDescriptor;
  using json = nlohmann::json;

 public:
  explicit SchemaComparison(const schema::ApiFamilyInfo& family) : family_(family), model_(LoadServiceModel(family)) {
    // botocore's EC2 namespace lacks the slash that EC2's answers have.
    const std::string theirs = model_.at("metadata").value("xmlNamespace", "");
    if (absl::StripSuffix(family.xml_namespace, "/") != absl::StripSuffix(theirs, "/")) {
      Fault(family.signing_name, absl::StrCat("has the namespace ", family.xml_namespace, " here and ", theirs));
    }
  }

  void Compare(const google::protobuf::MethodDescriptor& method) {
    const std::string& name = method.name();
    if (newer_.contains(name)) {
      if (model_.at("operations").contains(name)) Fault(name, "is in the model, and not newer than it");
      return;
    }
    ++rpcs;
    if (!model_.at("operations").contains(name)) return Fault(name, "is no operation of the model");
    if (schema::IsAwsQuery(*method.file()) != family_.aws_query) Fault(name, "is in a package of the other protocol");
    if (method.input_type()->name() != name + "Request") Fault(name, "takes another message than its own request");
    if (method.output_type()->name() != name + "Response") Fault(name, "gives another message than its own response");
    const json& operation = model_.at("operations")[name];
    if (family_.rest) CompareRoute(method, operation["http"]);
    if (operation.contains("input")) {
      CompareRequest(*method.input_type(), operation["input"]["shape"], name);
    } else if (method.input_type()->field_count() != 0) {
      Fault(name, "has parameters in the schema and none in the model");
    }
    if (operation.contains("output")) {
      if (newer_.contains(method.output_type()->name()))
        Fault(name, "has an answer in the model, and not newer than it");
      CompareResponse(*method.output_type(), operation["output"]["shape"], name);
      const std::string wrapper = operation["output"].value("resultWrapper", "");
      if (wrapper != (family_.aws_query && !family_.rest ? name + "Result" : ""))
        Fault(name, "has its answer inside " + wrapper);
    } else if (method.output_type()->field_count() != 0 && !newer_.contains(method.output_type()->name())) {
      Fault(name, "has an answer in the schema and none in the model");
    }
  }

  std::vector<std::string> faults;
  int rpcs = 0, messages = 0, fields = 0, names = 0, values = 0;

 private:
  static std::string Capitalised(std::string text) {
    if (!text.empty()) text[0] = absl::ascii_toupper(text[0]);
    return text;
  }

  // image_id → ImageId. A member whose letters no field's name gives, such as SSHPublicKeyId, is named by `query`.
  static std::string MemberName(const FieldDescriptor& field, const json& members) {
    const std::string name = Capitalised(field.camelcase_name());
    return members.contains(name) ? name : schema::QueryName(field);
  }

  static std::string TypeName(const FieldDescriptor& field) {
    if (field.type() == FieldDescriptor::TYPE_MESSAGE) return "structure";
    if (field.options().GetExtension(rpc::v1::timestamp)) return "timestamp";
    if (field.options().GetExtension(rpc::v1::blob)) return "blob";
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
    const json& members = model_.at("shapes")[shape]["members"];
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      const std::string member = MemberName(field, members);
      const std::string where = absl::StrCat(path, ".", member);
      if (newer_.contains(absl::StrCat(message.name(), ".", member))) {
        if (members.contains(member)) Fault(where, "is in the model, and not newer than it");
        continue;
      }
      ++fields;
      if (!members.contains(member)) {
        Fault(where, absl::StrCat("is no member of ", shape));
        continue;
      }
      CompareField(field, members[member], member, where, request);
      if (family_.rest) CheckPlace(field, members[member], model_.at("shapes")[shape], where);
      CheckRequired(field, shape, member, where, request);
    }
  }

  void CompareField(const FieldDescriptor& field, const json& member, const std::string& member_name,
                    const std::string& where, bool request) {
    std::string shape_name = member["shape"];
    const json* shape = &model_.at("shapes")[shape_name];
    if ((*shape)["type"] == "map") return CompareMap(field, *shape, member_name, where);
    const bool list = (*shape)["type"] == "list";
    if (list != field.is_repeated()) Fault(where, list ? "is a list in the model" : "is no list in the model");
    if (list) {
      CheckItems(field, *shape, where, request);
      shape_name = (*shape)["member"]["shape"];
      shape = &model_.at("shapes")[shape_name];
    }
    if (!field.is_repeated() && field.type() != FieldDescriptor::TYPE_MESSAGE && !field.has_presence()) {
      Fault(where, "is not optional");
    }
    const std::string type = (*shape)["type"];
    if (TypeName(field) != type)
      Fault(where, absl::StrCat("is ", TypeName(field), " here and ", type, " in the model"));
    if (member.contains("timestampFormat") || shape->contains("timestampFormat")) Fault(where, "is no ISO 8601 time");
    CheckNames(field, member, member_name, where, request);
    CheckValues(field, *shape, where);
    if (type != "structure" || field.type() != FieldDescriptor::TYPE_MESSAGE) return;
    if (field.message_type()->name() != Capitalised(shape_name)) {
      Fault(where, absl::StrCat("is a ", field.message_type()->name(), " here and a ", shape_name, " in the model"));
    }
    if (request) {
      CompareRequest(*field.message_type(), shape_name, where);
    } else {
      CompareResponse(*field.message_type(), shape_name, where);
    }
  }

  // A map of the model's is a list of entries here, each with a key and a value.
  void CompareMap(const FieldDescriptor& field, const json& shape, const std::string& member_name,
                  const std::string& where) {
    ++names;
    const Descriptor* entry = field.message_type();
    if (!field.is_repeated() || entry == nullptr || entry->field_count() != 2) {
      return Fault(where, "is a map in the model, and no list of entries with a key and a value");
    }
    if (schema::XmlName(field) != member_name) Fault(where, absl::StrCat("is <", schema::XmlName(field), "> here"));
    if (schema::XmlItemName(field) != "entry") Fault(where, "has no items <entry>");
    for (const int i : {0, 1}) {
      const std::string name = i == 0 ? "key" : "value";
      ++fields;
      const json& part = shape[name];
      if (schema::XmlName(*entry->field(i)) != part.value("locationName", name)) Fault(where, "has no <" + name + ">");
      const std::string type = model_.at("shapes")[std::string(part["shape"])]["type"];
      if (TypeName(*entry->field(i)) != type) Fault(where, absl::StrCat("has a ", name, " that is no ", type));
    }
  }

  // Of a list: what stands between its name and its items.
  void CheckItems(const FieldDescriptor& field, const json& shape, const std::string& where, bool request) {
    if (shape.value("flattened", false)) Fault(where, "is a flattened list");
    const std::string usual = family_.aws_query ? "member" : "item";
    // EC2's requests have nothing there.
    if (!family_.aws_query && request) return;
    const std::string ours = schema::XmlItemName(field);
    const std::string theirs = shape["member"].value("locationName", usual);
    if (ours != theirs) Fault(where, absl::StrCat("has items <", ours, "> here and <", theirs, "> in the model"));
  }

  // Of a REST-JSON: what calls it.
  void CompareRoute(const google::protobuf::MethodDescriptor& method, const json& http) {
    ++names;
    const std::string theirs =
        absl::StrCat(http["method"].get<std::string>(), " ", http["requestUri"].get<std::string>(), " ",
                     http.value("responseCode", 200));
    const std::string& ours = method.options().GetExtension(rpc::v1::http);
    if (ours != theirs) Fault(method.name(), absl::StrCat("is called by ", ours, " here and by ", theirs));
  }

  // Of a REST-JSON: in which part of a request or an answer a field is, and by what name. `shape` has it.
  void CheckPlace(const FieldDescriptor& field, const json& member, const json& shape, const std::string& where) {
    const std::string location = member.value("location", "");
    std::string theirs;
    if (shape.value("payload", "") == MemberName(field, shape["members"])) {
      theirs = "payload";
    } else if (!location.empty()) {
      theirs = absl::StrCat(location == "querystring" ? "query" : location, " ", std::string(member["locationName"]));
    }
    const std::string& ours = field.options().GetExtension(rpc::v1::http_field);
    if (ours != theirs) Fault(where, absl::StrCat("is at '", ours, "' here and at '", theirs, "' in the model"));
  }

  void CheckNames(const FieldDescriptor& field, const json& member, const std::string& member_name,
                  const std::string& where, bool request) {
    ++names;
    const std::string location = family_.rest ? "" : member.value("locationName", "");
    std::string theirs = location.empty() ? member_name : location;
    if (!request) {
      const std::string ours = schema::XmlName(field);
      if (ours != theirs) Fault(where, absl::StrCat("is <", ours, "> here and <", theirs, "> in the model"));
      return;
    }
    if (!family_.aws_query) theirs = member.value("queryName", Capitalised(theirs));
    const std::string ours = schema::QueryName(field);
    if (ours != theirs) Fault(where, absl::StrCat("is ", ours, " in a Query here and ", theirs, " in the model"));
  }

  // What the model requires is required here, but for a text that may be empty: there it is as good as absent. More may
  // be required.
  void CheckRequired(const FieldDescriptor& field, const std::string& shape, const std::string& member,
                     const std::string& where, bool request) {
    if (!request) return;
    const json required = model_.at("shapes")[shape].value("required", json::array());
    const bool theirs = std::find(required.begin(), required.end(), member) != required.end();
    const std::string type = model_.at("shapes")[shape]["members"][member]["shape"];
    if (model_.at("shapes")[type]["type"] == "string" && model_.at("shapes")[type].value("min", 1) == 0) return;
    // Its pattern lets it be empty, which takes a description away; a required text may not be.
    if (where == "UpdateRoleDescription.Description") return;
    // Later models may leave them out, as something else takes their place.
    static const std::set<std::string> no_longer = {
        "CreateDefaultSubnet.AvailabilityZone",           // AvailabilityZoneId
        "CreateNetworkInsightsPath.Destination",          // DestinationIp
        "CreateVolume.AvailabilityZone",                  // AvailabilityZoneId
        "DescribeTrafficSources.TrafficSourceType",       // all types
        "DisableFastSnapshotRestores.AvailabilityZones",  // AvailabilityZoneIds
        "EnableFastSnapshotRestores.AvailabilityZones",   // AvailabilityZoneIds
        "PutMetricData.MetricData",                       // EntityMetricData
    };
    if (no_longer.contains(where)) return;
    // Clients make one up where they are given none; who calls without a library may do without.
    if (model_.at("shapes")[shape]["members"][member].value("idempotencyToken", false)) return;
    if (theirs && !field.options().GetExtension(rpc::v1::required)) Fault(where, "is required by the model");
  }

  // The values of a text that has few are values of the model's.
  void CheckValues(const FieldDescriptor& field, const json& shape, const std::string& where) {
    const std::string& one_of = field.options().GetExtension(rpc::v1::one_of);
    if (one_of.empty() || !shape.contains("enum")) return;
    for (absl::string_view value : absl::StrSplit(one_of, '|')) {
      ++values;
      const bool theirs =
          std::find(shape["enum"].begin(), shape["enum"].end(), std::string(value)) != shape["enum"].end();
      const bool newer = newer_.contains(absl::StrCat(where, "=", value));
      if (theirs && newer) Fault(where, absl::StrCat("may be ", value, " in the model, which is not newer than it"));
      if (!theirs && !newer) {
        Fault(where, absl::StrCat("may be ", value, " here and not in the model"));
      }
    }
  }

  const schema::ApiFamilyInfo& family_;
  const json model_;
  const std::set<std::string> newer_ = NewerThanBotocore();
  std::set<std::string> requests_, responses_;
};

}  // namespace brume
