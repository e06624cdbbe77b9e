// tcp_load receive PORT, in the one guest, and tcp_load send ADDRESS PORT SECONDS in the other: one TCP connection that
// carries as much as it can for so long. The sender prints what the receiver counted, in Mbit a second. Linked
// statically, so that it runs in any guest.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in Place(const char* address, const char* port) {
  sockaddr_in place = {};
  place.sin_family = AF_INET;
  place.sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
  if (inet_pton(AF_INET, address, &place.sin_addr) != 1) Fail(address);
  return place;
}

int Receive(const char* port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in place = Place("0.0.0.0", port);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&place), sizeof(place)) != 0 || listen(listener, 1) != 0) {
    Fail("listen");
  }
  const int connection = accept(listener, nullptr, nullptr);
  if (connection < 0) Fail("accept");
  std::string buffer(256 * 1024, 0);
  uint64_t bytes = 0;
  Clock::time_point first;
  for (ssize_t got = 0; (got = recv(connection, buffer.data(), buffer.size(), 0)) != 0;) {
    if (got < 0) Fail("recv");
    if (bytes == 0) first = Clock::now();
    bytes += static_cast<uint64_t>(got);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - first).count();
  char said[32];
  const int length = std::snprintf(said, sizeof(said), "%.1f\n", static_cast<double>(bytes) * 8 / 1e6 / seconds);
  if (send(connection, said, static_cast<size_t>(length), 0) != length) Fail("send");
  return 0;
}

int Connect(const sockaddr_in& place) {
  // The receiver may not listen yet.
  constexpr int kTries = 200;
  for (int i = 0; i < kTries; ++i) {
    const int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection, reinterpret_cast<const sockaddr*>(&place), sizeof(place)) == 0) return connection;
    close(connection);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  Fail("connect");
}

int Send(const char* address, const char* port, const char* seconds) {
  const int connection = Connect(Place(address, port));
  const std::string block(128 * 1024, 'x');
  const Clock::time_point end = Clock::now() + std::chrono::seconds(std::atoi(seconds));
  while (Clock::now() < end) {
    if (send(connection, block.data(), block.size(), 0) < 0) Fail("send");
  }
  shutdown(connection, SHUT_WR);
  char said[32];
  for (ssize_t got = 0; (got = recv(connection, said, sizeof(said), 0)) > 0;) {
    std::fwrite(said, 1, static_cast<size_t>(got), stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "receive") == 0) return Receive(argv[2]);
  if (argc == 5 && std::strcmp(argv[1], "send") == 0) return Send(argv[2], argv[3], argv[4]);
  std::fprintf(stderr, "usage: tcp_load receive PORT | tcp_load send ADDRESS PORT SECONDS\n");
  return 2;
}
