#include "lib/ec2/compute/libvirt/qemu_monitor.h"

#include <libvirt/libvirt-qemu.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "lib/base/log.h"
#include "lib/base/status_macros.h"
#include "lib/ec2/compute/libvirt/domains.h"

namespace brume::compute {
namespace {

using Json = nlohmann::json;

// What QEMU's tree of objects calls a device that has a name.
constexpr char kPeripheral[] = "/machine/peripheral/";

// A guest lets go of a device some 5 s after its button is pressed; pressed again before, it keeps the device.
constexpr absl::Duration kUnplugPatience = absl::Seconds(12), kUnplugPoll = absl::Milliseconds(100);

// "virtio-disk0" of "/machine/peripheral/virtio-disk0/virtio-backend".
std::string AliasOf(absl::string_view qdev) {
  absl::ConsumePrefix(&qdev, kPeripheral);
  return std::string(qdev.substr(0, qdev.find('/')));
}

}  // namespace

absl::StatusOr<Json> Execute(virDomainPtr domain, const std::string& command, Json arguments) {
  const Json request = {{"execute", command}, {"arguments", std::move(arguments)}};
  char* answer = nullptr;
  if (virDomainQemuMonitorCommand(domain, request.dump().c_str(), &answer, 0) != 0) {
    return ActionError(absl::StrCat("tell QEMU ", command));
  }
  const std::unique_ptr<char, decltype(&free)> text(answer, free);
  const Json said = Json::parse(text.get(), nullptr, /*allow_exceptions=*/false);
  if (!said.is_object()) return absl::InternalError(absl::StrCat("QEMU answers ", command, " with what is no JSON"));
  if (said.contains("error")) {
    return absl::InternalError(absl::StrCat("QEMU refuses ", command, ": ", TextIn(said["error"], "desc")));
  }
  return said.value("return", Json::object());
}

std::string TextIn(const Json& object, const char* name) {
  if (!object.is_object()) return "";
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

QemuDisks QemuDisksIn(const Json& devices, const Json& nodes) {
  QemuDisks disks;
  for (const Json& device : devices) {
    if (!device.is_object() || !device.contains("inserted")) continue;
    disks.roots[AliasOf(TextIn(device, "qdev"))] = TextIn(device["inserted"], "node-name");
  }
  for (const Json& node : nodes) {
    if (TextIn(node, "drv") == "file") disks.files[TextIn(node, "node-name")] = TextIn(node, "file");
  }
  return disks;
}

absl::StatusOr<QemuDisks> QemuDisksOf(virDomainPtr domain) {
  ASSIGN_OR_RETURN(const Json devices, Execute(domain, "query-block"));
  ASSIGN_OR_RETURN(const Json nodes, Execute(domain, "query-named-block-nodes", {{"flat", true}}));
  return QemuDisksIn(devices, nodes);
}

namespace {

// Waits until the guest lets go of the device.
absl::Status Unplug(virDomainPtr domain, const std::string& alias) {
  RETURN_IF_ERROR(Execute(domain, "device_del", {{"id", alias}}).status());
  const absl::Time deadline = absl::Now() + kUnplugPatience;
  while (absl::Now() < deadline) {
    ASSIGN_OR_RETURN(const QemuDisks disks, QemuDisksOf(domain));
    if (disks.roots.count(alias) == 0) return absl::OkStatus();
    absl::SleepFor(kUnplugPoll);
  }
  return absl::UnavailableError(absl::StrCat("the guest does not let go of ", alias, ", which libvirt does not know"));
}

// The two nodes of a file, and the key of an encrypted one.
absl::Status CloseNodes(virDomainPtr domain, const std::string& stem) {
  ASSIGN_OR_RETURN(const Json nodes, Execute(domain, "query-named-block-nodes", {{"flat", true}}));
  for (const char* part : {"-format", "-storage"}) {
    const std::string name = absl::StrCat(stem, part);
    const bool there =
        std::any_of(nodes.begin(), nodes.end(), [&](const Json& node) { return TextIn(node, "node-name") == name; });
    if (there) RETURN_IF_ERROR(Execute(domain, "blockdev-del", {{"node-name", name}}).status());
  }
  ASSIGN_OR_RETURN(const Json objects, Execute(domain, "qom-list", {{"path", "/objects"}}));
  for (const Json& object : objects) {
    const std::string name = TextIn(object, "name");
    if (!absl::StartsWith(name, absl::StrCat(stem, "-"))) continue;
    RETURN_IF_ERROR(Execute(domain, "object-del", {{"id", name}}).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CloseOrphanedFile(virDomainPtr domain, const std::string& path) {
  ASSIGN_OR_RETURN(const QemuDisks disks, QemuDisksOf(domain));
  for (const auto& [node, file] : disks.files) {
    if (file != path) continue;
    log::Warn("QEMU of {} has {} open, which libvirt does not know; it is closed", virDomainGetName(domain), path);
    const std::string stem(absl::StripSuffix(node, "-storage"));
    for (const auto& [alias, root] : disks.roots) {
      if (root == absl::StrCat(stem, "-format") || root == node) RETURN_IF_ERROR(Unplug(domain, alias));
    }
    RETURN_IF_ERROR(CloseNodes(domain, stem));
  }
  return absl::OkStatus();
}

}  // namespace brume::compute
