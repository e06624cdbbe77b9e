#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/doctor.h"
#include "cli/endpoint_probe.h"
#include "cli/text.h"
#include "lib/base/subprocess.h"
#include "lib/base/unique_fd.h"
#include "tests/cli/cli_server.h"

namespace brume::cli {
namespace {

// A port of this host that takes one connection, and answers what it hears with `answer`.
class OnePort {
 public:
  explicit OnePort(std::string answer) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    socklen_t size = sizeof(address);
    REQUIRE(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    if (answer.empty()) return;  // nobody listens
    REQUIRE(listen(fd_.get(), 1) == 0);
    thread_ = std::thread([this, answer] {
      const UniqueFd taken(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      char heard[256];
      if (recv(taken.get(), heard, sizeof(heard), 0) > 0) send(taken.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    });
  }
  ~OnePort() {
    if (thread_.joinable()) thread_.join();
  }
  std::string endpoint() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  UniqueFd fd_;
  int port_ = 0;
  std::thread thread_;
};

CommandResult Doctor(const std::string& endpoint) {
  auto result = RunCommand({BRUME_PROGRAM, "--endpoint", endpoint, "doctor"});
  REQUIRE(result.ok());
  return *std::move(result);
}

int FaultsIn(const std::string& text) {
  int faults = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) faults += absl::StartsWith(line, "FAULT");
  return faults;
}

}  // namespace

TEST_CASE("a port that speaks HTTP is said to be the Query API's", "[cli]") {
  const OnePort port("HTTP/1.1 400 Bad Request\r\n\r\n");
  const EndpointFault fault = ProbeEndpoint({.endpoint = port.endpoint()});
  CHECK(absl::StrContains(fault.cause, "that is the Query API"));
  CHECK(absl::StrContains(fault.advice, "gRPC"));
}

TEST_CASE("a port that speaks TLS, and one where nobody listens, are told apart", "[cli]") {
  const OnePort tls("\x15\x03\x01");
  CHECK(absl::StrContains(ProbeEndpoint({.endpoint = tls.endpoint()}).cause, "speaks TLS"));
  const OnePort silent("");
  CHECK(absl::StrContains(ProbeEndpoint({.endpoint = silent.endpoint()}).cause, "nobody answers"));
}

TEST_CASE("the doctor has one cause and one advice for a brumed that does not answer", "[cli]") {
  const TemporaryDirectory directory;
  const CommandResult missing = Doctor(absl::StrCat("unix:", directory.path, "/none/brumed.sock"));
  CHECK(missing.exit_code == 1);
  const std::string shown = missing.standard_output.substr(0, missing.standard_output.find("kvm"));
  CHECK(FaultsIn(shown) == 1);
  CHECK(absl::StrContains(shown, "nor its directory"));
  CHECK(absl::StrContains(shown, "→ Start it: systemctl start brumed"));
  const OnePort silent("");
  CHECK(FaultsIn(Doctor(silent.endpoint()).standard_output) == 1);
}

TEST_CASE("a socket that is another's is explained by who runs what", "[cli]") {
  const Server server;
  CHECK(ProbeEndpoint({.endpoint = "unix:" + server.socket()}).cause.empty());
  const Listener listener = ListenerOf(server.socket());
  CHECK(listener.pid == getpid());
  CHECK(listener.uid == static_cast<int>(geteuid()));
  CHECK(ListenerOf("/nowhere/brumed.sock").uid == -1);
}

TEST_CASE("a brumed that runs as the wrong user is a fault, unless it simulates", "[cli]") {
  CHECK(CheckUser(0, 7, false).empty());
  CHECK(CheckUser(-1, 0, false).empty());
  CHECK(CheckUser(4294967, 7, true).empty());
  const std::vector<DoctorCheck> fault = CheckUser(4294967, 7, false);
  REQUIRE(fault.size() == 1);
  CHECK(absl::StrContains(fault[0].detail, "process 7, runs as uid:4294967"));
}

TEST_CASE("the doctor's lines are broken at the terminal's width, behind the names", "[cli]") {
  const std::vector<DoctorCheck> checks = {{"kvm", false, "there is no device for it on this host, and guests are slow",
                                            "Turn virtualisation on in the firmware of the host."}};
  const std::string text = RenderChecks(checks, 40);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) CHECK(DisplayWidth(line) <= 40);
  CHECK(absl::StrContains(text, "FAULT  kvm  there is no device for it on\n            this host"));
  CHECK(absl::StrContains(text, "            → Turn virtualisation on in\n              the firmware"));
  CHECK(absl::StrContains(RenderChecks(checks), "and guests are slow\n"));
}

}  // namespace brume::cli
