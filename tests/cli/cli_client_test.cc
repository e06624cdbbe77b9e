#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "brume/host/v1/host.pb.h"
#include "cli/api_schema.h"
#include "cli/console_stream.h"
#include "cli/doctor.h"
#include "cli/fill.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/rpc_client.h"
#include "cli/shorthand.h"
#include "cli/ssh.h"
#include "lib/base/unique_fd.h"
#include "nlohmann/json.hpp"
#include "tests/cli/cli_server.h"

namespace brume::cli {
namespace {

absl::Status CallAt(Client& client, const std::string& name, nlohmann::ordered_json* answer = nullptr) {
  const ApiAction* action = TheSchema().FindAction(name);
  REQUIRE(action != nullptr);
  auto request = TheSchema().NewMessage(action->method->input_type());
  auto response = TheSchema().NewMessage(action->method->output_type());
  absl::Status status = client.Call(*action->method, *request, response.get(), absl::Seconds(10));
  if (answer != nullptr) *answer = ToJson(*response);
  return status;
}

TEST_CASE("a call goes over the socket and its answer comes back", "[cli]") {
  const Server server;
  const auto client = server.NewClient();
  nlohmann::ordered_json answer;
  REQUIRE(CallAt(*client, "describe-instances", &answer).ok());
  CHECK(answer.dump() ==
        R"({"Reservations":[{"Instances":[{"InstanceId":"i-1","State":{"Code":0,"Name":"pending"}}]}]})");
}

TEST_CASE("the daemon's error is told as the aws CLI tells it", "[cli]") {
  const Server server;
  const auto client = server.NewClient();
  const absl::Status refused = CallAt(*client, "stop-instances");
  CHECK(ApiErrorCode(refused) == "InvalidInstanceID.NotFound");
  CHECK(ExitCodeOf(refused) == 254);
  CHECK(ErrorText(refused, "StopInstances") ==
        "\nAn error occurred (InvalidInstanceID.NotFound) when calling the StopInstances operation: "
        "The instance ID 'i-1' does not exist\n");
  const absl::Status unknown = CallAt(*client, "describe-images");
  CHECK(ExitCodeOf(unknown) == 255);
  CHECK(absl::StrContains(unknown.message(), "another version"));
  CHECK(ErrorText(ApiError("X", "evil\x1b[2J\x07"), "Y") ==
        "\nAn error occurred (X) when calling the Y operation: "
        "evil\\x07\n");
  CHECK(ExitCodeOf(absl::InvalidArgumentError("x")) == 252);
  CHECK(ErrorText(absl::InvalidArgumentError("x"), "Y") == "brume: x\n");
}

TEST_CASE("an unreachable daemon is explained, with what to do", "[cli]") {
  const TemporaryDirectory directory;
  const std::string path = directory.path + "/brumed.sock";
  const auto client = std::move(*Client::Create({.endpoint = "unix:" + path}));
  const absl::Status absent = CallAt(*client, "describe-instances");
  CHECK(ExitCodeOf(absent) == 255);
  CHECK(absl::StrContains(absent.message(), "there is no socket " + path));

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  close(fd);
  CHECK(absl::StrContains(ProbeSocket(path).message(), "nobody listens"));
  CHECK(absl::StrContains(ProbeSocket("/etc/passwd").message(), "'/etc/passwd' is no socket"));
}

TEST_CASE("endpoints that cannot be right are refused before any call", "[cli]") {
  const auto create = [](const std::string& endpoint) { return Client::Create({.endpoint = endpoint}).status(); };
  CHECK(absl::IsInvalidArgument(create("nonsense")));
  CHECK(absl::IsInvalidArgument(create("unix:")));
  CHECK(absl::IsInvalidArgument(create("unix:/" + std::string(200, 'x'))));
  CHECK(absl::IsInvalidArgument(create("example.com:443")));
  CHECK(create("127.0.0.1:8443").ok());
  CHECK(create("[::1]:8443").ok());
  for (const char* port : {"127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:ssh", "127.0.0.1:-1"}) {
    CHECK(absl::StrContains(create(port).message(), "has no port from 1 to 65535"));
  }
  CHECK(
      absl::StrContains(create("http://127.0.0.1:8773").message(), "is a URL, as the Query API and the console have"));
  CHECK(absl::IsInvalidArgument(create("https://localhost:8773")));
  CHECK(absl::IsInvalidArgument(
      Client::Create({.endpoint = "a:1", .tls_ca = "/no", .tls_cert = "/no", .tls_key = "/no"}).status()));
}

TEST_CASE("a port of HTTP is told from one that nobody listens on", "[cli]") {
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  socklen_t size = sizeof(address);
  REQUIRE(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const std::string endpoint = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const auto client = std::move(*Client::Create({.endpoint = endpoint}));
  const absl::Status nobody = CallAt(*client, "describe-instances");
  CHECK(absl::StrContains(nobody.message(), "nobody answers on " + endpoint));
  CHECK(ExitCodeOf(nobody) == 255);

  REQUIRE(listen(listener.get(), 16) == 0);
  std::thread server([&] {
    while (true) {
      const UniqueFd connection(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection) return;
      char request[1024];
      if (recv(connection.get(), request, sizeof(request), 0) <= 0) continue;
      constexpr absl::string_view kAnswer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
      if (send(connection.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) continue;
    }
  });
  const absl::Status http = CallAt(*std::move(*Client::Create({.endpoint = endpoint})), "describe-instances");
  shutdown(listener.get(), SHUT_RDWR);
  server.join();
  CHECK(absl::StrContains(http.message(), "speaks HTTP: that is the Query API"));
  CHECK(ExitCodeOf(http) == 255);
}

TEST_CASE("error details of any bytes give a code or none", "[cli]") {
  CHECK(ErrorInfoReason(ErrorDetails("InvalidGroup.NotFound")) == "InvalidGroup.NotFound");
  CHECK(ErrorInfoReason("").empty());
  CHECK(ErrorInfoReason("\xff\xff\xff garbage").empty());
}

// Waits for the stream to show `wanted` or to end.
std::string ReadUntil(ConsoleStream& stream, const std::string& wanted, absl::Status* end, bool* ended) {
  std::string shown;
  *ended = false;
  while (!absl::StrContains(shown, wanted)) {
    pollfd event{stream.event_fd(), POLLIN, 0};
    if (poll(&event, 1, 10000) != 1) break;
    uint64_t count;
    if (read(stream.event_fd(), &count, sizeof(count)) < 0) break;
    shown += stream.TakeOutput();
    if (stream.Finished(end)) {
      *ended = true;
      shown += stream.TakeOutput();
      break;
    }
  }
  return shown;
}

TEST_CASE("a console carries bytes both ways until it is closed", "[cli]") {
  const Server server;
  const auto client = server.NewClient();
  absl::Status end;
  bool ended = false;
  ConsoleStream stream(*client, "i-1");
  CHECK(ReadUntil(stream, "console of i-1", &end, &ended) == "console of i-1");
  const std::string keys("\x03\x00\xff\x1b[A", 6);
  REQUIRE(stream.Send(keys));
  CHECK(ReadUntil(stream, keys, &end, &ended) == keys);
  REQUIRE_FALSE(ended);
  REQUIRE(stream.Send("bye"));
  ReadUntil(stream, "never", &end, &ended);
  CHECK(ended);
  CHECK(end.ok());
}

TEST_CASE("a console that is refused says why, and one that is left ends at once", "[cli]") {
  const Server server;
  const auto client = server.NewClient();
  absl::Status end;
  bool ended = false;
  {
    ConsoleStream stream(*client, "i-none");
    ReadUntil(stream, "never", &end, &ended);
    CHECK(ended);
    CHECK(ApiErrorCode(end) == "InvalidInstanceID.NotFound");
  }
  ConsoleStream left(*client, "i-1");
}

TEST_CASE("ssh gets an argument vector that no instance can bend", "[cli]") {
  const auto arguments = SshArguments({.instance_id = "i-1",
                                       .address = "198.18.0.2",
                                       .user = "-oProxyCommand=x",
                                       .identity = "/keys/k",
                                       .known_hosts = "/state/100%/i-1",
                                       .command = {"uname", "-a"}});
  const std::vector<std::string> tail(arguments.end() - 8, arguments.end());
  CHECK(tail == std::vector<std::string>{"-i", "/keys/k", "-l", "-oProxyCommand=x", "--", "198.18.0.2", "uname", "-a"});
  CHECK(std::find(arguments.begin(), arguments.end(), "UserKnownHostsFile=\"/state/100%%/i-1\"") != arguments.end());
  CHECK(std::find(arguments.begin(), arguments.end(), "StrictHostKeyChecking=accept-new") != arguments.end());
}

TEST_CASE("the identity is the key pair's file, and never one outside its directory", "[cli]") {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory.path + "/home/.ssh");
  setenv("BRUME_STATE_DIR", directory.path.c_str(), 1);
  const char* home_before = std::getenv("HOME");
  const std::string saved = home_before ? home_before : "";
  setenv("HOME", (directory.path + "/home").c_str(), 1);
  const auto touch = [](const std::string& path) { close(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); };
  CHECK(FindIdentity("web").empty());
  touch(directory.path + "/home/.ssh/brume-web.pem");
  CHECK(FindIdentity("web") == directory.path + "/home/.ssh/brume-web.pem");
  touch(directory.path + "/web_key");
  CHECK(FindIdentity("web") == directory.path + "/web_key");
  CHECK(FindIdentity("home/../web").empty());
  CHECK(FindIdentity("").empty());
  unsetenv("BRUME_STATE_DIR");
  setenv("HOME", saved.c_str(), 1);
}

TEST_CASE("the doctor shows faults with their fixes and orphans apart", "[cli]") {
  host::v1::DescribeHostResponse host;
  host.set_version("0.1.0");
  host.set_region("us-east-1");
  host.set_account_id("000000000000");
  host.mutable_hypervisor()->set_uri("qemu:///embed");
  host.mutable_hypervisor()->set_version("libvirt 9.0.0");
  host.mutable_hypervisor()->set_acceleration("tcg");
  host.mutable_hypervisor()->set_acceleration_note("guests die under KVM");
  host::v1::HostCheck* good = host.add_checks();
  good->set_name("disk");
  good->set_ok(true);
  good->set_detail("12 GiB free");
  host::v1::HostCheck* bad = host.add_checks();
  bad->set_name("nftables");
  bad->set_detail("no \x1b[31mNAT");
  bad->set_fix("modprobe nft_nat");
  host.add_orphans()->set_name("bm0123");
  CHECK(RenderHost(host) ==
        "brumed 0.1.0, region us-east-1, account 000000000000\n"
        "qemu:///embed (libvirt 9.0.0), acceleration tcg: guests die under KVM\n\n"
        "ok     disk      12 GiB free\n"
        "FAULT  nftables  no \\x1b[31mNAT\n"
        "                 → modprobe nft_nat\n"
        "\nOn the host under brume's names, but in no row of its database (nothing of it is deleted):\n"
        "FAULT  bm0123  \n");
}

}  // namespace
}  // namespace brume::cli
