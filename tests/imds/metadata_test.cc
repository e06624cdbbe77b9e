#include <netinet/ip.h>
#include <netinet/tcp.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <semaphore>
#include <thread>
#include <vector>

#include "lib/base/subprocess.h"
#include "lib/ec2/compute/tables/profile_association_table.h"
#include "lib/iam/tables/identity_table.h"
#include "lib/iam/tables/instance_profile_table.h"
#include "tests/imds/metadata_host.h"

namespace brume::imds {
namespace {

constexpr char kGuest[] = "127.1.0.4";
constexpr char kOtherGuest[] = "127.1.0.5";
constexpr char kIdPath[] = "/latest/meta-data/instance-id";
constexpr char kTtl60[] = "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n";

std::string GetToken(const MetadataHost& host, const std::string& guest, const std::string& headers = kTtl60) {
  const HttpAnswer answer = Fetch(guest, host.port(), "PUT", "/latest/api/token", headers);
  REQUIRE(answer.status == 200);
  return answer.body;
}

std::string TokenHeader(const std::string& token) { return absl::StrCat("X-aws-ec2-metadata-token: ", token, "\r\n"); }

// Lets a guest read without a token.
void AllowVersion1(MetadataHost& host, const Instance& instance) {
  host.ChangeOptions(instance.id, [](MetadataOptions& options) { options.tokens = HttpTokens::kOptional; });
}

// A role `web`, and an instance profile without a role that the instance has.
void AddProfile(MetadataHost& host, const Instance& instance) {
  Identity role;
  role.id = "AROAWEB";
  role.kind = IdentityKind::kRole;
  role.name = "web";
  InstanceProfile profile;
  profile.id = "AIPASERVERS";
  profile.name = "servers";
  host.Write([&](store::Connection& c) {
    REQUIRE(iam::IdentityTable(c).Insert(role).ok());
    REQUIRE(iam::InstanceProfileTable(c).Insert(profile).ok());
    return compute::ProfileAssociationTable(c).Insert({.id = "iip-assoc-0123456789abcdef0",
                                                       .instance_id = instance.id,
                                                       .profile_id = profile.id,
                                                       .profile_arn = "arn",
                                                       .associated = absl::FromUnixSeconds(0)});
  });
}

void SetRole(MetadataHost& host, const std::optional<std::string>& role_id) {
  host.Write([&](store::Connection& c) { return iam::InstanceProfileTable(c).SetRole("AIPASERVERS", role_id); });
}

size_t CountDescriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

// Whether no more than so many descriptors are left in the end.
bool SettlesAt(size_t count) {
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (CountDescriptors() > count && absl::Now() < deadline) std::this_thread::yield();
  return CountDescriptors() <= count;
}

// The TTL of the first packet with data that `port` sends and that `raw` still holds.
int TtlOfDataFrom(const UniqueFd& raw, uint16_t port) {
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (absl::Now() < deadline) {
    pollfd poll_fd = {raw.get(), POLLIN, 0};
    if (poll(&poll_fd, 1, 1000) != 1) continue;
    alignas(iphdr) char packet[65536];
    const ssize_t size = recv(raw.get(), packet, sizeof packet, 0);
    const auto* ip = reinterpret_cast<const iphdr*>(packet);
    const auto* tcp = reinterpret_cast<const tcphdr*>(packet + ip->ihl * 4);
    if (ntohs(tcp->source) == port && size > ip->ihl * 4 + tcp->doff * 4) return ip->ttl;
  }
  return -1;
}

}  // namespace

TEST_CASE("a guest gets a token and with it its own metadata", "[metadata]") {
  MetadataHost host;
  host.AddInstance(kGuest, '1');
  CHECK(Fetch(kGuest, host.port(), "GET", kIdPath).status == 401);
  const HttpAnswer token = Fetch(kGuest, host.port(), "PUT", "/latest/api/token", kTtl60);
  CHECK(token.status == 200);
  CHECK(token.headers.at("x-aws-ec2-metadata-token-ttl-seconds") == "60");
  CHECK(token.headers.at("server") == "EC2ws");
  const HttpAnswer id = Fetch(kGuest, host.port(), "GET", kIdPath, TokenHeader(token.body));
  CHECK(id.status == 200);
  CHECK(id.body == "i-0123456789abcdef1");
  CHECK(id.headers.at("content-type") == "text/plain");
  CHECK(id.headers.at("connection") == "close");
  host.clock().Advance(absl::Seconds(60));
  CHECK(Fetch(kGuest, host.port(), "GET", kIdPath, TokenHeader(token.body)).status == 401);
}

TEST_CASE("a peer is who its address says, and a token of one guest opens nothing to another", "[metadata]") {
  MetadataHost host;
  host.AddInstance(kGuest, '1');
  host.AddInstance(kOtherGuest, '2');
  const std::string token = GetToken(host, kGuest), other_token = GetToken(host, kOtherGuest);
  CHECK(Fetch(kOtherGuest, host.port(), "GET", kIdPath, TokenHeader(other_token)).body == "i-0123456789abcdef2");
  CHECK(Fetch(kOtherGuest, host.port(), "GET", kIdPath, TokenHeader(token)).status == 401);
  CHECK(Fetch("127.1.0.6", host.port(), "GET", kIdPath, TokenHeader(token)).status == 404);
  CHECK(Fetch("127.1.0.6", host.port(), "PUT", "/latest/api/token", kTtl60).status == 404);
}

TEST_CASE("tokens survive a restart", "[metadata]") {
  MetadataHost host;
  host.AddInstance(kGuest, '1');
  const std::string token = GetToken(host, kGuest);
  host.StartServer();
  CHECK(Fetch(kGuest, host.port(), "GET", kIdPath, TokenHeader(token)).status == 200);
}

TEST_CASE("a token's answer has the instance's hop limit as its TTL, other answers have the usual one", "[metadata]") {
  MetadataHost host;
  const Instance instance = host.AddInstance(kGuest, '1');
  const UniqueFd raw(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP));
  REQUIRE(raw);
  GetToken(host, kGuest);
  CHECK(TtlOfDataFrom(raw, host.port()) == 1);
  CHECK(Fetch(kGuest, host.port(), "GET", kIdPath).status == 401);
  CHECK(TtlOfDataFrom(raw, host.port()) == 64);
  host.ChangeOptions(instance.id, [](MetadataOptions& options) { options.hop_limit = 7; });
  GetToken(host, kGuest);
  CHECK(TtlOfDataFrom(raw, host.port()) == 7);
}

TEST_CASE("a change of the metadata options counts from the next request on", "[metadata]") {
  MetadataHost host;
  const Instance instance = host.AddInstance(kGuest, '1');
  HttpClient client(kGuest, host.port());
  const auto ask = [&] {
    client.Send(RequestText("GET", kIdPath));
    return client.Receive().status;
  };
  CHECK(ask() == 401);
  AllowVersion1(host, instance);
  CHECK(ask() == 200);
  host.ChangeOptions(instance.id, [](MetadataOptions& options) { options.endpoint = MetadataState::kDisabled; });
  CHECK(ask() == 403);
}

TEST_CASE("cloud-init's crawl finds everything", "[metadata]") {
  MetadataHost host;
  host.AddInstance(kGuest, '1');
  const absl::StatusOr<std::string> output =
      RunChecked({"python3", METADATA_CRAWL, absl::StrCat("http://127.0.0.1:", host.port()), kGuest});
  INFO(output.status().ToString());
  REQUIRE(output.ok());
  const auto found = nlohmann::json::parse(*output);
  CHECK(found["version"] == "2021-03-23");
  const auto& metadata = found["meta-data"];
  CHECK(metadata["instance-id"] == "i-0123456789abcdef1");
  CHECK(metadata["local-hostname"] == "ip-127-1-0-4.ec2.internal");
  CHECK(metadata["public-keys"]["laptop"] == "ssh-ed25519 AAAAExample laptop\n");
  CHECK(metadata["placement"]["availability-zone"] == "us-east-1a");
  CHECK(metadata["placement"]["availability-zone-id"] == "use1-az1");
  CHECK(metadata["tags"]["instance"]["Name"] == "web");
  const auto& nic = metadata["network"]["interfaces"]["macs"][MacAddressFor(Ipv4::Parse(kGuest).value())];
  CHECK(nic["device-number"] == "0");
  CHECK(nic["subnet-ipv4-cidr-block"] == "127.1.0.0/16");
  CHECK(nic["security-groups"] == "default");
  CHECK(found["identity"]["document"]["instanceId"] == "i-0123456789abcdef1");
  CHECK(found["user-data"] == "23212f62696e2f73680a00ff");
}

TEST_CASE("one connection serves many requests, also ones sent before their turn", "[metadata]") {
  MetadataHost host;
  AllowVersion1(host, host.AddInstance(kGuest, '1'));
  HttpClient client(kGuest, host.port());
  std::string burst;
  for (int i = 0; i < 20; ++i) {
    burst += RequestText("GET", kIdPath) + RequestText("HEAD", kIdPath) + RequestText("GET", "/latest/none");
  }
  REQUIRE(client.Send(burst));
  for (int i = 0; i < 20; ++i) {
    CHECK(client.Receive().body == "i-0123456789abcdef1");
    const HttpAnswer head = client.Receive(/*head=*/true);
    CHECK(head.status == 200);
    CHECK(head.headers.at("content-length") == "19");
    CHECK(client.Receive().status == 404);
  }
}

TEST_CASE("a client that ends its side after the request still gets the answer", "[metadata]") {
  MetadataHost host;
  AllowVersion1(host, host.AddInstance(kGuest, '1'));
  HttpClient client(kGuest, host.port());
  REQUIRE(client.Send(RequestText("GET", kIdPath)));
  REQUIRE(shutdown(client.fd(), SHUT_WR) == 0);
  CHECK(client.Receive().body == "i-0123456789abcdef1");
  CHECK(client.IsClosedWithin(absl::Seconds(10)));
}

TEST_CASE("what is no proper request gets the error that names its fault, and no further hearing", "[metadata]") {
  MetadataHost host;
  AllowVersion1(host, host.AddInstance(kGuest, '1'));
  const std::pair<std::string, int> kCases[] = {
      {"nonsense\r\n\r\n", 400},
      {"GET\r\n\r\n", 400},
      {"GET /latest/ HTTP/9.9\r\n\r\n", 400},
      {"GET /latest/ SMTP/1.1\r\n\r\n", 400},
      {"GET  /latest/ HTTP/1.1\r\n\r\n", 400},
      {"GET /latest/\x01 HTTP/1.1\r\n\r\n", 400},
      {"GET /latest/ HTTP/1.1\r\nBad Header: x\r\n\r\n", 400},
      {"GET /latest/ HTTP/1.1\r\n: x\r\n\r\n", 400},
      {"GET /latest/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
      {"GET /latest/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", 431},
      {"GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n", 431},
      {RequestText("POST", "/latest/", "Content-Length: 5\r\n") + "hello", 413},
      {RequestText("PUT", "/latest/api/token", "Content-Length: 100000000\r\n"), 413},
      {RequestText("PUT", "/latest/api/token", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n", 413},
  };
  for (const auto& [text, status] : kCases) {
    INFO(text.substr(0, 60));
    HttpClient client(kGuest, host.port());
    client.Send(text);
    CHECK(client.Receive().status == status);
    CHECK(client.IsClosedWithin(absl::Seconds(10)));
  }
  CHECK(Fetch(kGuest, host.port(), "POST", "/latest/", "Content-Length: 0\r\n").status == 405);
  CHECK(Fetch(kGuest, host.port(), "PUT", "/latest/api/token", absl::StrCat("Content-Length: 0\r\n", kTtl60)).status ==
        200);
}

TEST_CASE("a guest reads the credentials of the role its profile has, and only that guest", "[metadata]") {
  MetadataServerOptions options;
  options.credentials = [](const SessionInstance& of,
                           const Identity& role) -> absl::StatusOr<std::optional<RoleCredentials>> {
    return RoleCredentials{.access_key_id = absl::StrCat(of.id.text(), " at ", of.private_ip, " in ", of.vpc_id, " as ",
                                                         role.name, " by ", of.delivery),
                           .secret_access_key = "s",
                           .token = "t",
                           .updated = absl::FromUnixSeconds(0),
                           .expires = absl::FromUnixSeconds(60)};
  };
  MetadataHost host(options);
  const Instance instance = host.AddInstance(kGuest, '1');
  host.AddInstance(kOtherGuest, '2');
  AddProfile(host, instance);
  const auto get = [&](const char* guest, const std::string& path) {
    return Fetch(guest, host.port(), "GET", "/latest/meta-data/iam/" + path, TokenHeader(GetToken(host, guest)));
  };
  const std::string path = "security-credentials/web";

  CHECK(get(kGuest, "info").status == 200);
  CHECK(get(kGuest, "security-credentials/").status == 404);
  SetRole(host, "AROAWEB");
  CHECK(Fetch(kGuest, host.port(), "GET", "/latest/meta-data/iam/" + path).status == 401);
  CHECK(get(kGuest, "security-credentials/").body == "web");
  const auto document = nlohmann::json::parse(get(kGuest, path).body);
  const std::string place = absl::StrCat(instance.id.text(), " at ", kGuest, " in ", host.vpc().text());
  CHECK(document["AccessKeyId"] == place + " as web by 2.0");
  CHECK(document["Expiration"] == "1970-01-01T00:01:00Z");
  CHECK(get(kOtherGuest, path).status == 404);
  CHECK(get(kOtherGuest, "info").status == 404);
  AllowVersion1(host, instance);
  const auto fetched = Fetch(kGuest, host.port(), "GET", "/latest/meta-data/iam/" + path);
  CHECK(nlohmann::json::parse(fetched.body)["AccessKeyId"] == place + " as web by 1.0");
  SetRole(host, std::nullopt);
  CHECK(get(kGuest, path).status == 404);
}

TEST_CASE("credentials that cannot be made are a fault, and not an instance without a role", "[metadata]") {
  bool broken = false;
  MetadataServerOptions options;
  options.credentials = [&broken](const SessionInstance&,
                                  const Identity&) -> absl::StatusOr<std::optional<RoleCredentials>> {
    if (broken) return absl::InternalError("broken");
    return std::nullopt;
  };
  MetadataHost host(options);
  const Instance instance = host.AddInstance(kGuest, '1');
  AllowVersion1(host, instance);
  AddProfile(host, instance);
  SetRole(host, "AROAWEB");
  const std::string target = "/latest/meta-data/iam/security-credentials/web";
  CHECK(nlohmann::json::parse(Fetch(kGuest, host.port(), "GET", target).body)["Code"] ==
        "AssumeRoleUnauthorizedAccess");
  broken = true;
  CHECK(Fetch(kGuest, host.port(), "GET", target).status == 500);
}

TEST_CASE("a storm of one VPC's requests keeps a request of another waiting for one answer at most", "[metadata]") {
  std::counting_semaphore<> permits(0);
  std::atomic<int> begun = 0;
  MetadataServerOptions options;
  options.request_timeout = absl::Seconds(20);
  options.credentials = [&](const SessionInstance&, const Identity&) -> absl::StatusOr<std::optional<RoleCredentials>> {
    ++begun;
    permits.acquire();
    return std::nullopt;
  };
  MetadataHost host(options);
  const Instance instance = host.AddInstance(kGuest, '1');
  AllowVersion1(host, instance);
  AddProfile(host, instance);
  SetRole(host, "AROAWEB");
  const uint16_t quiet_port = host.Serve(VpcId::FromTrusted("vpc-0123456789abcdef1"));
  constexpr int kStorm = 32;
  std::vector<std::unique_ptr<HttpClient>> storm;
  for (int i = 0; i < kStorm; ++i) {
    storm.push_back(std::make_unique<HttpClient>(kGuest, host.port()));
    storm.back()->Send(RequestText("GET", kIdPath));
  }
  HttpClient quiet(kOtherGuest, quiet_port);
  quiet.Send(RequestText("GET", kIdPath));
  // Refused without being waited for: what came before it has been read.
  HttpClient malformed(kOtherGuest, host.port());
  malformed.Send("no request\r\n\r\n");
  REQUIRE(malformed.Receive().status == 400);
  // The one under way, and the one whose turn it may have been already.
  permits.release(2);
  CHECK(quiet.Receive().status == 404);
  CHECK(begun <= 3);
  permits.release(kStorm - 2);
  for (const auto& client : storm) CHECK(client->Receive().status == 200);
}

TEST_CASE("a request that does not end in time is cut, however its bytes trickle in", "[metadata]") {
  MetadataServerOptions options;
  options.request_timeout = absl::Milliseconds(400);
  MetadataHost host(options);
  host.AddInstance(kGuest, '1');
  HttpClient client(kGuest, host.port());
  const absl::Time start = absl::Now();
  bool closed = false;
  client.Send("GET /");
  while (!closed && absl::Now() < start + absl::Seconds(20)) {
    client.Send("x");
    closed = client.IsClosedWithin(absl::Milliseconds(20));
  }
  CHECK(closed);
  CHECK(absl::Now() - start >= absl::Milliseconds(400));
}

TEST_CASE("a connection without requests is closed", "[metadata]") {
  MetadataServerOptions options;
  options.idle_timeout = absl::Milliseconds(300);
  MetadataHost host(options);
  HttpClient client(kGuest, host.port());
  CHECK(client.IsClosedWithin(absl::Seconds(20)));
}

TEST_CASE("a peer's connection too many takes the place of its longest idle one", "[metadata]") {
  MetadataServerOptions options;
  options.connections_per_peer = 3;
  MetadataHost host(options);
  AllowVersion1(host, host.AddInstance(kGuest, '1'));
  AllowVersion1(host, host.AddInstance(kOtherGuest, '2'));
  std::vector<std::unique_ptr<HttpClient>> clients;
  const auto ask = [](HttpClient& client) {
    client.Send(RequestText("GET", kIdPath));
    return client.Receive().status;
  };
  HttpClient neighbour(kOtherGuest, host.port());
  CHECK(ask(neighbour) == 200);
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<HttpClient>(kGuest, host.port()));
    CHECK(ask(*clients.back()) == 200);
  }
  CHECK(ask(*clients[0]) == 200);  // now the second is the longest idle one
  HttpClient fourth(kGuest, host.port());
  CHECK(ask(fourth) == 200);
  CHECK(clients[1]->IsClosedWithin(absl::Seconds(10)));
  CHECK(ask(*clients[0]) == 200);
  CHECK(ask(*clients[2]) == 200);
  CHECK(ask(neighbour) == 200);
}

TEST_CASE("a peer whose connections are all in the middle of a request gets no more", "[metadata]") {
  MetadataServerOptions options;
  options.connections_per_peer = 3;
  options.request_timeout = absl::Seconds(3);
  MetadataHost host(options);
  AllowVersion1(host, host.AddInstance(kGuest, '1'));
  AllowVersion1(host, host.AddInstance(kOtherGuest, '2'));
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<HttpClient>(kGuest, host.port()));
    // The first answer proves that the second request's begin was read with it.
    clients.back()->Send(RequestText("GET", kIdPath) + "GET ");
    CHECK(clients.back()->Receive().status == 200);
  }
  HttpClient fourth(kGuest, host.port());
  CHECK(fourth.IsClosedWithin(absl::Seconds(2)));
  CHECK(Fetch(kOtherGuest, host.port(), "GET", kIdPath).status == 200);
  for (const auto& client : clients) CHECK(client->IsClosedWithin(absl::Seconds(20)));
  CHECK(Fetch(kGuest, host.port(), "GET", kIdPath).status == 200);
}

TEST_CASE("a VPC's connections are bounded together", "[metadata]") {
  MetadataServerOptions options;
  options.connections_per_vpc = 4;
  MetadataHost host(options);
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<HttpClient>(absl::StrCat("127.1.0.", 10 + i), host.port()));
    clients.back()->Send(RequestText("GET", "/"));
    CHECK(clients.back()->Receive().status == 404);
  }
  CHECK(clients[0]->IsClosedWithin(absl::Seconds(10)));
  CHECK(clients[1]->IsClosedWithin(absl::Seconds(10)));
  for (int i = 2; i < 6; ++i) CHECK_FALSE(clients[i]->IsClosedWithin(absl::ZeroDuration()));
}

TEST_CASE("a VPC that is taken away closes its listener and its connections, and can come back", "[metadata]") {
  MetadataHost host;
  host.AddInstance(kGuest, '1');
  HttpClient client(kGuest, host.port());
  client.Send(RequestText("GET", kIdPath));
  CHECK(client.Receive().status == 401);
  const size_t descriptors = CountDescriptors();
  host.server().RemoveVpc(host.vpc());
  host.server().RemoveVpc(host.vpc());
  CHECK(client.IsClosedWithin(absl::Seconds(10)));
  UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = SocketAddress("127.0.0.1", host.port());
  const int yes = 1;
  REQUIRE(setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0);
  REQUIRE(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(host.server().AddVpc(host.vpc(), UniqueFd(dup(listener.get()))).code() == absl::StatusCode::kInvalidArgument);
  REQUIRE(listen(listener.get(), 16) == 0);
  REQUIRE(host.server().AddVpc(host.vpc(), std::move(listener)).ok());
  CHECK(Fetch(kGuest, host.port(), "GET", kIdPath).status == 401);
  CHECK(SettlesAt(descriptors - 1));  // the cut connection's server side is gone
}

TEST_CASE("bytes without sense, in any number, leave the service answering and nothing behind", "[metadata]") {
  MetadataHost host;
  AllowVersion1(host, host.AddInstance(kGuest, '1'));
  CHECK(Fetch(kGuest, host.port(), "GET", kIdPath).status == 200);
  const size_t descriptors = CountDescriptors();
  std::mt19937 random(11);
  const std::string valid = RequestText("GET", kIdPath, TokenHeader("AQ=="));
  for (int round = 0; round < 500; ++round) {
    std::string text = valid;
    const int changes = static_cast<int>(random() % 8);
    for (int i = 0; i <= changes; ++i) {
      if (random() % 3 == 0) {
        text.erase(random() % text.size(), 1);
      } else {
        text[random() % text.size()] = static_cast<char>(random());
      }
    }
    HttpClient client(kGuest, host.port());
    client.Send(text);
    if (random() % 2 == 0) shutdown(client.fd(), SHUT_WR);
  }
  CHECK(Fetch(kGuest, host.port(), "GET", kIdPath).body == "i-0123456789abcdef1");
  CHECK(SettlesAt(descriptors));
}

TEST_CASE("many guests at once each see themselves", "[metadata]") {
  MetadataHost host;
  constexpr int kGuests = 8;
  for (int i = 0; i < kGuests; ++i) {
    AllowVersion1(host, host.AddInstance(absl::StrCat("127.1.0.", 4 + i), static_cast<char>('0' + i)));
  }
  std::vector<int> right(kGuests, 0);
  std::vector<std::thread> threads;
  for (int i = 0; i < kGuests; ++i) {
    threads.emplace_back([&, i] {
      HttpClient client(absl::StrCat("127.1.0.", 4 + i), host.port());
      for (int n = 0; n < 100; ++n) {
        client.Send(RequestText("GET", kIdPath));
        if (client.Receive().body == absl::StrCat("i-0123456789abcdef", i)) ++right[i];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<int>(kGuests, 100));
}

TEST_CASE("a stopped server can be stopped again, and one never started just goes", "[metadata]") {
  MetadataHost host;
  HttpClient client(kGuest, host.port());
  host.server().Stop();
  host.server().Stop();
  CHECK(client.IsClosedWithin(absl::Seconds(10)));
  const size_t descriptors = CountDescriptors();
  UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(listen(listener.get(), 1) == 0);
  host.IdleServer(std::move(listener)).reset();
  CHECK(CountDescriptors() == descriptors);
}

}  // namespace brume::imds
