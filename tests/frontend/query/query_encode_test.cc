#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/route.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "lib/frontend/query/encode.h"
#include "lib/frontend/query/xml_text.h"

namespace brume::frontend {
namespace {

std::string Encode(const std::string& method, const google::protobuf::Message& response) {
  const auto* found =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(absl::StrCat("brume.ec2.v1.", method));
  REQUIRE(found != nullptr);
  return EncodeResponse(*found, response, "req-1");
}

// What EncodeResponse writes around the members.
std::string Answer(const std::string& action, const std::string& members) {
  return absl::StrCat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<", action,
                      "Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>req-1</requestId>",
                      members, "</", action, "Response>");
}

std::string Text(absl::string_view text) {
  std::string xml;
  AppendXmlText(xml, text);
  return xml;
}

}  // namespace

TEST_CASE("an answer has EC2's elements, lists of items, and empty lists", "[query]") {
  ec2::v1::RunInstancesResponse response;
  response.set_owner_id("123456789012");
  auto& instance = *response.add_instances();
  instance.set_instance_id("i-1");
  instance.set_launch_time("2026-01-01T00:00:00.000Z");
  instance.set_ebs_optimized(false);
  instance.mutable_state()->set_code(0);
  instance.set_public_dns_name("");
  CHECK(
      Encode("Instances.RunInstances", response) ==
      Answer("RunInstances",
             "<groupSet/><instancesSet><item><instanceId>i-1</instanceId>"
             "<launchTime>2026-01-01T00:00:00.000Z</launchTime><dnsName></dnsName>"
             "<instanceState><code>0</code></instanceState><blockDeviceMapping/><ebsOptimized>false</ebsOptimized>"
             "<networkInterfaceSet/><groupSet/><productCodes/></item></instancesSet><ownerId>123456789012</ownerId>"));
}

TEST_CASE("a launch template's version shows no list that nobody gave", "[query]") {
  ec2::v1::DescribeLaunchTemplateVersionsResponse response;
  auto& version = *response.add_launch_template_versions();
  version.set_version_number(1);
  version.mutable_launch_template_data()->set_image_id("ami-1");
  version.mutable_launch_template_data()->add_network_interfaces()->set_device_index(0);
  CHECK(Encode("LaunchTemplates.DescribeLaunchTemplateVersions", response) ==
        Answer("DescribeLaunchTemplateVersions",
               "<launchTemplateVersionSet><item><versionNumber>1</versionNumber><launchTemplateData>"
               "<imageId>ami-1</imageId><networkInterfaceSet><item><deviceIndex>0</deviceIndex></item>"
               "</networkInterfaceSet></launchTemplateData></item></launchTemplateVersionSet>"));
}

TEST_CASE("tags are left out where a resource has none, but for what EC2 always shows them of", "[query]") {
  ec2::v1::DescribeSubnetsResponse subnets;
  subnets.add_subnets()->set_subnet_id("subnet-1");
  CHECK(Encode("Vpcs.DescribeSubnets", subnets).find("tagSet") == std::string::npos);
  ec2::v1::DescribeRouteTablesResponse tables;
  tables.add_route_tables()->set_route_table_id("rtb-1");
  CHECK(Encode("Routes.DescribeRouteTables", tables).find("<tagSet/>") != std::string::npos);
}

TEST_CASE("an EC2 action that answers nothing answers true", "[query]") {
  CHECK(Encode("Tags.CreateTags", ec2::v1::CreateTagsResponse()) == Answer("CreateTags", "<return>true</return>"));
}

TEST_CASE("an attribute's answer has only what was asked for", "[query]") {
  ec2::v1::DescribeInstanceAttributeResponse response;
  response.set_instance_id("i-1");
  response.mutable_disable_api_termination()->set_value(true);
  CHECK(Encode("Instances.DescribeInstanceAttribute", response) ==
        Answer("DescribeInstanceAttribute",
               "<disableApiTermination><value>true</value></disableApiTermination>"
               "<instanceId>i-1</instanceId>"));
  response.clear_disable_api_termination();
  CHECK(Encode("Instances.DescribeInstanceAttribute", response).find("<groupSet/>") != std::string::npos);
}

TEST_CASE("text is escaped, and what XML cannot hold is replaced", "[query]") {
  CHECK(Text("a<b>&\"c'") == "a&lt;b&gt;&amp;&quot;c'");
  CHECK(Text("tab\tline\nreturn\r") == "tab\tline\nreturn&#13;");
  CHECK(Text("é鍵🔑") == "é鍵🔑");
  CHECK(Text(absl::string_view("\0\x01\x1f\x7f", 4)) == "���\x7f");
  CHECK(Text("\xff") == "�");
  CHECK(Text("a\xe2\x82z") == "a��z");
  CHECK(Text("\xed\xa0\x80") == "���");
  CHECK(Text("\xef\xbf\xbe") == "���");
  CHECK(Text("").empty());
}

}  // namespace brume::frontend
