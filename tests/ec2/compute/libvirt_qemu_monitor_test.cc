#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "lib/ec2/compute/libvirt/qemu_monitor.h"

namespace brume::compute {

using Json = nlohmann::json;

TEST_CASE("the disks of a guest are read of QEMU's answers", "[libvirt]") {
  const QemuDisks disks = QemuDisksIn(Json::parse(R"([{"qdev":"/machine/peripheral/virtio-disk0/virtio-backend",)"
                                                  R"("inserted":{"node-name":"libvirt-1-format"}},{"qdev":"cd"}])"),
                                      Json::parse(R"([{"drv":"qcow2","node-name":"libvirt-1-format","file":"/a"},)"
                                                  R"({"drv":"file","node-name":"libvirt-1-storage","file":"/a"}])"));
  CHECK(disks.roots == std::map<std::string, std::string>{{"virtio-disk0", "libvirt-1-format"}});
  CHECK(disks.files == std::map<std::string, std::string>{{"libvirt-1-storage", "/a"}});
}

TEST_CASE("what a QEMU that was taken over answers ends nothing", "[libvirt]") {
  for (const char* text : {"null", "1", R"("x")", "{}", R"({"a":1})", "[1,null,[]]", R"([{"inserted":1}])",
                           R"([{"qdev":{},"inserted":{"node-name":[]}}])", R"([{"drv":1},{"drv":"file","file":{}}])"}) {
    INFO(text);
    const Json answer = Json::parse(text);
    const QemuDisks disks = QemuDisksIn(answer, answer);
    CHECK((disks.roots.empty() || disks.roots.begin()->second.empty()));
    CHECK((disks.files.empty() || disks.files.begin()->second.empty()));
    CHECK(TextIn(answer, "name").empty());
  }
}

}  // namespace brume::compute
