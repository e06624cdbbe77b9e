// Who is let in, on the Unix socket and on TCP.
#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "lib/base/subprocess.h"
#include "lib/frontend/grpc/peers.h"
#include "lib/frontend/grpc/unix_acceptor.h"
#include "tests/frontend/grpc/grpc_fixture.h"

namespace brume {
namespace {

constexpr uid_t kNobody = 65534;

// Connects as `uid` and says what became of it: 0 = kept (the server spoke HTTP/2), 1 = closed at once, 2 = no entry.
int ConnectAs(uid_t uid, gid_t gid, const std::string& path) {
  const pid_t child = fork();
  if (child == 0) {
    if (setgroups(0, nullptr) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) _exit(9);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) _exit(2);
    char byte;
    _exit(read(fd, &byte, 1) == 1 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A CA, and certificates it signs.
class Authority {
 public:
  Authority(const TempDir& directory, std::string name) : prefix_(directory / (name + "-")) {
    Must({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
          prefix_ + "ca.key", "-out", certificate(), "-days", "2", "-subj", "/CN=" + name + " CA"});
  }
  std::string certificate() const { return prefix_ + "ca.pem"; }
  // The path without its ending: PATH.pem and PATH.key.
  std::string Sign(const std::string& name) const {
    const std::string path = prefix_ + name;
    std::ofstream(path + ".ext") << "subjectAltName=IP:127.0.0.1\n";
    Must({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path + ".key",
          "-out", path + ".csr", "-subj", "/CN=" + name});
    Must({"openssl", "x509", "-req", "-in", path + ".csr", "-CA", certificate(), "-CAkey", prefix_ + "ca.key",
          "-CAcreateserial", "-out", path + ".pem", "-days", "2", "-extfile", path + ".ext"});
    return path;
  }

 private:
  static void Must(const std::vector<std::string>& argv) { REQUIRE_OK(RunChecked(argv).status()); }
  std::string prefix_;
};

std::shared_ptr<grpc::ChannelCredentials> ClientTls(const Authority& server, const std::string& identity) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadFile(server.certificate());
  if (!identity.empty()) {
    options.pem_cert_chain = ReadFile(identity + ".pem");
    options.pem_private_key = ReadFile(identity + ".key");
  }
  return grpc::SslCredentials(options);
}

std::string Refusal(GrpcFixture& fixture, frontend::GrpcServerOptions options) {
  options.unix_socket_path = fixture.socket;
  const auto server = frontend::MakeGrpcServer(fixture.dispatcher, std::move(options));
  REQUIRE_FALSE(server.ok());
  CHECK(absl::IsFailedPrecondition(server.status()));
  std::string message(server.status().message());
  UNSCOPED_INFO(message);
  return message;
}

}  // namespace

TEST_CASE("the socket is for its owner and group alone, and is gone afterwards", "[grpc]") {
  GrpcFixture fixture;
  fixture.Serve();
  struct stat status {};
  REQUIRE(stat(fixture.socket.c_str(), &status) == 0);
  CHECK(S_ISSOCK(status.st_mode));
  CHECK((status.st_mode & 07777) == 0660);
  if (const group* brume = getgrnam("brume"); brume != nullptr && geteuid() == 0) CHECK(status.st_gid == brume->gr_gid);
  fixture.server.reset();
  CHECK(stat(fixture.socket.c_str(), &status) != 0);
}

TEST_CASE("a user who is no administrator is kept out, by the file's mode and by the server itself", "[grpc]") {
  REQUIRE(geteuid() == 0);
  GrpcFixture fixture;
  fixture.Serve();
  chmod(fixture.directory.path().c_str(), 0755);
  CHECK(ConnectAs(kNobody, kNobody, fixture.socket) == 2);
  // Even where the mode would let him in.
  chmod(fixture.socket.c_str(), 0666);
  CHECK(ConnectAs(kNobody, kNobody, fixture.socket) == 1);
  CHECK(ConnectAs(0, 0, fixture.socket) == 0);
  if (const group* brume = getgrnam("brume")) CHECK(ConnectAs(kNobody, brume->gr_gid, fixture.socket) == 0);
  CHECK(fixture.DescribeRegions().status.ok());
}

TEST_CASE("root, the daemon's own user and the group are administrators", "[grpc]") {
  CHECK(frontend::IsAdministrator(0, 0));
  CHECK(frontend::IsAdministrator(geteuid(), kNobody));
  CHECK_FALSE(frontend::IsAdministrator(kNobody, kNobody));
  CHECK_FALSE(frontend::IsAdministrator(4'000'000'000u, kNobody));
}

TEST_CASE("a socket that is left over is replaced, anything else in its place is not", "[grpc]") {
  GrpcFixture fixture;
  const int stale = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, fixture.socket.c_str(), fixture.socket.size() + 1);
  REQUIRE(bind(stale, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  close(stale);
  fixture.Serve();
  CHECK(fixture.DescribeRegions().status.ok());
  fixture.server.reset();

  std::ofstream(fixture.socket) << "precious";
  CHECK(absl::StrContains(Refusal(fixture, {}), "no socket"));
  CHECK(ReadFile(fixture.socket) == "precious");
}

TEST_CASE("a socket path too long for the kernel is refused in words", "[grpc]") {
  gateway::Dispatcher dispatcher;
  const auto server = frontend::MakeGrpcServer(dispatcher, {.unix_socket_path = "/tmp/" + std::string(120, 'x')});
  CHECK(absl::IsFailedPrecondition(server.status()));
  CHECK(absl::StrContains(server.status().message(), "shorter"));
}

TEST_CASE("plain TCP is refused but on loopback with the flag", "[grpc]") {
  GrpcFixture fixture;
  for (const char* address : {"0.0.0.0:0", "10.0.0.1:0", "example.com:0", "[::]:0"}) {
    INFO(address);
    CHECK(absl::StrContains(Refusal(fixture, {.tcp_listen = address, .allow_insecure_loopback = true}),
                            "would let anybody in"));
  }
  CHECK(absl::StrContains(Refusal(fixture, {.tcp_listen = "127.0.0.1:0"}), "would let anybody in"));
  fixture.Serve({.tcp_listen = "127.0.0.1:0", .allow_insecure_loopback = true});
  REQUIRE(fixture.server->tcp_port() != 0);
  const auto channel = ConnectTo(absl::StrCat("127.0.0.1:", fixture.server->tcp_port()));
  const auto answer = GrpcCall(channel, "/brume.ec2.v1.Regions/DescribeRegions", "").Wait();
  CHECK(RegionOf(answer).region_name() == "loopback");
  CHECK(RegionOf(answer).endpoint() == "127.0.0.1");
}

TEST_CASE("a TCP port in use is a clear error", "[grpc]") {
  GrpcFixture first, second;
  first.Serve({.tcp_listen = "127.0.0.1:0", .allow_insecure_loopback = true});
  const std::string address = absl::StrCat("127.0.0.1:", first.server->tcp_port());
  CHECK(absl::StrContains(Refusal(second, {.tcp_listen = address, .allow_insecure_loopback = true}), "free?"));
}

TEST_CASE("TLS wants all three files, and files that can be read", "[grpc]") {
  GrpcFixture fixture;
  CHECK(absl::StrContains(
      Refusal(fixture, {.tcp_listen = "127.0.0.1:0", .tls_cert_path = "/x", .allow_insecure_loopback = true}),
      "all three"));
  CHECK(absl::StrContains(Refusal(fixture, {.tcp_listen = "127.0.0.1:0",
                                            .tls_cert_path = "/nonexistent/cert.pem",
                                            .tls_key_path = "/nonexistent/key.pem",
                                            .tls_client_ca_path = "/nonexistent/ca.pem"}),
                          "cannot read"));
}

TEST_CASE("over TLS a client is who its certificate says, and must have one of the CA", "[grpc]") {
  GrpcFixture fixture;
  const Authority ours(fixture.directory, "ours"), theirs(fixture.directory, "theirs");
  const std::string server = ours.Sign("server");
  fixture.Serve({.tcp_listen = "127.0.0.1:0",
                 .tls_cert_path = server + ".pem",
                 .tls_key_path = server + ".key",
                 .tls_client_ca_path = ours.certificate()});
  const std::string target = absl::StrCat("127.0.0.1:", fixture.server->tcp_port());
  const auto call = [&](const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    return GrpcCall(ConnectTo(target, credentials), "/brume.ec2.v1.Regions/DescribeRegions", "").Wait();
  };
  CHECK(RegionOf(call(ClientTls(ours, ours.Sign("alice")))).region_name() == "cn:alice");
  CHECK(call(ClientTls(ours, "")).status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(call(ClientTls(ours, theirs.Sign("mallory"))).status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(call(grpc::InsecureChannelCredentials()).status.error_code() == grpc::StatusCode::UNAVAILABLE);
  // The Unix socket serves beside it.
  CHECK(fixture.DescribeRegions().status.ok());
}

TEST_CASE("where certificates are users', a client is the user or nobody, and may do what policies allow", "[grpc]") {
  GrpcFixture fixture;
  const Authority ours(fixture.directory, "ours");
  const std::string server = ours.Sign("server");
  fixture.Serve({.tcp_listen = "127.0.0.1:0",
                 .tls_cert_path = server + ".pem",
                 .tls_key_path = server + ".key",
                 .tls_client_ca_path = ours.certificate(),
                 .certificate_user = [](const std::string& name, Caller& caller) -> absl::Status {
                   if (name != "alice") return ec2::Error("AuthFailure", "nobody");
                   caller.principal = "user/alice";
                   return absl::OkStatus();
                 }});
  const auto call = [&](const std::string& name, const std::string& path) {
    const auto channel =
        ConnectTo(absl::StrCat("127.0.0.1:", fixture.server->tcp_port()), ClientTls(ours, ours.Sign(name)));
    return GrpcCall(channel, path, GrpcFixture::OneInstance()).Wait();
  };
  // The fixture's dispatcher has no policies: it lets administrators in, and says who was refused.
  const GrpcAnswer alice = call("alice", "/brume.ec2.v1.Instances/TerminateInstances");
  CHECK(alice.status.error_code() == grpc::StatusCode::PERMISSION_DENIED);
  CHECK(alice.Info().reason() == "UnauthorizedOperation");
  CHECK(absl::StrContains(alice.status.error_message(), "User: user/alice"));
  const GrpcAnswer mallory = call("mallory", "/brume.ec2.v1.Instances/TerminateInstances");
  CHECK(mallory.Info().reason() == "AuthFailure");
  CHECK(call("mallory", "/brume.sts.v1.Sts/GetCallerIdentity").Info().reason() == "AuthFailure");
  // Who comes by the socket is administrator as before.
  CHECK(fixture.DescribeRegions().status.ok());
}

TEST_CASE("a peer's address is told without its port and gRPC's own words", "[grpc]") {
  const std::pair<const char*, const char*> kCases[] = {
      {"ipv4:10.0.0.1:5000", "10.0.0.1"},
      {"ipv6:%5B::1%5D:5000", "::1"},
      {"ipv6:[2001:db8::1]:5000", "2001:db8::1"},
      {"ipv6:%5Bfe80::1%25eth0%5D:5000", "fe80::1"},
      {"ipv6:", "ipv6:"},
      {"unix:/run/x", "unix:/run/x"},
  };
  for (const auto& [peer, address] : kCases) CHECK(frontend::AddressOf(peer) == address);
}

}  // namespace brume
