// image.json: what a bundle may say.
#include <catch2/catch.hpp>
#include <string>

#include "lib/ec2/storage/qcow2/bundle.h"
#include "lib/ec2/storage/qcow2/image_source.h"

namespace brume::storage {
namespace {

bool Refused(const std::string& json) {
  const absl::StatusOr<Bundle> bundle = ParseBundle(json);
  INFO(json.substr(0, 100) << ": " << bundle.status().ToString());
  CHECK(absl::IsInvalidArgument(bundle.status()));
  return !bundle.ok();
}

TEST_CASE("a bundle's description is read as it stands", "[disks]") {
  const absl::StatusOr<Bundle> bundle = ParseBundle(R"({
    "name": "mini", "description": "more than we need", "architecture": "x86_64", "kernel": "vmlinuz-6.1",
    "initrd": "initrd.img", "command_line": "console=ttyS0 quiet", "disk": "disk.qcow2",
    "root_device_name": "/dev/vda", "boot_mode": "uefi"})");
  REQUIRE(bundle.ok());
  CHECK(bundle->name == "mini");
  CHECK(bundle->kernel == "vmlinuz-6.1");
  CHECK(bundle->initrd == "initrd.img");
  CHECK(bundle->command_line == "console=ttyS0 quiet");
  CHECK(bundle->disk == "disk.qcow2");
  CHECK(bundle->root_device_name == "/dev/vda");
  CHECK(bundle->boot_mode == BootMode::kUefi);
}

TEST_CASE("a bundle may be a disk or a kernel alone", "[disks]") {
  REQUIRE(ParseBundle(R"({"disk": "disk.raw"})").ok());
  REQUIRE(ParseBundle(R"({"kernel": "k"})").ok());
  CHECK_FALSE(ParseBundle(R"({"kernel": "k"})")->boot_mode.has_value());
}

TEST_CASE("a bundle's description that is no good is refused", "[disks]") {
  for (const char* json : {
           "",
           "{",
           "[]",
           "null",
           "7",
           "\"disk\"",
           "{}",
           R"({"disk": ""})",
           R"({"disk": 7})",
           R"({"disk": null})",
           R"({"disk": ["a"]})",
           R"({"disk": "d", "architecture": "arm64"})",
           R"({"disk": "d", "boot_mode": "magic"})",
           R"({"disk": "d", "root_device_name": "vda"})",
           R"({"disk": "d", "root_device_name": "/dev/../etc"})",
           R"({"disk": "d", "root_device_name": "/dev/"})",
           R"({"disk": "d", "initrd": "i"})",
           R"({"disk": "d", "command_line": "quiet"})",
           R"({"kernel": "k", "command_line": "a\nb"})",
           R"({"kernel": "k", "command_line": "a\u0000b"})",
           R"({"disk": "d"} trailing)",
       }) {
    CHECK(Refused(json));
  }
  CHECK(Refused(R"({"kernel": "k", "command_line": ")" + std::string(3000, 'x') + "\"}"));
  CHECK(Refused(std::string(30000, '[')));
  CHECK(Refused(std::string("{\"disk\": \"d\xff\"}")));
}

TEST_CASE("a bundle names files beside it and nothing else", "[disks]") {
  for (const char* name : {"../disk", "/etc/shadow", "a/b", ".", "..", ".hidden", "a b", "a\\u0000b", "json:{}", "a,b",
                           "nbd:host", "a\\nb", "%00", "~"}) {
    CHECK(Refused(std::string(R"({"disk": ")") + name + "\"}"));
    CHECK(Refused(std::string(R"({"disk": "d", "kernel": ")") + name + "\"}"));
  }
  CHECK(Refused(R"({"disk": ")" + std::string(256, 'a') + "\"}"));
}

}  // namespace
}  // namespace brume::storage
