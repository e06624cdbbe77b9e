#include <algorithm>
#include <catch2/catch.hpp>
#include <ctime>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/key_pair.pb.h"
#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/tag.pb.h"
#include "lib/frontend/query/decode.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

template <typename Request>
absl::StatusOr<Request> Decode(absl::string_view service, const std::string& text) {
  const std::string name = Request::descriptor()->name();
  const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      absl::StrCat("brume.ec2.v1.", service, ".", name.substr(0, name.size() - 7)));
  REQUIRE(method != nullptr);
  absl::StatusOr<Form> form = ParseForm(text);
  REQUIRE(form.ok());
  Request request;
  const absl::Status status = DecodeRequest(*form, *method, request);
  if (!status.ok()) return status;
  return request;
}

absl::StatusOr<ec2::v1::RunInstancesRequest> Run(const std::string& text) {
  return Decode<ec2::v1::RunInstancesRequest>("Instances", text);
}

// "Code: message".
std::string FaultOf(const std::string& text) {
  const absl::Status status = Run(text).status();
  return absl::StrCat(ec2::ErrorCode(status), ": ", status.message());
}

}  // namespace

TEST_CASE("lists, structures and values of a Query request become a message", "[query]") {
  const auto run =
      Run("Action=RunInstances&Version=2016-11-15&ImageId=ami-1&MinCount=1&MaxCount=2&Monitoring.Enabled=TRUE"
          "&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fvda&BlockDeviceMapping.1.Ebs.VolumeSize=8"
          "&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value="
          "&TagSpecification.1.Tag.2.Key=b&SecurityGroupId.1=sg-1&SecurityGroupId.2=sg-2");
  REQUIRE(run.ok());
  CHECK(run->image_id() == "ami-1");
  CHECK(run->max_count() == 2);
  CHECK(run->monitoring().enabled());
  REQUIRE(run->block_device_mappings_size() == 1);
  CHECK(run->block_device_mappings(0).device_name() == "/dev/vda");
  CHECK(run->block_device_mappings(0).ebs().volume_size() == 8);
  REQUIRE(run->tag_specifications(0).tags_size() == 2);
  CHECK(run->tag_specifications(0).tags(0).has_value());
  CHECK_FALSE(run->tag_specifications(0).tags(1).has_value());
  CHECK(run->security_group_ids_size() == 2);
  CHECK_FALSE(run->has_key_name());
}

TEST_CASE("the numbers of a list order it, and gaps in them cost nothing", "[query]") {
  const auto run = Run("SecurityGroupId.4294967295=c&SecurityGroupId.10=b&SecurityGroupId.2=a");
  REQUIRE(run.ok());
  REQUIRE(run->security_group_ids_size() == 3);
  CHECK(run->security_group_ids(0) == "a");
  CHECK(run->security_group_ids(1) == "b");
  CHECK(run->security_group_ids(2) == "c");
}

TEST_CASE("lists may be numbered from 0, as some clients do", "[query]") {
  const auto run = *Run("SecurityGroupId.0=a&SecurityGroupId.1=b&SecurityGroupId.2=c");
  CHECK(std::vector<std::string>(run.security_group_ids().begin(), run.security_group_ids().end()) ==
        std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("a parameter that is empty is one that is not given, but for the value of an attribute", "[query]") {
  const auto run = *Run("SubnetId=&MinCount=&EbsOptimized=&Placement.AvailabilityZone=&KeyName=");
  CHECK_FALSE(run.has_subnet_id());
  CHECK_FALSE(run.has_min_count());
  CHECK_FALSE(run.has_ebs_optimized());
  CHECK_FALSE(run.has_key_name());
  const auto request = *Decode<ec2::v1::ModifyInstanceAttributeRequest>(
      "Instances", "InstanceInitiatedShutdownBehavior.Value=&Attribute=");
  CHECK(request.instance_initiated_shutdown_behavior().has_value());
  CHECK_FALSE(request.has_attribute());
}

TEST_CASE("an empty NoDevice is given", "[query]") {
  const auto run = *Run("BlockDeviceMapping.1.DeviceName=/dev/sdf&BlockDeviceMapping.1.NoDevice=");
  REQUIRE(run.block_device_mappings_size() == 1);
  CHECK(run.block_device_mappings(0).has_no_device());
  const auto image = *Decode<ec2::v1::CreateImageRequest>("Images", "BlockDeviceMapping.1.NoDevice=");
  CHECK(image.block_device_mappings(0).has_no_device());
  const auto made = *Decode<ec2::v1::CreateLaunchTemplateRequest>("LaunchTemplates",
                                                                  "LaunchTemplateData.BlockDeviceMapping.1.NoDevice=");
  CHECK(made.launch_template_data().block_device_mappings(0).has_no_device());
}

TEST_CASE("an empty value of a list is an empty list", "[query]") {
  const auto run = Run("TagSpecification=&SecurityGroupId=&SecurityGroupId.1=a");
  REQUIRE(run.ok());
  CHECK(run->tag_specifications_size() == 0);
  CHECK(run->security_group_ids_size() == 1);
}

TEST_CASE("a list of one value may come without a number, once", "[query]") {
  const auto run = *Run("SecurityGroupId=sg-1&InstanceType=t3.micro");
  REQUIRE(run.security_group_ids_size() == 1);
  CHECK(run.security_group_ids(0) == "sg-1");
  CHECK(FaultOf("SecurityGroupId=sg-1&SecurityGroupId=sg-2").starts_with("InvalidQueryParameter: "));
  CHECK(FaultOf("SecurityGroupId=sg-1&SecurityGroupId.0=sg-2").starts_with("InvalidQueryParameter: "));
}

TEST_CASE("a structure of nothing but parameters that are not given is not given", "[query]") {
  const auto run = *Run("IamInstanceProfile.Name=&Placement.AvailabilityZone=&ImageId=ami-1");
  CHECK_FALSE(run.has_iam_instance_profile());
  CHECK_FALSE(run.has_placement());
  CHECK(Run("IamInstanceProfile.Name=p&IamInstanceProfile.Arn=")->iam_instance_profile().name() == "p");
}

TEST_CASE("what signs a request is no parameter", "[query]") {
  CHECK(Run("AWSAccessKeyId=a&Signature=b&SignatureMethod=c&SignatureVersion=2&Timestamp=d&SecurityToken=e&Expires=f"
            "&X-Amz-Algorithm=g&X-Amz-Security-Token=h&x-amz-date=i&ImageId=ami-1")
            .ok());
}

TEST_CASE("a parameter that the schema does not have is UnknownParameter", "[query]") {
  for (const char* bad :
       {"Nonsense", "imageid", "ImageId.1", "ImageId.Value", "Placement.Nonsense", "SecurityGroupId.x",
        "SecurityGroupId.00", "SecurityGroupId.01", "SecurityGroupId.-1", "SecurityGroupId.4294967296",
        "SecurityGroupId.1.2", "SecurityGroupId.", "SecurityGroupId.member.1", ".", "ImageId.", ".ImageId",
        "TagSpecification.1.Tags.1.Key", "BlockDeviceMapping.Ebs.VolumeSize", "TagSpecifications.1.ResourceType"}) {
    CHECK(FaultOf(absl::StrCat(bad, "=1")) ==
          absl::StrCat("UnknownParameter: The parameter ", bad, " is not recognized"));
  }
}

TEST_CASE("a parameter that the schema does not have and that is empty is not given, as what is unset is sent by some",
          "[query]") {
  for (const char* unset : {"Nonsense=", "Placement.Nonsense=", "KernelId=&RamdiskId="}) {
    INFO(unset);
    const auto request = Run(absl::StrCat(unset, "&ImageId=ami-1"));
    REQUIRE(request.ok());
    CHECK(request->image_id() == "ami-1");
    CHECK_FALSE(request->has_placement());
  }
}

TEST_CASE("a parameter that is given twice is refused", "[query]") {
  CHECK(FaultOf("ImageId=ami-1&ImageId=ami-2") ==
        "InvalidQueryParameter: The parameter imageId is given more than once");
  CHECK(FaultOf("BlockDeviceMapping.1.Ebs.VolumeSize=1&BlockDeviceMapping.1.Ebs.VolumeSize=1") ==
        "InvalidQueryParameter: The parameter blockDeviceMapping.1.ebs.volumeSize is given more than once");
}

TEST_CASE("a value that is not of its parameter's type is named with what it must be", "[query]") {
  CHECK(FaultOf("MaxCount=two") ==
        "InvalidParameterValue: Value (two) for parameter maxCount is invalid. It must be an integer of 32 bits.");
  CHECK(FaultOf("MaxCount=2147483648").starts_with("InvalidParameterValue: "));
  CHECK(FaultOf("DryRun=1") ==
        "InvalidParameterValue: Value (1) for parameter dryRun is invalid. It must be true or false.");
  CHECK(FaultOf("Placement=here") ==
        "InvalidParameterValue: Value (here) for parameter placement is invalid. It is a structure: give its members.");
  CHECK(FaultOf("TagSpecification.1=x").starts_with("InvalidParameterValue: "));
  CHECK(FaultOf("TagSpecification=x") ==
        "InvalidParameterValue: Value (x) for parameter tagSpecification is invalid. It is a list: give its first "
        "item as TagSpecification.1.");
  CHECK(FaultOf("KeyName=%ff") == "InvalidParameterValue: The value for parameter keyName is not valid UTF-8");
}

TEST_CASE("binary values are base64", "[query]") {
  const auto import = Decode<ec2::v1::ImportKeyPairRequest>("KeyPairs", "KeyName=k&PublicKeyMaterial=%2F%2B8%3D");
  REQUIRE(import.ok());
  CHECK(import->public_key_material() == "\xff\xef");
  const absl::Status bad =
      Decode<ec2::v1::ImportKeyPairRequest>("KeyPairs", "KeyName=k&PublicKeyMaterial=no+base64").status();
  CHECK(ec2::ErrorCode(bad) == "InvalidParameterValue");
}

TEST_CASE("names of many parts and of odd bytes are refused, not followed", "[query]") {
  std::string deep = "TagSpecification.1";
  for (int i = 0; i < 100000; ++i) deep += ".Tag.1";
  CHECK(FaultOf(deep + "=x").starts_with("UnknownParameter: "));
  CHECK(FaultOf(deep + "=x").size() < 300);
  CHECK(FaultOf("%ff%00=x").starts_with("UnknownParameter: "));
}

TEST_CASE("decoding takes time in proportion to the form", "[query]") {
  const auto form_of = [](int tags) {
    std::string text;
    for (int i = tags; i > 0; --i) absl::StrAppend(&text, "Tag.", i * 1000, ".Key=k&Tag.", i * 1000, ".Value=v&");
    return *ParseForm(text);
  };
  const auto* method =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName("brume.ec2.v1.Tags.CreateTags");
  // Of this thread alone: on a busy machine the longer form waits for its turn in its middle, the shorter does not.
  const auto processor_time = [] {
    timespec time;
    REQUIRE(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
    return absl::DurationFromTimespec(time);
  };
  const auto min_time = [&](const Form& form) {
    absl::Duration min = absl::InfiniteDuration();
    for (int i = 0; i < 9; ++i) {
      ec2::v1::CreateTagsRequest request;
      const absl::Duration start = processor_time();
      REQUIRE(DecodeRequest(form, *method, request).ok());
      min = std::min(min, processor_time() - start);
      REQUIRE(request.tags_size() * 2 == static_cast<int>(form.size()));
    }
    return min;
  };
  // 16 times the fields: 256 times the work where each field looks at all the others.
  CHECK(min_time(form_of(8000)) < 80 * min_time(form_of(500)));
}

}  // namespace brume::frontend
