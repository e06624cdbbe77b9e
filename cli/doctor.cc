#include "cli/doctor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "brume/host/v1/host.pb.h"
#include "cli/call.h"
#include "cli/caller_name.h"
#include "cli/endpoint_probe.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/rpc_client.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "lib/base/status_macros.h"
#include "lib/base/unique_fd.h"

namespace brume::cli {
namespace {

constexpr absl::Duration kCallDeadline = absl::Seconds(30);

bool InPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  // Daemons' programs live in sbin, which users' PATH may lack.
  const std::string directories = absl::StrCat(path == nullptr ? "" : path, ":/usr/local/sbin:/usr/sbin:/sbin");
  for (absl::string_view directory : absl::StrSplit(directories, ':', absl::SkipEmpty())) {
    if (access(absl::StrCat(directory, "/", program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

DoctorCheck CheckKvm() {
  DoctorCheck check{.name = "kvm", .ok = false, .detail = "", .fix = ""};
  const UniqueFd fd(open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (fd) {
    check.ok = true;
    check.detail = "/dev/kvm opens; whether guests run under it brumed finds out by trying one";
  } else if (errno == ENOENT) {
    check.detail = "there is no /dev/kvm: guests run emulated, much slower";
    check.fix =
        "Turn virtualisation on in the firmware, or nested virtualisation on in the outer hypervisor; then "
        "modprobe kvm_intel or kvm_amd.";
  } else {
    check.detail = absl::StrCat("/dev/kvm: ", std::strerror(errno));
    check.fix = "brumed opens it itself: this matters only if it runs as you. Join the group kvm.";
  }
  return check;
}

// What can be seen without the daemon: the one cause first, then what else a start of it needs.
std::vector<DoctorCheck> ChecksFromHere(const GlobalOptions& global, const absl::Status& failure) {
  std::vector<DoctorCheck> checks;
  const EndpointFault fault = ProbeEndpoint(global);
  checks.push_back({.name = "brumed",
                    .ok = false,
                    .detail = fault.cause.empty() ? std::string(failure.message()) : fault.cause,
                    .fix = fault.advice});
  // Of another host nothing more can be seen from here.
  if (SocketOf(global.endpoint).empty()) return checks;
  checks.push_back(CheckKvm());
  const std::pair<const char*, const char*> programs[] = {{"qemu-system-x86_64", "qemu-system-x86"},
                                                          {"qemu-img", "qemu-utils"},
                                                          {"dnsmasq", "dnsmasq-base"},
                                                          {"ip", "iproute2"},
                                                          {"ssh", "openssh-client"}};
  for (const auto& [program, package] : programs) {
    const bool there = InPath(program);
    checks.push_back({.name = program,
                      .ok = there,
                      .detail = there ? "installed" : "not installed",
                      .fix = there ? "" : absl::StrCat("apt install ", package)});
  }
  return checks;
}

std::vector<DoctorCheck> ChecksOf(const google::protobuf::RepeatedPtrField<host::v1::HostCheck>& list) {
  std::vector<DoctorCheck> checks;
  for (const host::v1::HostCheck& check : list)
    checks.push_back({check.name(), check.ok(), check.detail(), check.fix()});
  return checks;
}

}  // namespace

std::string RenderChecks(const std::vector<DoctorCheck>& checks, int width) {
  int longest = 0;
  for (const DoctorCheck& check : checks) longest = std::max(longest, DisplayWidth(Printable(check.name)));
  const int margin = longest + 9;
  // Where names leave too little room, lines are as long as they are.
  const bool wrapped = width >= margin + 20;
  const auto block = [&](const std::string& said, const std::string& bullet) {
    const int indent = margin + DisplayWidth(bullet);
    return absl::StrCat(bullet, wrapped ? Wrap(said, indent, width).substr(indent) : absl::StrCat(said, "\n"));
  };
  std::string text;
  for (const DoctorCheck& check : checks) {
    const std::string name = Printable(check.name);
    absl::StrAppend(&text, check.ok ? "ok     " : "FAULT  ", name, std::string(longest - DisplayWidth(name) + 2, ' '),
                    block(Printable(check.detail), ""));
    if (!check.fix.empty()) absl::StrAppend(&text, std::string(margin, ' '), block(Printable(check.fix), "→ "));
  }
  return text;
}

std::vector<DoctorCheck> CheckUser(int daemon_uid, int daemon_pid, bool simulated) {
  if (daemon_uid <= 0 || simulated) return {};
  return {{.name = "user of brumed",
           .ok = false,
           .detail =
               absl::StrCat("brumed, process ", daemon_pid, ", runs as ", CallerName(absl::StrCat("uid:", daemon_uid)),
                            ": only root may make networks and disks for guests"),
           .fix = "Start it by systemctl start brumed, or with --simulate where no guest is wanted."}};
}

std::string RenderHost(const host::v1::DescribeHostResponse& host, int width) {
  std::string text = absl::StrCat("brumed ", Printable(host.version()), ", region ", Printable(host.region()),
                                  ", account ", Printable(host.account_id()), "\n");
  if (host.simulated()) text += "SIMULATED: the API is real, no guest exists.\n";
  const host::v1::HypervisorDescription& hypervisor = host.hypervisor();
  absl::StrAppend(&text, Printable(hypervisor.uri()), " (", Printable(hypervisor.version()), "), acceleration ",
                  Printable(hypervisor.acceleration()));
  if (!hypervisor.acceleration_note().empty()) absl::StrAppend(&text, ": ", Printable(hypervisor.acceleration_note()));
  text += "\n\n";
  text += RenderChecks(ChecksOf(host.checks()), width);
  if (host.orphans_size() > 0) {
    text += "\nOn the host under brume's names, but in no row of its database (nothing of it is deleted):\n";
    text += RenderChecks(ChecksOf(host.orphans()), width);
  }
  return text;
}

// Makes lost rows again and shows which.
static absl::StatusOr<int> RebuildStorage(const Schema& schema, const GlobalOptions& global) {
  const auto* method = schema.pool().FindMethodByName("brume.host.v1.Host.RebuildStorage");
  if (method == nullptr) return absl::InternalError("the schema has no RebuildStorage");
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  host::v1::RebuildStorageResponse rebuilt;
  RETURN_IF_ERROR(client->Call(*method, host::v1::RebuildStorageRequest(), &rebuilt, kCallDeadline));
  if (PrintsAnswer(global)) {
    RETURN_IF_ERROR(PrintAnswer(rebuilt, global));
  } else if (rebuilt.disks().empty()) {
    RETURN_IF_ERROR(Print("Nothing is missing: every record has its row.\n"));
  } else {
    RETURN_IF_ERROR(Print(RenderChecks(ChecksOf(rebuilt.disks()), TerminalWidth(STDOUT_FILENO))));
  }
  const auto& disks = rebuilt.disks();
  return std::all_of(disks.begin(), disks.end(), [](const host::v1::HostCheck& disk) { return disk.ok(); }) ? 0 : 1;
}

absl::StatusOr<int> RunDoctor(const Schema& schema, const GlobalOptions& global,
                              const std::vector<std::string>& tokens) {
  ASSIGN_OR_RETURN(ParsedOptions options, ParseOptions(tokens, {{"help", false}, {"rebuild", false}}));
  if (options.Find("help")) {
    RETURN_IF_ERROR(Print(CommandHelpText("doctor", TerminalWidth(STDOUT_FILENO))));
    return 0;
  }
  if (!options.positional.empty() || !options.after_dashes.empty()) {
    return absl::InvalidArgumentError("brume doctor takes no arguments");
  }
  if (options.Find("rebuild")) return RebuildStorage(schema, global);
  const auto* method = schema.pool().FindMethodByName("brume.host.v1.Host.DescribeHost");
  if (method == nullptr) return absl::InternalError("the schema has no DescribeHost");
  ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::Create(global));
  host::v1::DescribeHostResponse host;
  const absl::Status asked = client->Call(*method, host::v1::DescribeHostRequest(), &host, kCallDeadline);
  if (!ApiErrorCode(asked).empty()) return asked;
  if (!asked.ok()) {
    RETURN_IF_ERROR(Print(RenderChecks(ChecksFromHere(global, asked), TerminalWidth(STDOUT_FILENO))));
    return 1;
  }
  const Listener listener = ListenerOf(SocketOf(global.endpoint));
  bool well = host.orphans_size() == 0;
  for (const host::v1::HostCheck& check : host.checks()) well = well && check.ok();
  if (PrintsAnswer(global)) {
    RETURN_IF_ERROR(PrintAnswer(host, global));
  } else {
    const std::vector<DoctorCheck> user = CheckUser(listener.uid, listener.pid, host.simulated());
    well = well && user.empty();
    const int width = TerminalWidth(STDOUT_FILENO);
    RETURN_IF_ERROR(Print(absl::StrCat(RenderHost(host, width), RenderChecks(user, width))));
  }
  return well ? 0 : 1;
}

}  // namespace brume::cli
