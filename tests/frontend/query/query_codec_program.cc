// The codec of the Query API and the schema it works by, for tests and docs written in Python.
//
//   query_codec schema   The families of the schema with their actions, and its messages, as one JSON value.
//   query_codec decode   Reads lines METHOD TAB FORM; writes for each {"message": …} or {"error": CODE, "text": …}.
//   query_codec decode_json, encode_json   The same of bodies and answers in JSON.
//   query_codec encode   Reads lines METHOD TAB MESSAGE; writes for each its answer's XML as a JSON string. The request
//                        id is "request-1".
//   query_codec error    Reads lines FAMILY TAB CODE TAB TEXT; writes for each {"status": …, "xml": …}. CODE is one of
//                        the table of error codes.
//   query_codec codes    Writes for each family the codes it answers with, their HTTP statuses and their names in JSON
//   and
//                        CBOR, as one JSON value.
//
// METHOD is a full name, brume.ec2.v1.Instances.RunInstances; messages are in protobuf's JSON with the schema's field
// names.
#include <google/protobuf/util/json_util.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "brume/rpc/v1/options.pb.h"
#include "cli/api_schema.h"
#include "lib/base/status_macros.h"
#include "lib/frontend/query/decode.h"
#include "lib/frontend/query/decode_cbor.h"
#include "lib/frontend/query/encode.h"
#include "lib/frontend/query/encode_cbor.h"
#include "lib/frontend/query/encode_error.h"
#include "lib/resource/aws_actions.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/declared_filters.h"
#include "lib/schema/schema.h"

namespace brume {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using nlohmann::json;

[[noreturn]] void Die(const std::string& what) {
  std::cerr << "query_codec: " << what << "\n";
  std::exit(2);
}

const MethodDescriptor& Method(absl::string_view name) {
  const MethodDescriptor* method = DescriptorPool::generated_pool()->FindMethodByName(std::string(name));
  if (method == nullptr) Die("no method " + std::string(name));
  return *method;
}

std::unique_ptr<Message> NewMessage(const Descriptor& type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(&type)->New());
}

json FieldJson(const FieldDescriptor& field, const cli::Schema& comments) {
  std::string member = field.camelcase_name();
  member[0] = absl::ascii_toupper(member[0]);
  const auto* source = comments.pool().FindFieldByName(field.full_name());
  return {{"name", field.name()},
          {"member", member},
          {"query", schema::QueryName(field)},
          {"list", field.is_repeated()},
          {"omit_empty", field.options().GetExtension(rpc::v1::omit_empty)},
          {"type", field.message_type() != nullptr                    ? field.message_type()->full_name()
                   : field.options().GetExtension(rpc::v1::timestamp) ? "timestamp"
                                                                      : field.type_name()},
          {"ignored", field.options().GetExtension(rpc::v1::ignored)},
          {"comment", source == nullptr ? "" : cli::CommentOf(*source)}};
}

void AddMessage(const Descriptor& message, const cli::Schema& comments, json& messages) {
  if (messages.contains(message.full_name())) return;
  messages[message.full_name()] = json::array();
  for (int i = 0; i < message.field_count(); ++i) {
    messages[message.full_name()].push_back(FieldJson(*message.field(i), comments));
    if (message.field(i)->message_type() != nullptr) AddMessage(*message.field(i)->message_type(), comments, messages);
  }
}

// [name, whether anything here can have a value for it] of each filter.
json FiltersJson(const MethodDescriptor& method) {
  const schema::DeclaredFilters& declared = schema::FiltersOf(method);
  json filters = json::array();
  for (const auto& filter : declared.filters()) {
    filters.push_back({filter.name, !filter.path.empty() || filter.value.has_value()});
  }
  if (!declared.tags().has_value()) return filters;
  for (const char* name : {"tag:KEY", "tag-key", "tag-value"}) {
    filters.push_back({name, declared.tags()->key != nullptr});
  }
  return filters;
}

void PrintSchema() {
  const auto comments = cli::LoadEmbeddedSchema();
  if (!comments.ok()) Die(comments.status().ToString());
  json families, messages;
  for (const auto* service : schema::Services()) {
    const schema::ApiFamilyInfo& info = schema::Family(*service);
    if (info.api_version.empty()) continue;
    json& family = families[info.signing_name];
    family["api_version"] = info.api_version;
    family["aws_query"] = info.aws_query;
    family["rest"] = info.rest;
    family["rpc_service"] = info.rpc_service;
    family["shape_namespace"] = info.shape_namespace;
    for (const absl::string_view action : AwsActions(info.signing_name)) {
      family["aws_actions"][std::string(action)] =
          FindAwsAction(info.signing_name, action) == AwsAction::kRetired ? "retired" : "current";
    }
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      family["actions"][method.name()] = {{"method", method.full_name()},
                                          {"request", method.input_type()->full_name()},
                                          {"response", method.output_type()->full_name()},
                                          {"filters", FiltersJson(method)}};
      AddMessage(*method.input_type(), **comments, messages);
      AddMessage(*method.output_type(), **comments, messages);
    }
  }
  std::cout << json{{"families", families}, {"messages", messages}} << "\n";
}

json Failure(const absl::Status& status) {
  return {{"error", ec2::ErrorCode(status)}, {"text", std::string(status.message())}};
}

absl::Status DecodeForm(absl::string_view text, const MethodDescriptor& method, Message& request) {
  ASSIGN_OR_RETURN(const frontend::Form form, frontend::ParseForm(text));
  return frontend::DecodeRequest(form, method, request);
}

template <absl::Status (*decode)(absl::string_view, const MethodDescriptor&, Message&)>
json Decode(const std::vector<std::string>& words) {
  const MethodDescriptor& method = Method(words.at(0));
  const std::unique_ptr<Message> request = NewMessage(*method.input_type());
  if (const absl::Status status = decode(words.at(1), method, *request); !status.ok()) return Failure(status);
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(*request, &text, options).ok()) Die("no JSON of a message");
  return {{"message", json::parse(text)}};
}

std::string EncodeXml(const MethodDescriptor& method, const Message& response) {
  return frontend::EncodeResponse(method, response, "request-1");
}

template <std::string (*encode)(const MethodDescriptor&, const Message&)>
json Encode(const std::vector<std::string>& words) {
  const MethodDescriptor& method = Method(words.at(0));
  const std::unique_ptr<Message> response = NewMessage(*method.output_type());
  const auto status = google::protobuf::util::JsonStringToMessage(words.at(1), response.get());
  if (!status.ok()) Die(status.ToString());
  return encode(method, *response);
}

json Error(const std::vector<std::string>& words) {
  for (const auto* service : schema::Services()) {
    const schema::ApiFamilyInfo& family = schema::Family(*service);
    if (family.signing_name != words.at(0)) continue;
    const std::optional<ec2::KnownCode> code = ec2::KnownCode::Find(words.at(1));
    if (!code.has_value()) Die("no row in the table of error codes: " + words.at(1));
    const absl::Status error = ec2::Error(*code, words.at(2));
    return {{"status", frontend::HttpStatus(family, error)},
            {"xml", frontend::EncodeError(family, error, "request-1")}};
  }
  Die("no family " + words.at(0));
}

void PrintCodes() {
  json families;
  for (const auto* service : schema::Services()) {
    const std::string& name = schema::Family(*service).signing_name;
    if (families.contains(name) || schema::Family(*service).api_version.empty()) continue;
    for (const ec2::ErrorRow& row : ec2::kErrorRows) {
      if ((row.apis & ec2::ApiBitOf(name)) == 0) continue;
      const absl::string_view shape = row.shape.empty() ? row.code : row.shape;
      families[name][std::string(row.code)] = {{"status", row.http_status}, {"shape", std::string(shape)}};
    }
  }
  std::cout << families << "\n";
}

void EachLine(const std::function<json(const std::vector<std::string>& words)>& answer) {
  for (std::string line; std::getline(std::cin, line);) std::cout << answer(absl::StrSplit(line, '\t')) << "\n";
}

}  // namespace
}  // namespace brume

int main(int argc, char** argv) {
  const std::string command = argc == 2 ? argv[1] : "";
  if (command == "schema") {
    brume::PrintSchema();
  } else if (command == "decode") {
    brume::EachLine(brume::Decode<brume::DecodeForm>);
  } else if (command == "decode_json") {
    brume::EachLine(brume::Decode<brume::frontend::DecodeJson>);
  } else if (command == "encode") {
    brume::EachLine(brume::Encode<brume::EncodeXml>);
  } else if (command == "encode_json") {
    brume::EachLine(brume::Encode<brume::frontend::EncodeJson>);
  } else if (command == "error") {
    brume::EachLine(brume::Error);
  } else if (command == "codes") {
    brume::PrintCodes();
  } else {
    brume::Die("usage: query_codec schema|decode|decode_json|encode|encode_json|error|codes");
  }
}
