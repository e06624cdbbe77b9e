// What the short commands show, at two widths and piped.
#include <catch2/catch.hpp>
#include <string>

#include "cli/instance_info.h"
#include "cli/instance_list.h"
#include "cli/instance_logs.h"
#include "cli/open_port.h"
#include "cli/remote_command.h"
#include "cli/scaling_groups.h"
#include "cli/short_images.h"
#include "tests/cli/cli_answers.h"

namespace brume::cli {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1767225600);  // 2026-01-01T00:00:00Z

template <typename Message>
Message FromJson(const std::string& json) {
  Message message;
  const absl::Status filled = FillMessage(*ParseJson(json), "", &message);
  INFO(filled.message());
  REQUIRE(filled.ok());
  return message;
}

constexpr char kInstances[] = R"({"Instances": [
  {"InstanceId": "i-0123456789abcdef1", "State": {"Name": "stopped"}, "InstanceType": "t3.small",
   "LaunchTime": "2025-12-31T22:00:00.000Z", "PrivateIpAddress": "172.31.10.151", "ImageId": "ami-0123456789abcdef0",
   "Tags": [{"Key": "Name", "Value": "web"}]},
  {"InstanceId": "i-0123456789abcdef2", "State": {"Name": "shutting-down"}, "InstanceType": "b1.tiny",
   "LaunchTime": "2025-12-20T00:00:00.000Z", "ImageId": "ami-0123456789abcdef0"},
  {"InstanceId": "i-0123456789abcdef0", "State": {"Name": "running"}, "InstanceType": "b1.tiny",
   "LaunchTime": "2025-12-31T23:59:18.000Z", "PublicIpAddress": "198.18.165.68", "PrivateIpAddress": "172.31.10.150",
   "ImageId": "ami-0123456789abcdef0", "KeyName": "default",
   "Tags": [{"Key": "Name", "Value": "db"}, {"Key": "aws:autoscaling:groupName", "Value": "front"}]}]})";

ShortTable Instances() {
  const auto reservation = FromJson<ec2::v1::Reservation>(kInstances);
  return InstanceTable({reservation.instances().begin(), reservation.instances().end()}, kNow);
}

TEST_CASE("ls shows names and states first, and at 80 columns says what it leaves out", "[cli]") {
  CHECK(Instances().Render(80) ==
        R"(NAME  STATE          ADDRESS        AGE  TYPE      ID                   GROUP
db    running        198.18.165.68  42s  b1.tiny   i-0123456789abcdef0  front
web   stopped        -              2h   t3.small  i-0123456789abcdef1  -
-     shutting-down  -              12d  b1.tiny   i-0123456789abcdef2  -
Hidden, for want of room: PRIVATE, KEY, IMAGE.
)");
}

TEST_CASE("ls shows all at 160 columns", "[cli]") {
  const std::string text = Instances().Render(160);
  CHECK(
      text ==
      R"(NAME  STATE          ADDRESS        AGE  TYPE      ID                   GROUP  PRIVATE        IMAGE                  KEY
db    running        198.18.165.68  42s  b1.tiny   i-0123456789abcdef0  front  172.31.10.150  ami-0123456789abcdef0  default
web   stopped        -              2h   t3.small  i-0123456789abcdef1  -      172.31.10.151  ami-0123456789abcdef0  -
-     shutting-down  -              12d  b1.tiny   i-0123456789abcdef2  -      -              ami-0123456789abcdef0  -
)");
}

TEST_CASE("a state is whole on the narrowest terminal, whatever a name is like", "[cli]") {
  ShortTable table({{"NAME"}, {"STATE"}, {"ID", 1}});
  table.Add({std::string(60, 'n') + "\x1b[31m", "shutting-down", "i-0123456789abcdef0"});
  const std::string text = table.Render(40);
  CHECK(text == "NAME                       STATE\n" + std::string(24, 'n') +
                    "…  shutting-down\nHidden, for want of room: ID.\n");
}

TEST_CASE("piped, a list is a line each with tabs and times that a program reads", "[cli]") {
  ShortTable table({{"NAME"}, {"STATE"}, {"AGE", 1}});
  table.Add({"a\tb", "", AgeCell("2025-12-31T22:00:00.000Z", kNow)});
  CHECK(table.Plain() == "a\\tb\t-\t2025-12-31T22:00:00.000Z\n");
  CHECK(Instances().Plain().substr(0, 49) == "db\trunning\t198.18.165.68\t2025-12-31T23:59:18.000Z");
}

TEST_CASE("an age has one unit and is never precise in vain", "[cli]") {
  CHECK(Age(absl::Seconds(-5)) == "0s");
  CHECK(Age(absl::Seconds(119)) == "119s");
  CHECK(Age(absl::Minutes(119)) == "119m");
  CHECK(Age(absl::Hours(47)) == "47h");
  CHECK(Age(absl::Hours(24 * 700)) == "700d");
  CHECK(Age(absl::Hours(24 * 800)) == "2y");
}

InstanceDetails Details() {
  return {.instance = FromJson<ec2::v1::Instance>(R"({
            "InstanceId": "i-0123456789abcdef0", "State": {"Name": "stopped"}, "InstanceType": "t3.small",
            "StateReason": {"Message": "Client.UserInitiatedShutdown: User initiated shutdown"},
            "LaunchTime": "2025-12-31T22:00:00.000Z", "PrivateIpAddress": "172.31.10.151", "KeyName": "default",
            "ImageId": "ami-0123456789abcdef0", "SubnetId": "subnet-0123456789abcdef0", "VpcId": "vpc-0123456789abcdef0",
            "BlockDeviceMappings": [{"DeviceName": "/dev/vda", "Ebs": {"VolumeId": "vol-0123456789abcdef0"}}],
            "SecurityGroups": [{"GroupName": "brume-launch", "GroupId": "sg-0123456789abcdef0"}],
            "Tags": [{"Key": "Name", "Value": "web"}, {"Key": "stage", "Value": "test"}]})"),
          .image = FromJson<ec2::v1::Image>(R"({"ImageId": "ami-0123456789abcdef0", "Name": "mini"})"),
          .volumes = FromJson<ec2::v1::DescribeVolumesResponse>(
              R"({"Volumes": [{"VolumeId": "vol-0123456789abcdef0", "Size": 8}]})"),
          .groups = FromJson<ec2::v1::DescribeSecurityGroupsResponse>(
              R"({"SecurityGroups": [{"IpPermissions": [
                   {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
                   {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 9000,
                    "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "192.168.100.0/24"}]},
                   {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-0123456789abcdef1"}]}]}]})")};
}

TEST_CASE("info tells what an instance is made of and why it is not up", "[cli]") {
  CHECK(RenderRecord(InstanceRecord(Details(), kNow), 160) ==
        R"(name      web
state     stopped
why       Client.UserInitiatedShutdown: User initiated shutdown
id        i-0123456789abcdef0
type      t3.small
launched  2h ago, 2025-12-31T22:00:00.000Z
private   172.31.10.151
image     mini (ami-0123456789abcdef0)
key       default
disks     /dev/vda vol-0123456789abcdef0 8 GiB
groups    brume-launch (sg-0123456789abcdef0)
lets in   tcp 22 from 0.0.0.0/0; tcp 8000-9000 from 10.0.0.0/8,192.168.100.0/24; all from sg-0123456789abcdef1
subnet    subnet-0123456789abcdef0 in vpc-0123456789abcdef0
tags      stage=test
)");
}

TEST_CASE("info wraps a long value below itself at 80 columns", "[cli]") {
  const std::string text = RenderRecord(InstanceRecord(Details(), kNow), 80);
  CHECK(absl::StrContains(text,
                          "lets in   tcp 22 from 0.0.0.0/0; tcp 8000-9000 from 10.0.0.0/8,192.168.100.0/24;\n"
                          "          all from sg-0123456789abcdef1\n"));
  CHECK(absl::StrContains(PlainRecord(InstanceRecord(Details(), kNow)), "launched\t2025-12-31T22:00:00.000Z\n"));
}

ShortTable Images() {
  return ImageTable(FromJson<ec2::v1::DescribeImagesResponse>(R"({"Images": [
                      {"ImageId": "ami-0123456789abcdef1", "Name": "mini", "State": "available", "BootMode": "legacy-bios",
                       "CreationDate": "2025-12-31T22:00:00.000Z", "BlockDeviceMappings": [{"Ebs": {"VolumeSize": 8}}],
                       "Description": "Small Linux for trying things: Debian's cloud kernel, busybox, dropbear"},
                      {"ImageId": "ami-0123456789abcdef0", "Name": "import-ami-1", "State": "pending",
                       "CreationDate": "2025-12-31T23:59:00.000Z"}]})"),
                    FromJson<host::v1::ListCatalogueImagesResponse>(R"({"Images": [
                      {"Name": "debian-12", "ImageId": "ami-0123456789abcdef0"}, {"Name": "fedora-42"}]})"),
                    kNow);
}

TEST_CASE("images are known by their names in the catalogue", "[cli]") {
  CHECK(Images().Render(80) == R"(NAME       STATE      ID                     GIB  AGE  BOOT
debian-12  pending    ami-0123456789abcdef0  -    60s  -
mini       available  ami-0123456789abcdef1  8    2h   legacy-bios
Hidden, for want of room: DESCRIPTION.
)");
  CHECK(Images().Render(160) ==
        R"(NAME       STATE      ID                     GIB  AGE  BOOT         DESCRIPTION
debian-12  pending    ami-0123456789abcdef0  -    60s  -            -
mini       available  ami-0123456789abcdef1  8    2h   legacy-bios  Small Linux for trying things: Debian's cloud kernel, busybox, dropbear
)");
}

ShortTable Groups() {
  return GroupTable(FromJson<autoscaling::v1::DescribeAutoScalingGroupsResponse>(R"({"AutoScalingGroups": [
                      {"AutoScalingGroupName": "front", "MinSize": 1, "MaxSize": 4, "DesiredCapacity": 2,
                       "CreatedTime": "2025-12-31T22:00:00.000Z", "LaunchTemplate": {"LaunchTemplateName": "web"},
                       "Instances": [{"InstanceId": "i-0123456789abcdef0", "LifecycleState": "InService"},
                                     {"InstanceId": "i-0123456789abcdef1", "LifecycleState": "InService"}]},
                      {"AutoScalingGroupName": "back", "MinSize": 0, "MaxSize": 1, "DesiredCapacity": 1,
                       "CreatedTime": "2025-12-31T22:00:00.000Z", "LaunchConfigurationName": "old",
                       "Instances": [{"InstanceId": "i-0123456789abcdef2", "LifecycleState": "Pending"}]},
                      {"AutoScalingGroupName": "gone", "MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0,
                       "Status": "Delete in progress"}]})"),
                    kNow);
}

TEST_CASE("groups show whether they have what is desired", "[cli]") {
  CHECK(Groups().Render(80) == R"(NAME   STATE     DESIRED  IN SERVICE  MIN  MAX  AGE  TEMPLATE
front  steady    2        2           1    4    2h   web
back   scaling   1        0           0    1    2h   old
gone   deleting  0        0           0    0    -    -
Hidden, for want of room: INSTANCES.
)");
  CHECK(Groups().Render(160) ==
        R"(NAME   STATE     DESIRED  IN SERVICE  MIN  MAX  AGE  TEMPLATE  INSTANCES
front  steady    2        2           1    4    2h   web       i-0123456789abcdef0,i-0123456789abcdef1
back   scaling   1        0           0    1    2h   old       i-0123456789abcdef2
gone   deleting  0        0           0    0    -    -         -
)");
}

TEST_CASE("several words reach a guest's command as they are, one is a line for its shell", "[cli]") {
  CHECK(RemoteCommand({"ls /etc | wc -l"}) == std::vector<std::string>{"ls /etc | wc -l"});
  CHECK(RemoteCommand({"echo", "a b", "it's", "$HOME"}) ==
        std::vector<std::string>{"echo", "'a b'", "'it'\\''s'", "'$HOME'"});
}

TEST_CASE("what stands before a colon is an instance, unless it is a path", "[cli]") {
  CHECK(ParseRemotePath("web:/etc/hosts")->instance == "web");
  CHECK(ParseRemotePath("web:/etc/hosts")->path == "/etc/hosts");
  CHECK(ParseRemotePath("web:")->path.empty());
  CHECK_FALSE(ParseRemotePath("./a:b").has_value());
  CHECK_FALSE(ParseRemotePath("file").has_value());
  CHECK_FALSE(ParseRemotePath(":x").has_value());
}

TEST_CASE("a forward listens on this machine's loopback address alone", "[cli]") {
  CHECK(*ForwardArgument("8080:80") == "127.0.0.1:8080:127.0.0.1:80");
  CHECK(*ForwardArgument("80") == "127.0.0.1:80:127.0.0.1:80");
  for (const char* wrong : {"", ":", "80:", ":80", "0:80", "80:65536", "a:80", "1:2:3"}) {
    INFO(wrong);
    const bool lenient = std::string(wrong) == "80:";  // a port alone
    CHECK(ForwardArgument(wrong).ok() == lenient);
  }
}

TEST_CASE("a port to open is a number, a range, and perhaps a protocol", "[cli]") {
  CHECK(ParsePortWish("80")->to == 80);
  CHECK(ParsePortWish("8000-9000")->to == 9000);
  CHECK(ParsePortWish("53/udp")->protocol == "udp");
  for (const char* wrong : {"", "0", "65536", "9-8", "80/icmp", "http", "-1"}) {
    INFO(wrong);
    CHECK_FALSE(ParsePortWish(wrong).ok());
  }
}

TEST_CASE("following a console shows what is new, and all of it after it began anew", "[cli]") {
  CHECK(NewText("", "boot\n") == "boot\n");
  CHECK(NewText("boot\n", "boot\nlogin: ") == "login: ");
  CHECK(NewText("boot\n", "boot\n") == "");
  CHECK(NewText("old text\n", "boot\n") == "boot\n");
  const std::string much(100000, 'x');
  CHECK(NewText(much + "\nend", much.substr(50000) + "\nend and more") == " and more");
}

}  // namespace
}  // namespace brume::cli
