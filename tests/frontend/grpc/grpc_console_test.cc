#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "brume/host/v1/console.pb.h"
#include "tests/frontend/grpc/grpc_fixture.h"

namespace brume {
namespace {

constexpr char kPath[] = "/brume.host.v1.Console/Attach";
constexpr char kInstance[] = "i-0123456789abcdef0";

std::string Input(const std::string& id, const std::string& data) {
  host::v1::ConsoleInput input;
  if (!id.empty()) input.set_instance_id(id);
  input.set_data(data);
  return input.SerializeAsString();
}

// A server whose consoles are socket pairs; the guest's end is here.
struct ConsoleFixture : GrpcFixture {
  void ServeConsoles(int max_consoles = 16) {
    Serve({.open_console = [this](const std::string& id, const Caller& caller) { return Open(id, caller); },
           .consoles = max_consoles});
  }
  absl::StatusOr<UniqueFd> Open(const std::string& id, const Caller& caller) {
    std::lock_guard lock(mutex);
    opened_id = id;
    principal = caller.principal;
    if (!failure_to_open.ok()) return failure_to_open;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return absl::InternalError("socketpair");
    guest = UniqueFd(ends[1]);
    opened.notify_all();
    return UniqueFd(ends[0]);
  }
  void FailToOpen(const absl::Status& why) {
    std::lock_guard lock(mutex);
    failure_to_open = why;
  }
  // The guest's end is there once the server has opened the console.
  void WaitForGuest() {
    std::unique_lock lock(mutex);
    REQUIRE(opened.wait_for(lock, std::chrono::seconds(10), [this] { return static_cast<bool>(guest); }));
  }
  // What was typed, until it is `length` long.
  std::string Typed(size_t length) {
    std::string typed;
    while (typed.size() < length) {
      pollfd watched = {guest.get(), POLLIN, 0};
      REQUIRE(poll(&watched, 1, 10'000) == 1);
      char bytes[4096];
      const ssize_t got = read(guest.get(), bytes, sizeof(bytes));
      REQUIRE(got > 0);
      typed.append(bytes, got);
    }
    return typed;
  }
  void Print(const std::string& text) {
    REQUIRE(write(guest.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  bool GuestSeesHangup() {
    pollfd watched = {guest.get(), POLLIN, 0};
    char byte;
    return poll(&watched, 1, 10'000) == 1 && read(guest.get(), &byte, 1) == 0;
  }

  absl::Status failure_to_open;
  std::mutex mutex;
  std::condition_variable opened;
  std::string opened_id, principal;
  UniqueFd guest;
};

std::string Shown(GrpcStream& stream, size_t length) {
  std::string shown;
  while (shown.size() < length) {
    std::string bytes;
    REQUIRE(stream.Read(&bytes));
    host::v1::ConsoleOutput output;
    REQUIRE(output.ParseFromString(bytes));
    shown += output.data();
  }
  return shown;
}

}  // namespace

TEST_CASE("a console carries bytes both ways until the guest ends", "[grpc]") {
  ConsoleFixture fixture;
  fixture.ServeConsoles();
  GrpcStream stream(fixture.channel, kPath);
  REQUIRE(stream.Write(Input(kInstance, "first")));
  REQUIRE(stream.Write(Input("", " second")));
  fixture.WaitForGuest();
  CHECK(fixture.Typed(12) == "first second");
  CHECK(fixture.opened_id == kInstance);
  CHECK(fixture.principal == absl::StrCat("uid:", getuid()));
  fixture.Print(std::string("login: \0\xff", 9));
  CHECK(Shown(stream, 9) == std::string("login: \0\xff", 9));
  fixture.guest.reset();
  std::string end;
  CHECK_FALSE(stream.Read(&end));
  CHECK(stream.Finish().status.ok());
}

TEST_CASE("a console carries much more than any buffer holds", "[grpc]") {
  ConsoleFixture fixture;
  fixture.ServeConsoles();
  GrpcStream stream(fixture.channel, kPath);
  REQUIRE(stream.Write(Input(kInstance, "x")));
  fixture.WaitForGuest();
  CHECK(fixture.Typed(1) == "x");
  const std::string much(3'000'000, 'a');
  std::thread printer([&] {
    size_t sent = 0;
    while (sent < much.size()) {
      const ssize_t written = write(fixture.guest.get(), much.data() + sent, much.size() - sent);
      if (written <= 0) break;
      sent += written;
    }
  });
  CHECK(Shown(stream, much.size()) == much);
  printer.join();
  std::thread typist([&] {
    for (int i = 0; i < 20; ++i) stream.Write(Input("", std::string(100'000, 'b')));
  });
  CHECK(fixture.Typed(2'000'000) == std::string(2'000'000, 'b'));
  typist.join();
}

TEST_CASE("output goes on after the client has ended its input", "[grpc]") {
  ConsoleFixture fixture;
  fixture.ServeConsoles();
  GrpcStream stream(fixture.channel, kPath);
  REQUIRE(stream.Write(Input(kInstance, "x")));
  stream.WritesDone();
  fixture.WaitForGuest();
  CHECK(fixture.Typed(1) == "x");
  fixture.Print("still here");
  CHECK(Shown(stream, 10) == "still here");
}

TEST_CASE("a client that goes away lets the console go", "[grpc]") {
  ConsoleFixture fixture;
  fixture.ServeConsoles(1);
  {
    GrpcStream stream(fixture.channel, kPath);
    REQUIRE(stream.Write(Input(kInstance, "x")));
    fixture.WaitForGuest();
    CHECK(fixture.Typed(1) == "x");
    GrpcStream refused(fixture.channel, kPath);
    refused.Write(Input(kInstance, "x"));
    CHECK(refused.Finish().Info().reason() == "RequestLimitExceeded");
    stream.Cancel();
    CHECK(fixture.GuestSeesHangup());
    CHECK(stream.Finish().status.error_code() == grpc::StatusCode::CANCELLED);
  }
  CHECK(fixture.DescribeRegions().status.ok());
}

TEST_CASE("a console that is attached is refused to a second, and free when the first has gone", "[grpc]") {
  ConsoleFixture fixture;
  fixture.ServeConsoles();
  {
    GrpcStream first(fixture.channel, kPath);
    REQUIRE(first.Write(Input(kInstance, "x")));
    fixture.WaitForGuest();
    CHECK(fixture.Typed(1) == "x");
    GrpcStream second(fixture.channel, kPath);
    second.Write(Input(kInstance, "y"));
    CHECK(second.Finish().Info().reason() == "SerialConsoleSessionLimitExceeded");
    first.Cancel();
    CHECK(fixture.GuestSeesHangup());
  }
  fixture.guest.reset();
  GrpcStream third(fixture.channel, kPath);
  REQUIRE(third.Write(Input(kInstance, "z")));
  fixture.WaitForGuest();
  CHECK(fixture.Typed(1) == "z");
}

TEST_CASE("a console that cannot be had is refused with EC2's code", "[grpc]") {
  ConsoleFixture fixture;
  fixture.ServeConsoles();
  const auto refusal = [&](const std::string& first) {
    GrpcStream stream(fixture.channel, kPath);
    stream.Write(first);
    return stream.Finish().Info().reason();
  };
  CHECK(refusal(Input("", "x")) == "MissingParameter");
  CHECK(refusal(Input("i-x", "x")) == "InvalidInstanceID.Malformed");
  CHECK(refusal("\xff\xff") == "InvalidRequest");
  fixture.FailToOpen(absl::NotFoundError("off"));
  CHECK(refusal(Input(kInstance, "")) == "IncorrectInstanceState");
  fixture.FailToOpen(ec2::Error("InvalidInstanceID.NotFound", "The instance ID 'i-…' does not exist"));
  CHECK(refusal(Input(kInstance, "")) == "InvalidInstanceID.NotFound");
  fixture.FailToOpen(absl::UnimplementedError("simulated guests have no console"));
  CHECK(refusal(Input(kInstance, "")) == "UnsupportedOperation");
  fixture.FailToOpen(absl::UnknownError("broken"));
  CHECK(refusal(Input(kInstance, "")) == "InternalError");
  GrpcStream silent(fixture.channel, kPath);
  silent.WritesDone();
  CHECK(silent.Finish().Info().reason() == "MissingParameter");
}

TEST_CASE("the server ends while a console is attached", "[grpc]") {
  ConsoleFixture fixture;
  fixture.ServeConsoles();
  GrpcStream stream(fixture.channel, kPath);
  REQUIRE(stream.Write(Input(kInstance, "x")));
  fixture.WaitForGuest();
  CHECK(fixture.Typed(1) == "x");
  fixture.server.reset();
  CHECK(fixture.GuestSeesHangup());
  std::string end;
  CHECK_FALSE(stream.Read(&end));
}

}  // namespace brume
