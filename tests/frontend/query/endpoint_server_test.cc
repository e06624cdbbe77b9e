// The Query API at addresses of VPC endpoints, with loopback in the place of namespaces.
#include "lib/frontend/query/endpoint_server.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "lib/http/server.h"
#include "tests/frontend/query/query_fixture.h"
#include "tests/frontend/query/query_tls.h"

namespace brume {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using frontend::EndpointAddress;

const VpcId kVpc = VpcId::FromTrusted("vpc-00000000000000001"), kOther = VpcId::FromTrusted("vpc-00000000000000002");

EndpointAddress Ec2At(uint32_t address, const char* service = "ec2") {
  return {.id = VpcEndpointId::FromTrusted("vpce-00000000000000001"), .service = service, .address = Ipv4{address}};
}

struct EndpointFixture {
  EndpointFixture() {
    gateway::Actions(dispatcher)
        .Add([](const ec2::v1::DescribeRegionsRequest&,
                const Caller& caller) -> absl::StatusOr<ec2::v1::DescribeRegionsResponse> {
          ec2::v1::DescribeRegionsResponse response;
          response.add_regions()->set_endpoint(absl::StrCat(caller.vpc_endpoint_id, " of ", caller.vpc_id, " from ",
                                                            caller.source, caller.secure ? " secure" : " plain"));
          return response;
        });
  }
  frontend::EndpointServer& Make(frontend::QueryServerOptions options = {}, bool start = true) {
    server.emplace(frontend::EndpointServerParts{
        .dispatcher = dispatcher,
        .authenticate = QueryFixture::Signed,
        .listen = [this](const VpcId& vpc, const std::variant<Ipv4, Ipv6>& address,
                         uint16_t port) { return Listen(vpc, std::get<Ipv4>(address), port); },
        .options = std::move(options)});
    if (start) REQUIRE_OK(server->Start());
    return *server;
  }
  // Any port of loopback, for what would be this one in the VPC.
  absl::StatusOr<UniqueFd> Listen(const VpcId& vpc, Ipv4 address, uint16_t port) {
    absl::StatusOr<http::ListeningSocket> socket = http::Listen({.address = "127.0.0.1", .port = 0, .loopback = true});
    REQUIRE_OK(socket.status());
    const std::string name = absl::StrCat(vpc.text(), " ", address.value, ":", port);
    ports[name] = socket->port;
    sockets[name] = socket->fd.get();
    return std::move(socket->fd);
  }
  int PortOf(const VpcId& vpc, uint32_t address, uint16_t port) {
    return ports.at(absl::StrCat(vpc.text(), " ", address, ":", port));
  }
  std::string Ask(const VpcId& vpc, uint32_t address, const std::string& request) {
    RawClient client(PortOf(vpc, address, 80));
    client.Send(request);
    return client.Answer();
  }

  gateway::Dispatcher dispatcher{
      {.authorize_endpoint = [this](const Caller&, const AccessQuestion&) { return verdict; }}};
  absl::Status verdict;
  std::map<std::string, int> ports, sockets;
  std::optional<frontend::EndpointServer> server;
};

}  // namespace

TEST_CASE("a call through a VPC endpoint is one of its service alone, and says what it came through", "[query]") {
  EndpointFixture fixture;
  REQUIRE_OK(fixture.Make().Serve(kVpc, {Ec2At(1), Ec2At(2, "sts")}));
  const std::string request = Post(QueryFixture::kDescribe);
  CHECK_THAT(
      fixture.Ask(kVpc, 1, request),
      StartsWith("HTTP/1.1 200 ") && Contains("vpce-00000000000000001 of vpc-00000000000000001 from 127.0.0.1 plain"));
  CHECK_THAT(fixture.Ask(kVpc, 2, request), StartsWith("HTTP/1.1 403 ") &&
                                                Contains("<Code>SignatureDoesNotMatch</Code>") &&
                                                Contains("correct service: 'sts'"));
  CHECK_THAT(fixture.Ask(kVpc, 1, Post(QueryFixture::kDescribe, "")), Contains("MissingAuthenticationToken"));
  // The endpoint's policy is asked of an administrator, too.
  fixture.verdict = absl::PermissionDeniedError("because no VPC endpoint policy allows it");
  CHECK_THAT(fixture.Ask(kVpc, 1, request),
             StartsWith("HTTP/1.1 403 ") && Contains("because no VPC endpoint policy allows it"));
}

TEST_CASE("a VPC endpoint is served over TLS too where there is a certificate", "[query]") {
  EndpointFixture fixture;
  TempDir directory;
  const std::string path = MakeCertificate(directory);
  REQUIRE_OK(fixture.Make({.listen = "", .tls_cert_path = path + ".pem", .tls_key_path = path + ".key"})
                 .Serve(kVpc, {Ec2At(1)}));
  const std::string request = Post(QueryFixture::kDescribe);
  CHECK_THAT(fixture.Ask(kVpc, 1, request), Contains(" plain"));
  const auto context = TrustIn(path);
  RawClient client(fixture.PortOf(kVpc, 1, 443));
  const auto ssl = ConnectTls(*context, client);
  REQUIRE(ssl != nullptr);
  REQUIRE(SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())) > 0);
  char answer[4096];
  const int size = SSL_read(ssl.get(), answer, sizeof answer);
  REQUIRE(size > 0);
  CHECK_THAT(std::string(answer, size), StartsWith("HTTP/1.1 200 ") && Contains("127.0.0.1 secure"));

  EndpointFixture without;
  REQUIRE_OK(without.Make().Serve(kVpc, {Ec2At(1)}));
  CHECK(without.ports.size() == 1);
  EndpointFixture broken;
  CHECK_FALSE(broken.Make({.listen = "", .tls_cert_path = "/x", .tls_key_path = "/y"}).Serve(kVpc, {Ec2At(1)}).ok());
}

TEST_CASE("who connects to a VPC endpoint before the daemon answers waits for it", "[query]") {
  EndpointFixture fixture;
  frontend::EndpointServer& server = fixture.Make({}, /*start=*/false);
  REQUIRE_OK(server.Serve(kVpc, {Ec2At(1)}));
  RawClient client(fixture.PortOf(kVpc, 1, 80));
  client.Send(Post(QueryFixture::kDescribe));
  CHECK_FALSE(client.HasNewsWithin(100));
  REQUIRE_OK(server.Start());
  CHECK_THAT(client.Answer(), StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("a VPC endpoint that goes ends its connections, and no other's", "[query]") {
  EndpointFixture fixture;
  frontend::EndpointServer& server = fixture.Make();
  REQUIRE_OK(server.Serve(kVpc, {Ec2At(1), Ec2At(2)}));
  REQUIRE_OK(server.Serve(kOther, {Ec2At(1)}));
  const std::string request = Post(QueryFixture::kDescribe);
  RawClient gone(fixture.PortOf(kVpc, 1, 80)), stays(fixture.PortOf(kVpc, 2, 80)),
      elsewhere(fixture.PortOf(kOther, 1, 80));
  for (RawClient* client : {&gone, &stays, &elsewhere}) {
    client->Send(request);
    CHECK_THAT(client->Answer(), StartsWith("HTTP/1.1 200 "));
  }
  REQUIRE_OK(server.Serve(kVpc, {Ec2At(2)}));
  CHECK(gone.Closed());
  for (RawClient* client : {&stays, &elsewhere}) {
    client->Send(request);
    CHECK_THAT(client->Answer(), StartsWith("HTTP/1.1 200 "));
  }
  server.Stop();
  CHECK(stays.Closed());
  CHECK(absl::IsUnavailable(server.Serve(kVpc, {Ec2At(2)})));
}

TEST_CASE("a listener of a VPC endpoint that somebody closed is noticed and made again", "[query]") {
  EndpointFixture fixture;
  frontend::EndpointServer& server = fixture.Make();
  REQUIRE_OK(server.Serve(kVpc, {Ec2At(1)}));
  const int before = fixture.PortOf(kVpc, 1, 80);
  REQUIRE_OK(server.Serve(kVpc, {Ec2At(1)}));
  CHECK(fixture.PortOf(kVpc, 1, 80) == before);
  CHECK(server.StillServes(kVpc));
  // As an administrator's `ss --kill` does.
  shutdown(fixture.sockets.begin()->second, SHUT_RDWR);
  CHECK_FALSE(server.StillServes(kVpc));
  CHECK(server.StillServes(kOther));
  REQUIRE_OK(server.Serve(kVpc, {Ec2At(1)}));
  CHECK(server.StillServes(kVpc));
  CHECK_THAT(fixture.Ask(kVpc, 1, Post(QueryFixture::kDescribe)), StartsWith("HTTP/1.1 200 "));
}

}  // namespace brume
