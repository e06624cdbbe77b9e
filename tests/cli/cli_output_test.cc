#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "cli/api_schema.h"
#include "cli/customisations.h"
#include "cli/fill.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/output_query.h"
#include "cli/output_table.h"
#include "cli/output_yaml.h"
#include "cli/shorthand.h"
#include "cli/table_columns.h"
#include "cli/text.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

const Schema& TheSchema() {
  static const auto* const schema = LoadEmbeddedSchema()->release();
  return *schema;
}

const ApiAction& TheAction(const std::string& name) {
  const ApiAction* action = TheSchema().FindAction(name);
  REQUIRE(action != nullptr);
  return *action;
}

std::unique_ptr<google::protobuf::Message> Response(const std::string& action, const std::string& json) {
  auto response = TheSchema().NewMessage(TheAction(action).method->output_type());
  const auto filled = FillMessage(*ParseJson(json), "", response.get());
  INFO(filled.message());
  REQUIRE(filled.ok());
  return response;
}

const absl::Time kNow = absl::FromUnixSeconds(1714564800);  // 2024-05-01T12:00:00Z

std::string Shown(const std::string& action, const std::string& json, OutputFormat format, int width = 0) {
  return Render(TheAction(action), *Response(action, json), format, {.width = width, .now = kNow});
}

constexpr char kInstances[] = R"({"Reservations": [
  {"ReservationId": "r-1", "OwnerId": "000000000000", "Instances": [
    {"AmiLaunchIndex": 0, "InstanceId": "i-0123456789abcdef0", "InstanceType": "b1.tiny", "ImageId": "ami-1",
     "State": {"Code": 16, "Name": "running"}, "PublicIpAddress": "198.18.0.2", "PrivateIpAddress": "172.31.0.4",
     "Placement": {"AvailabilityZone": "us-east-1a"}, "LaunchTime": "2024-05-01T10:00:00.000Z",
     "Tags": [{"Key": "Name", "Value": "web"}]}]},
  {"ReservationId": "r-2", "OwnerId": "000000000000", "Instances": [
    {"AmiLaunchIndex": 0, "InstanceId": "i-0123456789abcdef1", "InstanceType": "t3.micro", "ImageId": "ami-1",
     "State": {"Code": 80, "Name": "stopped"}, "PrivateIpAddress": "172.31.0.5",
     "Placement": {"AvailabilityZone": "us-east-1b"}, "LaunchTime": "2024-05-01T10:00:01.000Z",
     "Tags": [{"Key": "Name", "Value": "evil\u001b[2Jname of some length"}]}]}]})";

TEST_CASE("a table of instances shows a line each, reservations opened", "[cli]") {
  const std::string wanted =
      "ID                   NAME                            STATE    TYPE      PUBLIC IP   PRIVATE IP  LAUNCHED     "
      "IMAGE  ZONE\n"
      "i-0123456789abcdef0  web                             running  b1.tiny   198.18.0.2  172.31.0.4  2 h ago      "
      "ami-1  us-east-1a\n"
      "i-0123456789abcdef1  evil\\x1b[2Jname of some length  stopped  t3.micro              172.31.0.5  119 min ago  "
      "ami-1  us-east-1b\n";
  CHECK(Shown("describe-instances", kInstances, OutputFormat::kTable) == wanted);
}

TEST_CASE("a narrow terminal cuts names, leaves whole columns out, and says how many", "[cli]") {
  for (int width = 32; width < 160; ++width) {
    const std::string table = Shown("describe-instances", kInstances, OutputFormat::kTable, width);
    for (absl::string_view line : absl::StrSplit(table, '\n')) CHECK(DisplayWidth(line) <= width);
    CHECK(absl::StrContains(table, "i-0123456789abcdef1"));
    CHECK(absl::StrContains(table, "stopped"));
  }
  const std::string table = Shown("describe-instances", kInstances, OutputFormat::kTable, 80);
  CHECK(absl::StrContains(table, "i-0123456789abcdef1  evil\\x1b[2J"));
  CHECK(absl::StrContains(table, "columns hidden: --output wide\n"));
}

TEST_CASE("an empty list says so in a table and stays a list in JSON", "[cli]") {
  CHECK(Shown("describe-instances", "{}", OutputFormat::kTable) == "No instances.\n");
  CHECK(Shown("describe-key-pairs", "{}", OutputFormat::kTable) == "No key pairs.\n");
  CHECK(Shown("describe-instances", "{}", OutputFormat::kJson) == "{\n    \"Reservations\": []\n}\n");
  CHECK(Shown("reboot-instances", "{}", OutputFormat::kJson).empty());
  CHECK(Shown("reboot-instances", "{}", OutputFormat::kTable).empty());
}

TEST_CASE("a single thing is shown by name and value, a key ready to copy", "[cli]") {
  CHECK(Shown("create-key-pair", R"({"KeyMaterial": "-----BEGIN\nMIIE\n-----END\n", "KeyName": "k"})",
              OutputFormat::kTable) == "KeyName      k\nKeyMaterial\n-----BEGIN\nMIIE\n-----END\n");
  CHECK(Shown("describe-instance-attribute", R"({"InstanceId": "i-1", "DisableApiTermination": {"Value": true}})",
              OutputFormat::kTable) == "DisableApiTermination  yes\nInstanceId             i-1\n");
}

TEST_CASE("text has a tab-separated line for every structure", "[cli]") {
  CHECK(Shown("describe-tags", R"({"Tags": [{"Key": "Name", "ResourceId": "i-1", "Value": "a\tb"},
                                            {"Key": "x", "ResourceId": "i-2", "ResourceType": "instance"}]})",
              OutputFormat::kText) == "TAGS\tName\ti-1\t\ta\tb\nTAGS\tx\ti-2\tinstance\t\n");
  CHECK(Shown("stop-instances", R"({"StoppingInstances": [{"InstanceId": "i-1",
               "CurrentState": {"Code": 64, "Name": "stopping"}, "PreviousState": {"Code": 16, "Name": "running"}}]})",
              OutputFormat::kText) ==
        "STOPPINGINSTANCES\ti-1\nCURRENTSTATE\t64\tstopping\nPREVIOUSSTATE\t16\trunning\n");
  CHECK(Shown("register-image", R"({"ImageId": "ami-1"})", OutputFormat::kText) == "ami-1\n");
}

TEST_CASE("what a query selects is shown in each format as the aws command line shows it", "[cli]") {
  const auto shown = [](const char* json, OutputFormat format) {
    return RenderQueried(*ParseJson(json), format, true);
  };
  CHECK(shown(R"(["i-1", "i-2"])", OutputFormat::kText) == "i-1\ti-2\n");
  CHECK(shown(R"([["i-1", null], ["i-2", true]])", OutputFormat::kText) == "i-1\tNone\ni-2\tTrue\n");
  CHECK(shown(R"(["a", ["b", "c"], "d"])", OutputFormat::kText) == "a\td\nb\tc\n");
  CHECK(shown(R"([{"B": 1, "A": 2.0}, {"C": [1, 2]}])", OutputFormat::kText) == "2.0\t1\n\t\nC\t1\nC\t2\n");
  CHECK(RenderQueried(nullptr, OutputFormat::kText, true) == "None\n");
  CHECK(shown("[]", OutputFormat::kText).empty());
  CHECK(RenderQueried(nullptr, OutputFormat::kJson, true) == "null\n");
  CHECK(shown("[]", OutputFormat::kJson) == "[]\n");
  CHECK(shown(R"([{"Id": "i-1", "N": 1}, {"Id": "i-22", "L": [1]}])", OutputFormat::kTable) ==
        "Id    N  L\ni-1   1\ni-22     [1]\n");
  CHECK(RenderQueried("one\ntwo\x1b[2J", OutputFormat::kTable, true) == "one\ntwo\n");
  CHECK(RenderQueried("a\x1b[2J\n", OutputFormat::kText, false) == "a\x1b[2J\n\n");
  CHECK(RenderQueried("a\x1b[2J\n", OutputFormat::kText, true) == "a\n\n");
}

TEST_CASE("YAML quotes what it would take for something else", "[cli]") {
  const auto list = [](const std::string& text) { return RenderYaml(nlohmann::ordered_json::array({text})); };
  CHECK(RenderYaml(*ParseJson(
            R"({"b": [1, 2.5, true, null, {"z": 1, "a": []}, {}, [[1, 2], [3]]], "a": {}, "c": {"d": "e"}})")) ==
        "a: {}\nb:\n- 1\n- 2.5\n- true\n- null\n- a: []\n  z: 1\n- {}\n- - - 1\n    - 2\n  - - 3\nc:\n  d: e\n");
  for (const char* plain : {"a", "yes", "a:b", "-a", "--", ":a", "::/0", "0.0.0.0/0", "1:30", "key=value", "a'b", "é",
                            "inf", "arn:aws:iam::0:user/x", "i-0123456789abcdef0"}) {
    CHECK(list(plain) == absl::StrCat("- ", plain, "\n"));
  }
  for (const char* quoted : {"",
                             "true",
                             "Null",
                             "~",
                             "1",
                             "1e3",
                             "0x1f",
                             "012",
                             "1_000",
                             "+1",
                             ".5",
                             "2026-11-30",
                             "2026-11-30T22:00:00.000Z",
                             "a: b",
                             "a #b",
                             "#a",
                             "- a",
                             "-",
                             "?",
                             "@a",
                             "{a",
                             " a",
                             "a ",
                             "a:",
                             "---",
                             "=",
                             "<<",
                             ".inf",
                             "-1"}) {
    CHECK(list(quoted) == absl::StrCat("- '", quoted, "'\n"));
  }
  CHECK(list("'a") == "- '''a'\n");
  CHECK(list("a\nb\x1b") == "- \"a\\nb\\u001b\"\n");
  CHECK(RenderYaml("x") == "\"x\"\n");
  CHECK(RenderYaml(nlohmann::ordered_json::array()) == "[]\n");
}

TEST_CASE("the console's output is decoded: raw in text, harmless in a table and on a terminal", "[cli]") {
  const std::string console = "boot\r\n\x1b[32mok\x1b[0m\x1b[6n \x07\n";
  auto response =
      Response("get-console-output", R"({"InstanceId": "i-1", "Output": ")" + Base64Encode(console) + R"("})");
  const ApiAction& action = TheAction("get-console-output");
  DecodeResponse(action, response.get());
  CHECK(Render(action, *response, OutputFormat::kText, {}) == console);
  CHECK(Render(action, *response, OutputFormat::kText, {.to_terminal = true}) == "boot\nok \\x07\n");
  CHECK(Render(action, *response, OutputFormat::kTable, {}) == "InstanceId  i-1\nOutput\nboot\nok \\x07\n");
}

TEST_CASE("the document of a policy is a structure outside of tables, as the aws command line has it", "[cli]") {
  const char* answer =
      R"({"UserName": "a", "PolicyName": "p", "PolicyDocument": "{\"Statement\": [{\"Effect\": \"Allow\"}]}"})";
  const auto json = *ParseJson(Shown("get-user-policy", answer, OutputFormat::kJson));
  CHECK(json["PolicyDocument"]["Statement"][0]["Effect"] == "Allow");
  CHECK(absl::StrContains(Shown("get-user-policy", answer, OutputFormat::kText), "\nPOLICYDOCUMENT") == false);
  CHECK(absl::StrContains(Shown("get-user-policy", answer, OutputFormat::kText), "STATEMENT\tAllow\n"));
  CHECK(absl::StrContains(Shown("get-user-policy", answer, OutputFormat::kTable), "{\"Statement\""));
  CHECK(absl::StrContains(Shown("get-user-policy", R"({"PolicyDocument": "no JSON"})", OutputFormat::kJson),
                          "\"no JSON\""));
  // As IAM sends it.
  const char* sent = R"({"PolicyDocument": "%7B%22a%22%3A%22%25b%22%7D"})";
  CHECK((*ParseJson(Shown("get-user-policy", sent, OutputFormat::kJson)))["PolicyDocument"]["a"] == "%b");
}

TEST_CASE("JSON escapes what a terminal would obey", "[cli]") {
  const std::string json = Shown("register-image", R"({"ImageId": "a\u001b\u007f\u009bü"})", OutputFormat::kJson);
  CHECK(json == "{\n    \"ImageId\": \"a\\u001b\\u007f\\u009bü\"\n}\n");
  CHECK(ParseJson(json)->at("ImageId") == "a\x1b\x7f\xc2\x9bü");
}

// A schema of our own for the types that EC2's messages do not use yet.
class NoErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int, const std::string& message) override { FAIL(line << ": " << message); }
};

std::unique_ptr<Schema> ParsedSchema(const std::string& text) {
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  NoErrors errors;
  google::protobuf::io::Tokenizer tokenizer(&stream, &errors);
  google::protobuf::compiler::Parser parser;
  google::protobuf::FileDescriptorSet set;
  REQUIRE(parser.Parse(&tokenizer, set.add_file()));
  set.mutable_file(0)->set_name("test.proto");
  return std::move(*Schema::Parse(set.SerializeAsString()));
}

TEST_CASE("every type goes through JSON and back", "[cli]") {
  const auto schema = ParsedSchema(R"(syntax = "proto3"; package t;
    enum E { ZERO = 0; ONE = 1; }
    message All {
      optional int32 a_32 = 1; optional int64 a_64 = 2; optional uint32 u_32 = 3; optional uint64 u_64 = 4;
      optional double d = 5; optional float f = 6; optional bool b = 7; optional E e = 8; optional string s = 9;
      optional bytes y = 10; optional All inner = 11;
      repeated int64 many_64 = 12; repeated E many_e = 13; repeated bytes many_y = 14; repeated bool many_b = 15;
      repeated double many_d = 16; repeated All many = 17; repeated string many_s = 18;
    })");
  const auto* type = schema->pool().FindMessageTypeByName("t.All");
  const std::string text =
      R"({"A32":-5,"A64":9007199254740993,"U32":7,"U64":8,"D":1.5,"F":0.25,"B":false,"E":"ONE","S":"x","Y":"AP8=",)"
      R"("Inner":{"S":""},"Many64":[1,-2],"ManyE":["ZERO","ONE"],"ManyY":["AA=="],"ManyB":[true],"ManyD":[0.5],)"
      R"("Many":[{"B":true},{}],"ManyS":["a","b"]})";
  auto message = schema->NewMessage(type);
  const auto filled = FillMessage(*ParseJson(text), "", message.get());
  INFO(filled.message());
  REQUIRE(filled.ok());
  CHECK(ToJson(*message).dump() == text);

  for (const std::string wrong :
       {R"({"A32": 2147483648})", R"({"A64": 9223372036854775808})", R"({"U32": -1})", R"({"A32": 1.5})",
        R"({"A32": "x"})", R"({"B": 1})", R"({"B": "yes"})", R"({"E": "TWO"})", R"({"S": []})", R"({"S": {}})",
        R"({"Y": "***"})", R"({"Inner": "x"})", R"({"Many64": ["x"]})", R"({"D": "x"})", R"({"a_32": 1})"}) {
    INFO(wrong);
    auto target = schema->NewMessage(type);
    CHECK(absl::IsInvalidArgument(FillMessage(*ParseJson(wrong), "", target.get())));
  }
  // Null is absent; one value is a list of one; strings spell numbers.
  auto target = schema->NewMessage(type);
  REQUIRE(FillMessage(*ParseJson(R"({"S": null, "Many64": "3", "B": "TRUE"})"), "", target.get()).ok());
  CHECK(ToJson(*target)["Many64"].dump() == "[3]");
}

TEST_CASE("things without chosen columns get their plain members, ids first", "[cli]") {
  const auto schema = ParsedSchema(R"(syntax = "proto3"; package t;
    message Answer { repeated Thing things = 1; optional string next_token = 2; }
    message Thing { optional string state = 1; optional string thing_id = 2; optional int64 size = 3; })");
  const auto* type = schema->pool().FindMessageTypeByName("t.Answer");
  const auto answer =
      *ParseJson(R"({"Things": [{"State": "available", "ThingId": "x-1", "Size": 8}], "NextToken": "n"})");
  CHECK(RenderTable(answer, type, {}) ==
        "THING ID  STATE      SIZE\nx-1       available  8\n\nThere is more. NextToken: n\n");
}

}  // namespace
}  // namespace brume::cli
