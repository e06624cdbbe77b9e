// The Query API over a socket: what is answered, what is refused, and how long anything may take.
#include <catch2/catch.hpp>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "lib/http/server.h"
#include "tests/frontend/query/query_fixture.h"
#include "tests/frontend/query/query_tls.h"

namespace brume {
namespace {

using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

std::string Get(const std::string& target) {
  return absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: localhost\r\nAuthorization: ada ec2 us-east-1\r\n\r\n");
}

// A body larger than any is taken, and than what the sockets between client and server hold.
std::string TooLarge() {
  constexpr size_t kBytes = 12 << 20;
  return Post(std::string(kBytes, 'a'));
}

}  // namespace

TEST_CASE("a signed form is a call, whose answer is XML with its request id in body and header", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  const std::string answer =
      fixture.Ask(Post(QueryFixture::kDescribe, "Authorization: ada ec2 us-east-1\r\nUser-Agent: aws-cli/2\r\n"));
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(answer, Contains("Server: Brume\r\n") && Contains("Content-Type: text/xml;charset=UTF-8\r\n"));
  CHECK_THAT(answer, Contains("\r\nDate: ") && !Contains("x-brume-simulated"));
  CHECK_THAT(answer, Contains("<regionName>ada</regionName>") && Contains("127.0.0.1 plain aws-cli/2"));
  const size_t at = answer.find("x-amzn-RequestId: ");
  REQUIRE(at != std::string::npos);
  const std::string id = answer.substr(at + 18, 36);
  CHECK_THAT(answer, Contains("<requestId>" + id + "</requestId>"));
  CHECK(fixture.Records() == std::vector<std::string>{"DescribeRegions ada OK"});
}

TEST_CASE("a GET's query, a charset and a chunked body are forms too", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  CHECK_THAT(fixture.Ask(Get(absl::StrCat("/?", QueryFixture::kDescribe))), StartsWith("HTTP/1.1 200 "));
  const std::string head =
      "Host: localhost\r\nAuthorization: ada ec2 us-east-1\r\n"
      "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK_THAT(fixture.Ask("POST / HTTP/1.1\r\n" + head +
                         "16\r\nAction=DescribeRegions\r\n13\r\n&Version=2016-11-15\r\n0\r\n\r\n"),
             StartsWith("HTTP/1.1 200 "));
  CHECK_THAT(fixture.Ask("POST /?Action=DescribeRegions HTTP/1.1\r\n" + head + "12\r\nVersion=2016-11-15\r\n0\r\n\r\n"),
             StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("a client of an older version of EC2's API is served as one of today's", "[query]") {
  QueryFixture fixture;
  REQUIRE_OK(fixture.TryServe({.listen = "", .strict_region = "us-east-1"}));
  for (const char* version : {"2006-06-26", "2013-02-01", "2014-06-15", "2014-10-01", "2016-09-15", "2016-11-15"}) {
    const std::string form = std::string("Action=DescribeRegions&Version=") + version;
    const std::string answer = fixture.Ask(Post(form, "Authorization: ada ec2 us-east-1\r\n"));
    INFO(version);
    CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 200"));
  }
}

TEST_CASE("what is no call is refused with AWS's code before it reaches a handler", "[query]") {
  QueryFixture fixture;
  REQUIRE_OK(fixture.TryServe({.listen = "", .strict_region = "us-east-1"}));
  const auto refusal = [&](const std::string& form, const std::string& signature) {
    const std::string answer = fixture.Ask(Post(form, signature.empty() ? "" : "Authorization: " + signature + "\r\n"));
    const size_t code = answer.find("<Code>");
    if (code == std::string::npos) return answer;
    return answer.substr(9, 4) + answer.substr(code + 6, answer.find("</Code>") - code - 6);
  };
  const std::string version = "&Version=2016-11-15";
  CHECK(refusal(QueryFixture::kDescribe, "") == "403 MissingAuthenticationToken");
  CHECK(refusal(QueryFixture::kDescribe, "ada") == "400 IncompleteSignature");
  CHECK(refusal(QueryFixture::kDescribe, "ada s3 us-east-1") == "400 InvalidAction");
  CHECK(refusal(QueryFixture::kDescribe, "ada ec2 eu-west-1") == "403 SignatureDoesNotMatch");
  const std::string ada = "ada ec2 us-east-1";
  CHECK(refusal("Version=2016-11-15", ada) == "400 MissingAction");
  CHECK(refusal("Action=DescribeRegions", ada) == "400 MissingParameter");
  CHECK(refusal("Action=DescribeRegions&Version=2009-01-01", ada) == "400 NoSuchVersion");
  CHECK(refusal("Action=DescribeRegions&Version=2017-01-01", ada) == "400 NoSuchVersion");
  CHECK(refusal("Action=DescribeNothing" + version, ada) == "400 InvalidAction");
  CHECK(refusal(QueryFixture::kDescribe + std::string("&Colour=red"), ada) == "400 UnknownParameter");
  CHECK(refusal("Action=%zz", ada) == "400 MalformedQueryString");
  CHECK(fixture.Records() ==
        std::vector<std::string>{"DescribeRegions anonymous MissingAuthenticationToken",
                                 "DescribeRegions anonymous IncompleteSignature", "DescribeRegions ada InvalidAction",
                                 "DescribeRegions ada SignatureDoesNotMatch", "DescribeRegions ada UnknownParameter"});
}

TEST_CASE("a plain GET without a signature is told that it lacks one", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  const std::string answer = fixture.Ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 403 ") && Contains("<Code>MissingAuthenticationToken</Code>"));
}

TEST_CASE("what HTTP forbids is answered with its status, and the connection closed", "[query]") {
  QueryFixture fixture;
  fixture.Serve({.head_bytes = 2048, .headers = 10, .body_bytes = 1000});
  const std::string form = "Content-Type: application/x-www-form-urlencoded\r\n";
  const auto status = [&](const std::string& request) {
    RawClient client = fixture.Connect();
    client.Send(request);
    client.EndSending();
    const std::string answer = client.Answer();
    CHECK(client.Closed());
    return answer.substr(0, std::min(answer.size(), size_t{12}));
  };
  CHECK(status("PUT / HTTP/1.1\r\n\r\n") == "HTTP/1.1 405");
  CHECK(status("GET /other HTTP/1.1\r\n\r\n") == "HTTP/1.1 404");
  CHECK(status("POST / HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx") == "HTTP/1.1 415");
  CHECK(status("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx") == "HTTP/1.1 415");
  CHECK(status("GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx") == "HTTP/1.1 400");
  CHECK(status("POST / HTTP/1.1\r\n" + form + "Content-Length: 1001\r\n\r\n") == "HTTP/1.1 413");
  CHECK(status("POST / HTTP/1.1\r\n" + form + "Transfer-Encoding: chunked\r\n\r\n400\r\n" + std::string(1024, 'a') +
               "\r\n0\r\n\r\n") == "HTTP/1.1 413");
  CHECK(status("POST / HTTP/1.1\r\n" + form + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n") == "HTTP/1.1 501");
  CHECK(status("POST / HTTP/1.1\r\n" + form + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n") ==
        "HTTP/1.1 400");
  CHECK(status("GET / HTTP/1.1\r\nExpect: miracles\r\n\r\n") == "HTTP/1.1 417");
  CHECK(status("GET / HTTP/1.1\r\nX: " + std::string(3000, 'a') + "\r\n\r\n") == "HTTP/1.1 431");
  std::string many;
  for (int i = 0; i < 11; ++i) absl::StrAppend(&many, "X-", i, ": 1\r\n");
  CHECK(status("GET / HTTP/1.1\r\n" + many + "\r\n") == "HTTP/1.1 431");
  CHECK(status("nonsense\r\n\r\n") == "HTTP/1.1 400");
  CHECK(fixture.Records().empty());
}

TEST_CASE("the answer to HEAD has no body", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  RawClient client = fixture.Connect();
  client.Send("HEAD / HTTP/1.1\r\n\r\n");
  client.EndSending();
  const std::string answer = client.Answer();
  CHECK_THAT(answer, StartsWith("HTTP/1.1 405 ") && Contains("Allow: GET, POST\r\n") && Catch::EndsWith("\r\n\r\n"));
}

TEST_CASE("a connection serves request after request, sent at once or one by one, in their order", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  RawClient client = fixture.Connect();
  const auto by = [](const std::string& name) {
    return Post(QueryFixture::kDescribe, "Authorization: " + name + " ec2 us-east-1\r\n");
  };
  client.Send(by("ada") + by("bob") + by("eve"));
  client.EndSending();  // half closed: what was asked is answered still
  for (const std::string name : {"ada", "bob", "eve"}) CHECK_THAT(client.Answer(), Contains(">" + name + "<"));
  CHECK(client.Closed());

  RawClient patient = fixture.Connect();
  for (const std::string name : {"ada", "bob"}) {
    patient.Send(by(name));
    CHECK_THAT(patient.Answer(), Contains(">" + name + "<"));
  }
  patient.Send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  CHECK_THAT(patient.Answer(), StartsWith("HTTP/1.1 403 "));
  CHECK(patient.Closed());
}

TEST_CASE("a client that asks whether to go on is told so before its body", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  RawClient client = fixture.Connect();
  const std::string request = Post(QueryFixture::kDescribe, "Authorization: ada ec2 x\r\nExpect: 100-continue\r\n");
  const size_t body = request.find("\r\n\r\n") + 4;
  client.Send(request.substr(0, body));
  CHECK(client.Answer() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send(request.substr(body));
  CHECK_THAT(client.Answer(), StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("a client that is slow with head, body or its next request is cut", "[query]") {
  const absl::Duration soon = absl::Milliseconds(100);
  QueryFixture fixture;
  fixture.Serve({.head_timeout = soon, .body_timeout = soon, .idle_timeout = soon});
  const std::string request = Post(QueryFixture::kDescribe);
  const std::string beginnings[] = {"", "POST / HT", request.substr(0, request.size() - 1)};
  for (const std::string& beginning : beginnings) {
    RawClient client = fixture.Connect();
    client.Send(beginning);
    CHECK(client.Closed());
  }
  // Nor does a byte now and then help: the deadline is the whole head's.
  RawClient dripping = fixture.Connect();
  bool open = true;
  for (int i = 0; i < 2000 && open; ++i) open = dripping.Send("a") && !dripping.HasNewsWithin(5);
  CHECK_FALSE(open);
}

TEST_CASE("a client that does not take its answers is cut", "[query]") {
  QueryFixture fixture;
  fixture.Serve({.write_timeout = absl::Milliseconds(100)});
  RawClient client = fixture.Connect();
  // Answers fill the buffers on the way; then the server waits for room, and reads no more requests.
  const std::string request = Post(QueryFixture::kDescribe);
  bool open = true;
  for (int i = 0; i < 1'000'000 && open; ++i) open = client.Send(request);
  CHECK_FALSE(open);
  CHECK_FALSE(client.Send("a"));  // the one before may have been taken in part
  const int why = errno;
  CHECK((why == ECONNRESET || why == EPIPE));
}

TEST_CASE("connections beyond a peer's share or all are told so and closed, and room comes back", "[query]") {
  QueryFixture fixture;
  const auto [all, each] = GENERATE(std::pair(2, 64), std::pair(64, 2));
  fixture.Serve({.connections = static_cast<size_t>(all), .connections_per_peer = static_cast<size_t>(each)});
  const auto served = [&] { return absl::StartsWith(fixture.Ask(Post(QueryFixture::kDescribe)), "HTTP/1.1 200 "); };
  {
    RawClient first = fixture.Connect(), second = fixture.Connect();
    for (RawClient* client : {&first, &second}) client->Send(Post(QueryFixture::kReboot));
    fixture.gate.WaitForArrivals(2);
    RawClient third = fixture.Connect();
    third.EndSending();
    CHECK_THAT(third.Answer(), StartsWith("HTTP/1.1 503 ") && Contains("Connection: close"));
    CHECK(third.Closed());
    fixture.gate.Open();
    for (RawClient* client : {&first, &second}) CHECK_THAT(client->Answer(), StartsWith("HTTP/1.1 200 "));
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  bool again = false;
  while (!again && std::chrono::steady_clock::now() < deadline) again = served();
  CHECK(again);
}

TEST_CASE("a connection beyond the limit takes the place of the one that has been idle for the longest time",
          "[query]") {
  QueryFixture fixture;
  const auto [all, each] = GENERATE(std::pair(2, 64), std::pair(64, 2));
  fixture.Serve({.connections = static_cast<size_t>(all), .connections_per_peer = static_cast<size_t>(each)});
  RawClient first = fixture.Connect(), second = fixture.Connect();
  for (RawClient* client : {&first, &second}) {
    client->Send(Post(QueryFixture::kDescribe));
    CHECK_THAT(client->Answer(), StartsWith("HTTP/1.1 200 "));
  }
  // However many come and say nothing, a call is served.
  std::vector<RawClient> silent;
  for (int i = 0; i < 10; ++i) silent.push_back(fixture.Connect());
  CHECK_THAT(fixture.Ask(Post(QueryFixture::kDescribe)), StartsWith("HTTP/1.1 200 "));
  CHECK(first.Closed());
  CHECK(second.Closed());
}

TEST_CASE("where all listeners together have too many connections, the one that has most makes room", "[query]") {
  http::Server server({.name = "test",
                       .limits = {.connections_in_all = 4},
                       .deadlines = {.idle = absl::Minutes(1)},
                       .when_full = http::WhenFull::kEvictIdle,
                       .refuse = [](http::Fault, const http::Request*) { return http::Response{.status = 400}; }},
                      [](const http::Request& request, const http::Responder& responder) {
                        responder.Send({.body = request.listener});
                      });
  REQUIRE_OK(server.Start());
  std::map<std::string, int> ports;
  for (const std::string name : {"storm", "quiet"}) {
    absl::StatusOr<http::ListeningSocket> socket = http::Listen({.address = "127.0.0.1", .port = 0, .loopback = true});
    REQUIRE_OK(socket.status());
    ports[name] = socket->port;
    server.AddListener(name, std::move(socket->fd));
  }
  const auto ask = [](RawClient& client) {
    client.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.Answer();
  };
  std::vector<RawClient> storm;
  const auto come = [&] {
    storm.emplace_back(ports["storm"]);
    CHECK_THAT(ask(storm.back()), EndsWith("storm"));
  };
  for (int i = 0; i < 4; ++i) come();
  RawClient quiet(ports["quiet"]);
  CHECK_THAT(ask(quiet), EndsWith("quiet"));
  CHECK(storm[0].Closed());
  for (int i = 0; i < 3; ++i) come();
  for (int i = 1; i < 4; ++i) CHECK(storm[i].Closed());
  CHECK_THAT(ask(quiet), EndsWith("quiet"));
}

TEST_CASE("a call beyond the queue is refused at once, and the others are answered", "[query]") {
  QueryFixture fixture;
  fixture.Serve({.threads = 1, .queue = 1});
  RawClient busy = fixture.Connect(), first = fixture.Connect(), second = fixture.Connect();
  busy.Send(Post(QueryFixture::kReboot));
  fixture.gate.WaitForArrivals(1);
  // One of them waits, whichever is read first.
  first.Send(Post(QueryFixture::kDescribe));
  second.Send(Post(QueryFixture::kDescribe));
  bool first_is_refused = false, second_is_refused = false;
  for (int i = 0; i < 1000 && !first_is_refused && !second_is_refused; ++i) {
    first_is_refused = first.HasNewsWithin(5);
    second_is_refused = second.HasNewsWithin(5);
  }
  REQUIRE(first_is_refused != second_is_refused);
  CHECK_THAT((first_is_refused ? first : second).Answer(),
             StartsWith("HTTP/1.1 503 ") && Contains("<Code>RequestLimitExceeded</Code>"));
  fixture.gate.Open();
  CHECK_THAT(busy.Answer(), StartsWith("HTTP/1.1 200 "));
  CHECK_THAT((first_is_refused ? second : first).Answer(), StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("a body beyond what is held for all connections is refused until others are done", "[query]") {
  QueryFixture fixture;
  fixture.Serve({.bodies_bytes = 60});
  const std::string request = Post(QueryFixture::kDescribe, "Authorization: ada ec2 x\r\nExpect: 100-continue\r\n");
  const size_t body = request.find("\r\n\r\n") + 4;
  RawClient holder = fixture.Connect();
  holder.Send(request.substr(0, body));
  CHECK_THAT(holder.Answer(), StartsWith("HTTP/1.1 100 "));
  CHECK_THAT(fixture.Ask(Post(QueryFixture::kDescribe)),
             StartsWith("HTTP/1.1 503 ") && Contains("<Code>RequestLimitExceeded</Code>"));
  holder.Send(request.substr(body));
  CHECK_THAT(holder.Answer(), StartsWith("HTTP/1.1 200 "));
  CHECK_THAT(fixture.Ask(Post(QueryFixture::kDescribe)), StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("a server that ends closes idle connections and lets the call under way be answered", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  RawClient idle = fixture.Connect(), busy = fixture.Connect();
  busy.Send(Post(QueryFixture::kReboot));
  fixture.gate.WaitForArrivals(1);
  auto ended = std::async(std::launch::async, [&] { fixture.server.reset(); });
  CHECK(idle.Closed());
  fixture.gate.Open();
  CHECK_THAT(busy.Answer(), StartsWith("HTTP/1.1 200 ") && Contains("Connection: close"));
  busy.EndSending();
  ended.get();
}

TEST_CASE("an address that is taken, no address, or plain HTTP beyond loopback is refused in words", "[query]") {
  QueryFixture fixture, other;
  fixture.Serve();
  const std::string taken = absl::StrCat("127.0.0.1:", fixture.server->port());
  const auto words = [&](frontend::QueryServerOptions options) {
    const absl::Status status = other.TryServe(std::move(options));
    CHECK(absl::IsFailedPrecondition(status));
    return std::string(status.message());
  };
  CHECK_THAT(words({.listen = taken}), Contains("Address already in use") && Contains("--ec2-listen"));
  CHECK_THAT(words({.listen = "localhost"}), Contains("is no ADDRESS:PORT"));
  CHECK_THAT(words({.listen = "0.0.0.0:0"}), Contains("ec2.allow_plaintext"));
  CHECK_THAT(words({.listen = "127.0.0.1:0", .tls_cert_path = "/x"}), Contains("needs both"));
  CHECK_THAT(words({.listen = "127.0.0.1:0", .tls_cert_path = "/x", .tls_key_path = "/y"}), Contains("/x"));
  REQUIRE_OK(other.TryServe({.listen = "0.0.0.0:0", .allow_plaintext = true}));
}

TEST_CASE("a simulated host says so in every answer", "[query]") {
  QueryFixture fixture;
  REQUIRE_OK(fixture.TryServe({.listen = "", .simulated = true}));
  CHECK_THAT(fixture.Ask(Post(QueryFixture::kDescribe)), Contains("x-brume-simulated: true\r\n"));
}

TEST_CASE("with a certificate the API is served over TLS alone", "[query]") {
  QueryFixture fixture;
  TempDir directory;
  const std::string path = MakeCertificate(directory);
  REQUIRE_OK(fixture.TryServe({.listen = "", .tls_cert_path = path + ".pem", .tls_key_path = path + ".key"}));
  RawClient plain = fixture.Connect();
  plain.Send(Post(QueryFixture::kDescribe));
  CHECK_THAT(plain.Answer(), !Contains("HTTP/1.1"));

  const auto context = TrustIn(path);
  RawClient client = fixture.Connect();
  const auto ssl = ConnectTls(*context, client);
  REQUIRE(ssl != nullptr);
  const std::string request = Post(QueryFixture::kDescribe);
  REQUIRE(SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())) > 0);
  char answer[4096];
  const int size = SSL_read(ssl.get(), answer, sizeof answer);
  REQUIRE(size > 0);
  CHECK_THAT(std::string(answer, size), StartsWith("HTTP/1.1 200 ") && Contains("127.0.0.1 secure "));

  SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  RawClient old = fixture.Connect();
  CHECK(ConnectTls(*context, old) == nullptr);
}

TEST_CASE("a client that sends all of a body that is too large reads why it was refused", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  RawClient client = fixture.Connect();
  REQUIRE(client.Send(TooLarge()));
  CHECK_THAT(client.Answer(), StartsWith("HTTP/1.1 413 ") && Contains("<Code>RequestEntityTooLarge</Code>"));
  CHECK(client.Closed());
}

TEST_CASE("so does one that sends it over TLS", "[query]") {
  QueryFixture fixture;
  TempDir directory;
  const std::string path = MakeCertificate(directory);
  REQUIRE_OK(fixture.TryServe({.listen = "", .tls_cert_path = path + ".pem", .tls_key_path = path + ".key"}));
  const auto context = TrustIn(path);
  RawClient client = fixture.Connect();
  const auto ssl = ConnectTls(*context, client);
  REQUIRE(ssl != nullptr);
  const std::string request = TooLarge();
  REQUIRE(SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())) == static_cast<int>(request.size()));
  std::string answer;
  char bytes[4096];
  for (int size; (size = SSL_read(ssl.get(), bytes, sizeof bytes)) > 0;) answer.append(bytes, size);
  CHECK_THAT(answer, StartsWith("HTTP/1.1 413 ") && Contains("</Response>"));
  CHECK(SSL_get_shutdown(ssl.get()) == SSL_RECEIVED_SHUTDOWN);
}

TEST_CASE("a client that never ends sending is cut after all", "[query]") {
  QueryFixture fixture;
  fixture.Serve();
  RawClient client = fixture.Connect();
  client.Send(TooLarge());
  const std::string more(1 << 20, 'a');
  bool open = true;
  for (int i = 0; i < 1024 && open; ++i) open = client.Send(more);
  CHECK_FALSE(open);
}

}  // namespace brume
