// query_bench PORT CREDENTIALS SERVICE CONNECTIONS COUNT PARAMETERS: COUNT signed POSTs of the Query API, PARAMETERS
// each ("Action=DescribeRegions&…", "{n}" stands for the call's number), over so many connections at once to
// 127.0.0.1:PORT. Prints one line: calls, failed ones, calls a second, and the client's p50 and p99 in microseconds.
// A client in Python would be measured more than the daemon.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "lib/base/unique_fd.h"
#include "lib/iam/sigv4.h"

namespace {

using Clock = std::chrono::steady_clock;
namespace sigv4 = brume::iam::sigv4;

[[noreturn]] void Fail(const std::string& why) {
  fprintf(stderr, "query_bench: %s\n", why.c_str());
  exit(1);
}

struct Target {
  int port = 0;
  std::string service, key_id, secret;
};

// The first profile of an AWS credentials file.
void ReadCredentials(const std::string& path, Target& target) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line) && (target.key_id.empty() || target.secret.empty());) {
    const std::vector<std::string> sides = absl::StrSplit(line, absl::MaxSplits(" = ", 1));
    if (sides.size() != 2) continue;
    if (sides[0] == "aws_access_key_id") target.key_id = sides[1];
    if (sides[0] == "aws_secret_access_key") target.secret = sides[1];
  }
  if (target.key_id.empty() || target.secret.empty()) Fail("no key in " + path);
}

std::string SignedPost(const Target& target, const std::string& body) {
  const absl::Time now = absl::Now();
  const std::string time = absl::FormatTime("%Y%m%dT%H%M%SZ", now, absl::UTCTimeZone());
  const std::string host = absl::StrCat("127.0.0.1:", target.port);
  const brume::SignedRequest request{
      .method = "POST",
      .target = "/",
      .headers = {{"content-type", "application/x-www-form-urlencoded"}, {"host", host}, {"x-amz-date", time}},
      .body = body};
  const sigv4::Signature signature{.scope = {.access_key_id = target.key_id,
                                             .date = time.substr(0, 8),
                                             .region = "us-east-1",
                                             .service = target.service},
                                   .signed_headers = {"content-type", "host", "x-amz-date"},
                                   .hex = "",
                                   .session_token = "",
                                   .time = now,
                                   .valid_for = absl::ZeroDuration()};
  const auto canonical = sigv4::CanonicalRequest(request, signature);
  if (!canonical.ok()) Fail(std::string(canonical.status().message()));
  const std::string hex =
      sigv4::Sign(sigv4::SigningKey(target.secret, signature.scope), sigv4::StringToSign(signature, *canonical));
  return absl::StrCat("POST / HTTP/1.1\r\nHost: ", host, "\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                      "X-Amz-Date: ", time, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=", target.key_id, "/",
                      signature.scope.date, "/us-east-1/", target.service,
                      "/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=", hex,
                      "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

class Connection {
 public:
  explicit Connection(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) Fail("cannot connect");
  }

  // The answer's head and body.
  std::string Exchange(const std::string& request) {
    if (send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
      Fail("cannot send");
    }
    std::string answer;
    size_t whole = std::string::npos;
    char buffer[65536];
    while (answer.size() < whole) {
      const ssize_t got = recv(fd_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) Fail("the connection ended");
      answer.append(buffer, got);
      const size_t head = answer.find("\r\n\r\n");
      if (whole != std::string::npos || head == std::string::npos) continue;
      const size_t length = answer.find("Content-Length: ");
      if (length == std::string::npos) Fail("no Content-Length");
      whole = head + 4 + strtoul(answer.c_str() + length + 16, nullptr, 10);
    }
    return answer;
  }

 private:
  const brume::UniqueFd fd_;
};

}  // namespace

int main(int argc, char** argv) {
  Target target;
  int connections = 0, count = 0;
  if (argc != 7 || !absl::SimpleAtoi(argv[1], &target.port) || !absl::SimpleAtoi(argv[4], &connections) ||
      !absl::SimpleAtoi(argv[5], &count)) {
    fprintf(stderr, "usage: query_bench PORT CREDENTIALS SERVICE CONNECTIONS COUNT PARAMETERS\n");
    return 2;
  }
  ReadCredentials(argv[2], target);
  target.service = argv[3];
  const std::string parameters = argv[6];
  std::atomic<int> next = 0, failed = 0;
  std::vector<std::vector<long>> took(connections);
  const Clock::time_point start = Clock::now();
  std::vector<std::thread> threads;
  for (int t = 0; t < connections; ++t) {
    threads.emplace_back([&, t] {
      Connection connection(target.port);
      for (int n = next++; n < count; n = next++) {
        const std::string request = SignedPost(target, absl::StrReplaceAll(parameters, {{"{n}", std::to_string(n)}}));
        const Clock::time_point begin = Clock::now();
        const std::string answer = connection.Exchange(request);
        took[t].push_back(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
        if (absl::StartsWith(answer, "HTTP/1.1 200")) continue;
        if (failed++ == 0) fprintf(stderr, "query_bench: %s\n", answer.c_str());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<long> all;
  for (const auto& part : took) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  printf("%zu %d %.1f %ld %ld\n", all.size(), failed.load(), static_cast<double>(all.size()) / seconds,
         all[all.size() / 2], all[all.size() * 99 / 100]);
  return failed == 0 ? 0 : 1;
}
