#include "lib/cloudwatch/exposition.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/base/unique_fd.h"
#include "lib/frontend/prometheus/prometheus_server.h"

namespace brume {
namespace {

using frontend::MakePrometheusServer;
using frontend::PrometheusServer;

constexpr char kText[] = "brume_instances 3\n";

std::unique_ptr<PrometheusServer> Serve(frontend::PrometheusServerOptions options = {}) {
  options.listen = "127.0.0.1:0";
  auto server = MakePrometheusServer([] { return std::string(kText); }, options);
  REQUIRE(server.ok());
  return *std::move(server);
}

UniqueFd Connect(const PrometheusServer& server) {
  const std::vector<std::string> parts = absl::StrSplit(server.url(), absl::ByAnyChar(":/"));
  int port = 0;
  REQUIRE(absl::SimpleAtoi(parts[4], &port));
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const timeval patience = {.tv_sec = 20, .tv_usec = 0};
  REQUIRE(setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
  return fd;
}

// All until the connection ends.
std::string ReadAll(const UniqueFd& fd) {
  std::string all;
  char buffer[4096];
  for (ssize_t some = 0; (some = read(fd.get(), buffer, sizeof buffer)) > 0;) all.append(buffer, some);
  return all;
}

std::string Ask(const PrometheusServer& server, const std::string& request) {
  const UniqueFd fd = Connect(server);
  REQUIRE(send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
  return ReadAll(fd);
}

cloudwatch::GuestSnapshot Guest() {
  cloudwatch::GuestSnapshot guest;
  guest.id = *InstanceId::Parse("i-0123456789abcdef0");
  guest.instance_type = "b1.tiny";
  guest.group = "we\"b\\";
  guest.vcpus = 2;
  guest.counters.cpu_time = absl::Milliseconds(1500);
  guest.counters.network = cloudwatch::NetworkCounters{.bytes_in = 1000, .bytes_out = 2000, .packets_in = 3};
  guest.values[static_cast<size_t>(cloudwatch::GuestMetric::kCpuUtilization)] = 12.5;
  return guest;
}

}  // namespace

TEST_CASE("what is measured is told to Prometheus with its labels, and what is not known is left out", "[prometheus]") {
  const std::string text = cloudwatch::ExpositionText({Guest()},
                                                      {{.action = "ec2:RunInstances",
                                                        .calls = 7,
                                                        .errors = 2,
                                                        .p50 = absl::Milliseconds(3),
                                                        .p90 = absl::Milliseconds(4),
                                                        .p99 = absl::Milliseconds(5),
                                                        .max = absl::Seconds(1)}},
                                                      4, {.cpu_seconds = 1.25, .resident_bytes = 1000});
  const std::string labels =
      R"({instance_id="i-0123456789abcdef0",instance_type="b1.tiny",auto_scaling_group="we\"b\\"} )";
  for (const std::string& line : {
           std::string("brume_instances 1\n"),
           "brume_instance_cpu_seconds_total" + labels + "1.5\n",
           "brume_instance_cpu_utilization_percent" + labels + "12.5\n",
           "brume_instance_network_receive_bytes_total" + labels + "1000\n",
           "brume_instance_network_transmit_bytes_total" + labels + "2000\n",
           std::string("# TYPE brume_instance_network_receive_bytes_total counter\n"),
           std::string("brume_api_calls_total{action=\"ec2:RunInstances\"} 7\n"),
           std::string("brume_api_errors_total{action=\"ec2:RunInstances\"} 2\n"),
           std::string("brume_metric_values_dropped_total 4\n"),
           std::string("process_cpu_seconds_total 1.25\n"),
       }) {
    INFO(line);
    CHECK(absl::StrContains(text, line));
  }
  CHECK_FALSE(absl::StrContains(text, "brume_instance_memory_bytes{"));
  CHECK_FALSE(absl::StrContains(text, "brume_instance_disk_reads_total{"));
  CHECK(cloudwatch::ReadProcessUse().resident_bytes > 1e6);
}

TEST_CASE("GET and HEAD of /metrics are answered, and nothing else is", "[prometheus]") {
  const auto server = Serve();
  const std::string got = Ask(*server, "GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(absl::StartsWith(got, "HTTP/1.1 200 OK\r\n"));
  CHECK(absl::StrContains(got, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  CHECK(absl::EndsWith(got, std::string("\r\n\r\n") + kText));
  const std::string head = Ask(*server, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(absl::StartsWith(head, "HTTP/1.1 200 OK\r\n"));
  CHECK(absl::EndsWith(head, "\r\n\r\n"));
  CHECK(absl::StartsWith(Ask(*server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 404"));
  CHECK(absl::StartsWith(Ask(*server, "POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 405"));
  CHECK(absl::StartsWith(Ask(*server, "nonsense\r\n\r\n"), "HTTP/1.1 400"));
  CHECK(absl::StartsWith(Ask(*server, "GET /metrics HTTP/1.1\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n"),
                         "HTTP/1.1 431"));
}

TEST_CASE("clients that say nothing are cut in time, and no more are held than may be", "[prometheus]") {
  const auto server = Serve({.listen = "", .connections = 2, .timeout = absl::Milliseconds(300)});
  const UniqueFd first = Connect(*server), second = Connect(*server);
  REQUIRE(send(second.get(), "GET /met", 8, MSG_NOSIGNAL) == 8);
  CHECK(ReadAll(Connect(*server)).empty());
  CHECK(ReadAll(first).empty());
  CHECK(ReadAll(second).empty());
  CHECK(absl::StrContains(Ask(*server, "GET /metrics HTTP/1.0\r\n\r\n"), kText));
}

TEST_CASE("an address that is none, taken, or open to others is refused in words", "[prometheus]") {
  const auto refusal = [](const std::string& listen) {
    const auto server = MakePrometheusServer([] { return std::string(); }, {.listen = listen});
    REQUIRE_FALSE(server.ok());
    CHECK(absl::IsFailedPrecondition(server.status()));
    return std::string(server.status().message());
  };
  CHECK(absl::StrContains(refusal("here"), "no ADDRESS:PORT"));
  CHECK(absl::StrContains(refusal("127.0.0.1:70000"), "no ADDRESS:PORT"));
  CHECK(absl::StrContains(refusal("0.0.0.0:0"), "prometheus_allow_remote"));
  const auto server = Serve();
  const std::vector<std::string> parts = absl::StrSplit(server->url(), absl::ByAnyChar(":/"));
  CHECK(absl::StrContains(refusal(absl::StrCat("127.0.0.1:", parts[4])), "cannot serve /metrics"));
  CHECK(MakePrometheusServer([] { return std::string(); }, {.listen = "0.0.0.0:0", .allow_remote = true}).ok());
}

}  // namespace brume
