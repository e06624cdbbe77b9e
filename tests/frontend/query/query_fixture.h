// A Query API server on loopback, over a dispatcher with a few handlers, and a client that sends what a test wants.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/region.pb.h"
#include "lib/base/unique_fd.h"
#include "lib/frontend/query/query_server.h"
#include "lib/gateway/actions.h"
#include "lib/resource/ec2_error.h"
#include "tests/support/gate.h"
#include "tests/support/temp_dir.h"

namespace brume {

// One TCP connection. Waits end after ten seconds with what came until then.
class RawClient {
 public:
  explicit RawClient(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    REQUIRE(setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    REQUIRE(setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0);
    REQUIRE(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }

  // False when the peer has closed already.
  bool Send(const std::string& text) {
    return send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  void EndSending() { shutdown(fd_.get(), SHUT_WR); }

  // The next answer, head and body; what came of it when the connection ends before.
  std::string Answer() {
    size_t end = std::string::npos;
    while ((end = rest_.find("\r\n\r\n")) == std::string::npos) {
      if (!Read()) return std::exchange(rest_, "");
    }
    size_t length = 0;
    for (absl::string_view line : absl::StrSplit(absl::string_view(rest_).substr(0, end), "\r\n")) {
      if (absl::ConsumePrefix(&line, "Content-Length: ")) REQUIRE(absl::SimpleAtoi(line, &length));
    }
    const size_t size = end + 4 + length;
    while (rest_.size() < size && Read()) {
    }
    std::string answer = rest_.substr(0, size);
    rest_.erase(0, answer.size());
    return answer;
  }
  // Whether the server closes the connection without another byte.
  bool Closed() {
    char byte;
    const ssize_t got = recv(fd_.get(), &byte, 1, 0);
    return rest_.empty() && (got == 0 || (got < 0 && errno == ECONNRESET));
  }
  // Whether bytes or the end come within so many milliseconds.
  bool HasNewsWithin(int milliseconds) {
    pollfd wait{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return poll(&wait, 1, milliseconds) == 1;
  }
  int fd() const { return fd_.get(); }

 private:
  bool Read() {
    char buffer[4096];
    const ssize_t got = recv(fd_.get(), buffer, sizeof buffer, 0);
    if (got > 0) rest_.append(buffer, got);
    return got > 0;
  }

  UniqueFd fd_;
  std::string rest_;
};

// A request signed, as Signed() below has it, for a service.
inline std::string Post(const std::string& form, const std::string& headers = "Authorization: ada ec2 us-east-1\r\n") {
  return absl::StrCat("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                      headers, "Content-Length: ", form.size(), "\r\n\r\n", form);
}

struct QueryFixture {
  static constexpr char kDescribe[] = "Action=DescribeRegions&Version=2016-11-15";
  static constexpr char kReboot[] = "Action=RebootInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0";

  QueryFixture() : dispatcher({.record = [this](const gateway::CallRecord& record) { Record(record); }}) {
    // Answers with who called, and from where.
    gateway::Actions(dispatcher)
        .Add([](const ec2::v1::DescribeRegionsRequest&,
                const Caller& caller) -> absl::StatusOr<ec2::v1::DescribeRegionsResponse> {
          ec2::v1::DescribeRegionsResponse response;
          response.add_regions()->set_region_name(caller.principal);
          response.mutable_regions(0)->set_endpoint(
              absl::StrCat(caller.source, caller.secure ? " secure " : " plain ", caller.user_agent));
          return response;
        });
    // Waits at the gate.
    gateway::Actions(dispatcher)
        .Add([this](const ec2::v1::RebootInstancesRequest&,
                    const Caller&) -> absl::StatusOr<ec2::v1::RebootInstancesResponse> {
          gate.Pass();
          return ec2::v1::RebootInstancesResponse();
        });
  }
  // A call that still waits would keep the server from ending.
  ~QueryFixture() { gate.Open(); }

  // Takes "NAME SERVICE REGION" for a signature.
  static absl::StatusOr<Authenticated> Signed(const SignedRequest& request) {
    for (const auto& [name, value] : request.headers) {
      if (name != "authorization") continue;
      const std::vector<std::string> words = absl::StrSplit(value, ' ');
      if (words.size() != 3) return ec2::Error("IncompleteSignature", "not three words");
      return Authenticated{
          .caller = {.principal = words[0], .administrator = true}, .service = words[1], .region = words[2]};
    }
    return ec2::Error("MissingAuthenticationToken", "Request is missing Authentication Token");
  }

  absl::Status TryServe(frontend::QueryServerOptions options) {
    if (options.listen.empty()) options.listen = "127.0.0.1:0";
    auto made = frontend::MakeQueryServer(dispatcher, Signed, std::move(options));
    if (made.ok()) server = *std::move(made);
    return made.status();
  }
  void Serve(frontend::QueryLimits limits = {}) { REQUIRE_OK(TryServe({.listen = "", .limits = limits})); }
  RawClient Connect() { return RawClient(server->port()); }
  // The answer to one request on a connection of its own.
  std::string Ask(const std::string& request) {
    RawClient client = Connect();
    client.Send(request);
    return client.Answer();
  }

  void Record(const gateway::CallRecord& record) {
    std::lock_guard lock(mutex);
    records.push_back(absl::StrCat(record.method.name(), " ", record.caller.principal, " ",
                                   record.outcome.ok() ? "OK" : ec2::ErrorCode(record.outcome)));
  }
  std::vector<std::string> Records() {
    std::lock_guard lock(mutex);
    return records;
  }

  std::mutex mutex;
  std::vector<std::string> records;
  Gate gate;
  gateway::Dispatcher dispatcher;
  std::unique_ptr<frontend::QueryServer> server;
};

}  // namespace brume
