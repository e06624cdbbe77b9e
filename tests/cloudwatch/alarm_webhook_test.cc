// One POST to a server of the test's own, on loopback: what is sent, and what does not hold it up or lead it astray.
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "lib/base/subprocess.h"
#include "lib/base/unique_fd.h"
#include "lib/cloudwatch/webhook_service.h"
#include "tests/support/temp_dir.h"

namespace brume::cloudwatch {
namespace {

// Serves one connection after another, each by `serve`, which gets what there is to read until the body's end.
class Server {
 public:
  using Serve = std::function<void(int fd)>;

  explicit Server(Serve serve) : serve_(std::move(serve)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener_.get(), 8) == 0);
    socklen_t size = sizeof address;
    REQUIRE(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~Server() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  // The request as far as its body ends, or its sender.
  static std::string ReadRequest(int fd) {
    std::string text;
    char buffer[4096];
    for (;;) {
      const size_t head = text.find("\r\n\r\n");
      if (head != std::string::npos) {
        const size_t at = text.find("Content-Length: ");
        int length = 0;
        if (at == std::string::npos ||
            !absl::SimpleAtoi(text.substr(at + 16, text.find("\r\n", at) - at - 16), &length) ||
            text.size() >= head + 4 + static_cast<size_t>(length)) {
          return text;
        }
      }
      const ssize_t got = read(fd, buffer, sizeof buffer);
      if (got <= 0) return text;
      text.append(buffer, static_cast<size_t>(got));
    }
  }
  static bool Write(int fd, const std::string& text) {
    return send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

  int served() {
    std::lock_guard lock(mutex_);
    return served_;
  }
  std::string url(const std::string& scheme = "http") const {
    return absl::StrCat(scheme, "://127.0.0.1:", port, "/in?k=v");
  }

  int port = 0;

 private:
  void Run() {
    for (;;) {
      const UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (fd.get() < 0) return;
      {
        std::lock_guard lock(mutex_);
        ++served_;
      }
      serve_(fd.get());
    }
  }

  const Serve serve_;
  const UniqueFd listener_;
  std::mutex mutex_;
  int served_ = 0;
  std::thread thread_;
};

absl::Status Post(const std::string& url, absl::Duration timeout = absl::Seconds(20)) {
  return PostWebhook(Value(alarm::ParseUrl(url)), "id-1", R"({"MessageId":"id-1"})", {.timeout = timeout});
}

Server::Serve Answering(const std::string& answer) {
  return [answer](int fd) {
    Server::ReadRequest(fd);
    Server::Write(fd, answer);
  };
}

// Until the other end is gone.
void Outwait(int fd) {
  char byte;
  while (read(fd, &byte, 1) > 0) {
  }
}

}  // namespace

TEST_CASE("a webhook is one POST of the message, as SNS makes it", "[alarms]") {
  std::string request;
  {
    Server server([&](int fd) {
      request = Server::ReadRequest(fd);
      Server::Write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    REQUIRE_OK(Post(server.url()));
    CHECK(absl::StrContains(request, absl::StrCat("Host: 127.0.0.1:", server.port, "\r\n")));
  }
  CHECK(absl::StartsWith(request, "POST /in?k=v HTTP/1.1\r\n"));
  CHECK(absl::StrContains(request, "x-amz-sns-message-type: Notification\r\n"));
  CHECK(absl::StrContains(request, "x-amz-sns-message-id: id-1\r\n"));
  CHECK(absl::EndsWith(request, "\r\n\r\n{\"MessageId\":\"id-1\"}"));
}

TEST_CASE("only an answer of success is one, and only some others are worth another try", "[alarms]") {
  const std::pair<const char*, absl::StatusCode> rows[] = {{"200 OK", absl::StatusCode::kOk},
                                                           {"204 No Content", absl::StatusCode::kOk},
                                                           {"400 Bad Request", absl::StatusCode::kInvalidArgument},
                                                           {"404 Not Found", absl::StatusCode::kInvalidArgument},
                                                           {"408 Request Timeout", absl::StatusCode::kUnavailable},
                                                           {"429 Too Many Requests", absl::StatusCode::kUnavailable},
                                                           {"500 Oops", absl::StatusCode::kUnavailable},
                                                           {"503 Busy", absl::StatusCode::kUnavailable}};
  for (const auto& [line, code] : rows) {
    INFO(line);
    Server server(Answering(absl::StrCat("HTTP/1.1 ", line, "\r\nContent-Length: 0\r\n\r\n")));
    CHECK(Post(server.url()).code() == code);
  }
}

TEST_CASE("a webhook does not go where it is redirected", "[alarms]") {
  Server elsewhere(Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  for (const char* line : {"301 Moved", "302 Found", "307 Temporary", "308 Permanent"}) {
    Server server(Answering(absl::StrCat("HTTP/1.1 ", line, "\r\nLocation: ", elsewhere.url(), "\r\n\r\n")));
    CHECK(absl::IsInvalidArgument(Post(server.url())));
  }
  CHECK(elsewhere.served() == 0);
}

TEST_CASE("a server that does not answer is left at the deadline", "[alarms]") {
  Server silent(Outwait);
  const auto begun = std::chrono::steady_clock::now();
  const absl::Status status = Post(silent.url(), absl::Milliseconds(200));
  CHECK(absl::IsUnavailable(status));
  CHECK(absl::StrContains(status.message(), "too long"));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(15));
}

TEST_CASE("a server that answers byte by byte does not move the deadline", "[alarms]") {
  Server slow([](int fd) {
    Server::ReadRequest(fd);
    Server::Write(fd, "HTTP/1.1 200 OK\r\n");
    // A byte each 10 ms until the other end is gone.
    pollfd other{.fd = fd, .events = POLLIN, .revents = 0};
    while (poll(&other, 1, 10) == 0 && Server::Write(fd, "x")) {
    }
  });
  CHECK(absl::IsUnavailable(Post(slow.url(), absl::Milliseconds(300))));
}

TEST_CASE("of an answer without end no more than its head is read, and of that not much", "[alarms]") {
  Server body([](int fd) {
    Server::ReadRequest(fd);
    Server::Write(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    while (Server::Write(fd, std::string(65536, 'x'))) {
    }
  });
  REQUIRE_OK(Post(body.url()));
  Server head([](int fd) {
    Server::ReadRequest(fd);
    Server::Write(fd, "HTTP/1.1 200 OK\r\n");
    while (Server::Write(fd, absl::StrCat("X-More: ", std::string(1000, 'x'), "\r\n"))) {
    }
  });
  CHECK(absl::IsUnavailable(Post(head.url())));
}

TEST_CASE("a server that refuses, hangs up or speaks no HTTP is another try's matter", "[alarms]") {
  std::string gone;
  {
    Server server([](int) {});
    CHECK(absl::IsUnavailable(Post(server.url())));
    gone = server.url();
  }
  CHECK(absl::IsUnavailable(Post(gone)));
  Server other(Answering("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
  CHECK(absl::IsUnavailable(Post(other.url())));
}

TEST_CASE("over TLS a server needs a certificate for its host that is trusted", "[alarms]") {
  const TempDir directory;
  const std::string path = directory / "server";
  for (const std::string name : {"IP:127.0.0.1", "DNS:elsewhere.example.org"}) {
    REQUIRE_OK(RunChecked({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                           "-days", "1", "-subj", "/CN=test", "-addext", "subjectAltName=" + name, "-keyout",
                           path + ".key", "-out", path + ".pem"})
                   .status());
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    REQUIRE(SSL_CTX_use_certificate_file(context.get(), (path + ".pem").c_str(), SSL_FILETYPE_PEM) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context.get(), (path + ".key").c_str(), SSL_FILETYPE_PEM) == 1);
    std::string request;
    Server server([&](int fd) {
      const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
      SSL_set_fd(ssl.get(), fd);
      if (SSL_accept(ssl.get()) != 1) return;
      char buffer[4096];
      const int got = SSL_read(ssl.get(), buffer, sizeof buffer);
      if (got > 0) request.assign(buffer, static_cast<size_t>(got));
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
      SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    });
    INFO(name);
    CHECK(absl::IsUnavailable(Post(server.url("https"))));
    CHECK(request.empty());
    // OpenSSL takes the system's authorities from here when it is set.
    REQUIRE(setenv("SSL_CERT_FILE", (path + ".pem").c_str(), 1) == 0);
    const absl::Status status = Post(server.url("https"));
    REQUIRE(unsetenv("SSL_CERT_FILE") == 0);
    CHECK(status.ok() == (name == "IP:127.0.0.1"));
    CHECK(absl::StartsWith(request, "POST /in?k=v") == status.ok());
  }
}

}  // namespace brume::cloudwatch
