// The module's listeners, by sockets on the loopback.
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "lib/imds/module.h"
#include "tests/imds/metadata_host.h"
#include "tests/support/temp_dir.h"

namespace brume::imds {

TEST_CASE("a metadata listener that somebody closed is noticed and another one made", "[metadata]") {
  TempDir directory;
  const auto database = store::Database::Open(directory.path() + "/brume.db").value();
  const Settings settings;
  const InstanceTypeTable types;
  const RealClock clock;
  const VpcId vpc = VpcId::FromTrusted("vpc-0123456789abcdef0");
  UniqueFd last;
  ImdsModule module({.database = *database,
                     .settings = settings,
                     .types = types,
                     .clock = clock,
                     .listen = [&](const VpcId&, Ipv4, uint16_t) -> absl::StatusOr<UniqueFd> {
                       UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
                       REQUIRE(listen(listener.get(), 16) == 0);
                       last.reset(dup(listener.get()));
                       return listener;
                     },
                     .session_of = nullptr});
  REQUIRE(module.Start().ok());
  CHECK(module.StillServes(vpc));  // nothing was made yet
  for (int time = 0; time < 2; ++time) {
    REQUIRE(module.Serve(vpc).ok());
    const int first = last.get();
    REQUIRE(module.Serve(vpc).ok());
    CHECK(last.get() == first);
    CHECK(module.StillServes(vpc));
    sockaddr_in address = {};
    socklen_t size = sizeof address;
    REQUIRE(getsockname(last.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    CHECK(Fetch("127.0.0.1", ntohs(address.sin_port), "GET", "/").status == 404);
    REQUIRE(shutdown(last.get(), SHUT_RDWR) == 0);
    CHECK_FALSE(module.StillServes(vpc));
  }
  module.Stop();
}

}  // namespace brume::imds
