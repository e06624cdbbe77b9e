// What a launch is: merged, as JSON, and beside the schema's messages.
#include "lib/ec2/compute/model/launch_spec.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "lib/base/fields_json.h"
#include "lib/ec2/compute/launch_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/schema/message_fields.h"
#include "tests/support/temp_dir.h"

namespace brume::compute {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using TagSpecification = LaunchSpec::TagSpecification;

// Sets each field of `message`, lists twice, to a value of its own; but those of `passed_over`.
void Fill(Message& message, const std::set<std::string>& passed_over, int& next) {
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (passed_over.contains(field.name())) continue;
    for (int round = 0; round < (field.is_repeated() ? 2 : 1); ++round) {
      const std::string text = "value " + std::to_string(++next) + " \"\n\u00fc";
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
          Fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                   : *reflection.MutableMessage(&message, &field),
               passed_over, next);
          break;
        case FieldDescriptor::CPPTYPE_STRING:
          field.is_repeated() ? reflection.AddString(&message, &field, text)
                              : reflection.SetString(&message, &field, text);
          break;
        case FieldDescriptor::CPPTYPE_BOOL:
          reflection.SetBool(&message, &field, next % 2 == 0);
          break;
        case FieldDescriptor::CPPTYPE_DOUBLE:
          reflection.SetDouble(&message, &field, next);
          break;
        default:
          reflection.SetInt32(&message, &field, next - 10);
      }
    }
  }
}

template <typename M>
M Full(const std::set<std::string>& passed_over = {}) {
  M message;
  int next = 0;
  Fill(message, passed_over, next);
  return message;
}

// What RunInstances has and a launch template cannot give.
const std::set<std::string> kOfTheCall = {"max_count", "min_count", "client_token", "dry_run", "launch_template"};

LaunchSpec Tagged(const std::string& type, const std::string& key, const std::string& value) {
  LaunchSpec spec;
  spec.tag_specifications = {{.resource_type = type, .tags = {{.key = key, .value = value}}}};
  return spec;
}

}  // namespace

TEST_CASE("a launch loses no parameter of RunInstances or of a launch template, as JSON too", "[launch]") {
  const auto survives = [](const auto& full) {
    LaunchSpec spec;
    schema::ReadFields(full, spec);
    const absl::StatusOr<LaunchSpec> read = FieldsFromJson<LaunchSpec>(FieldsToJson(spec));
    REQUIRE(read.ok());
    CHECK(*read == spec);
    std::unique_ptr<Message> same(full.New());
    schema::WriteFields(*read, *same);
    CHECK(same->DebugString() == full.DebugString());
  };
  survives(Full<ec2::v1::RunInstancesRequest>(kOfTheCall));
  survives(Full<ec2::v1::RequestLaunchTemplateData>());
  survives(Full<ec2::v1::ResponseLaunchTemplateData>());
  survives(ec2::v1::RunInstancesRequest());
}

TEST_CASE("what is set to nothing is not what is unset", "[launch]") {
  ec2::v1::RequestLaunchTemplateData data;
  data.set_key_name("");
  data.set_ebs_optimized(false);
  data.mutable_metadata_options();
  data.add_block_device_mappings();
  LaunchSpec spec;
  schema::ReadFields(data, spec);
  CHECK(FieldsToJson(spec) ==
        R"({"block_device_mappings":[{}],"ebs_optimized":false,"key_name":"","metadata_options":{}})");
  CHECK(FieldsFromJson<LaunchSpec>(FieldsToJson(spec)).value() == spec);
}

TEST_CASE("JSON that is not of a launch is told from it", "[launch]") {
  for (const char* text : {"", "[]", "{", R"({"image_id":7})", R"({"image":"ami-1"})", R"({"ebs_optimized":"yes"})",
                           R"({"security_groups":"web"})", R"({"metadata_options":[]})",
                           R"({"block_device_mappings":[{"ebs":{"volume_size":4294967296}}]})"}) {
    INFO(text);
    CHECK(absl::IsDataLoss(FieldsFromJson<LaunchSpec>(text).status()));
  }
}

TEST_CASE("bytes of a message are refused when they say what a launch has no field for", "[launch]") {
  const auto read = schema::FieldsFromBytes<LaunchSpec, ec2::v1::RequestLaunchTemplateData>;
  const std::string bytes = Full<ec2::v1::RequestLaunchTemplateData>().SerializeAsString();
  CHECK(read(bytes).ok());
  CHECK(read("").value() == LaunchSpec());
  CHECK(absl::IsDataLoss(read(bytes + std::string("\xa0\x06\x01", 3)).status()));  // field 100
  CHECK(absl::IsDataLoss(read(bytes.substr(0, bytes.size() - 1)).status()));
}

TEST_CASE("a parameter that is given takes the place of the other one as a whole", "[launch]") {
  LaunchSpec base;
  base.image_id = "ami-1";
  base.instance_type = "b1.small";
  base.security_groups = {"a", "b"};
  base.metadata_options.emplace().http_tokens = "optional";
  base.disable_api_stop = true;
  LaunchSpec over;
  over.instance_type = "b1.tiny";
  over.security_groups = {"c"};
  over.metadata_options.emplace().http_endpoint = "disabled";
  over.disable_api_stop = false;
  LaunchSpec expected = base;
  expected.instance_type = "b1.tiny";
  expected.security_groups = {"c"};
  expected.metadata_options = over.metadata_options;
  expected.disable_api_stop = false;
  CHECK(Override(base, over) == expected);
  CHECK(Merge(base, over) == expected);
  CHECK(Override(base, LaunchSpec()) == base);
  CHECK(Override(LaunchSpec(), over) == over);
}

TEST_CASE("tags are merged at a launch, and replaced in a version", "[launch]") {
  LaunchSpec base = Tagged("instance", "Name", "web");
  base.tag_specifications.front().tags.push_back({.key = "Stage", .value = "prod"});
  base.tag_specifications.push_back({.resource_type = "volume", .tags = {{.key = "Name", .value = "disk"}}});
  const LaunchSpec over = Tagged("instance", "Name", "mine");
  CHECK(Override(base, over) == over);
  LaunchSpec expected = over;
  expected.tag_specifications.push_back({.resource_type = "instance", .tags = {{.key = "Stage", .value = "prod"}}});
  expected.tag_specifications.push_back({.resource_type = "volume", .tags = {{.key = "Name", .value = "disk"}}});
  CHECK(Merge(base, over) == expected);
  // All of its tags are overridden.
  CHECK(Merge(Tagged("instance", "Name", "web"), over) == over);
}

TEST_CASE("a launch needs an image and a whole monitoring, wherever it was asked for", "[launch]") {
  LaunchSpec spec;
  CHECK(ec2::ErrorCode(ParseLaunch(spec, {}).status()) == "MissingParameter");
  spec.image_id = "ami-00000000000000000";
  CHECK(ParseLaunch(spec, {}).ok());
  spec.monitoring.emplace();
  CHECK(ec2::ErrorCode(ParseLaunch(spec, {}).status()) == "MissingParameter");
  spec.monitoring->enabled = true;
  CHECK(ParseLaunch(spec, {}).value().monitoring);
}

}  // namespace brume::compute
