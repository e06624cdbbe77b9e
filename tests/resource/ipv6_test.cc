#include "lib/resource/ipv6.h"

#include <catch2/catch.hpp>

#include "lib/resource/ec2_error.h"

namespace brume {

TEST_CASE("an IPv6 range has one form, however it is written", "[domain]") {
  const std::pair<const char*, const char*> kForms[] = {
      {"::/0", "::/0"},
      {"0:0:0:0:0:0:0:0/0", "::/0"},
      {"2001:db8::/32", "2001:db8::/32"},
      {"2001:DB8:0:0::/32", "2001:db8::/32"},
      {"2001:0db8::0001/128", "2001:db8::1/128"},
      {"2001:db8::1/64", "2001:db8::/64"},
      {"2001:db8:ffff:ffff::/33", "2001:db8:8000::/33"},
      {"fe80::1/127", "fe80::/127"},
      {"1:0:0:2:0:0:0:3/128", "1:0:0:2::3/128"},
      {"1:0:2:0:3:0:4:5/128", "1:0:2:0:3:0:4:5/128"},
      {"1:2:3:4:5:6:7:0/128", "1:2:3:4:5:6:7:0/128"},
      {"1:2:3:4:5:6:0:0/128", "1:2:3:4:5:6::/128"},
      {"::1/128", "::1/128"},
      {"::1:2/128", "::1:2/128"},
      {"::ffff:192.0.2.1/128", "::ffff:192.0.2.1/128"},
      {"::FFFF:c000:201/120", "::ffff:192.0.2.0/120"},
      {"::ffff:192.0.2.1/90", "::ffc0:0:0/90"},
  };
  for (const auto& [text, form] : kForms) {
    INFO(text);
    const auto parsed = CidrIpv6::Parse(text);
    REQUIRE(parsed.ok());
    CHECK(parsed->text() == form);
    CHECK(CidrIpv6::Parse(parsed->text()).value() == *parsed);
  }
}

TEST_CASE("a MAC is told from the link-local address that it makes, and from no other address", "[domain]") {
  for (const char* mac : {"02:b0:0a:00:01:04", "06:12:34:56:78:9a", "ff:ff:ff:ff:ff:ff"}) {
    INFO(mac);
    CHECK(MacOfLinkLocal(LinkLocalFor(mac)) == mac);
  }
  for (const char* address : {"fe80::1", "fd00::b0:aff:fe00:104", "fe80:1::b0:aff:fe00:104", "::"}) {
    INFO(address);
    CHECK_FALSE(MacOfLinkLocal(Ipv6::Parse(address).value()).has_value());
  }
  const Ipv6 address = Ipv6::Parse("fd00::4").value();
  CHECK(MacAddressFor(address) == MacAddressFor(address));
  CHECK(MacAddressFor(address) != MacAddressFor(address, 1));
  CHECK(MacAddressFor(address) != MacAddressFor(Ipv6::Parse("fd00::5").value()));
}

TEST_CASE("what is no IPv6 range is refused", "[domain]") {
  for (const char* bad : {"",
                          "/",
                          "::",
                          "::/",
                          "::/129",
                          "::/-1",
                          "::/+1",
                          "::/00",
                          "::/1 ",
                          " ::/0",
                          ":::/0",
                          "1::2::3/64",
                          "fe80::1%eth0/64",
                          "0.0.0.0/0",
                          "192.0.2.0/24",
                          "2001:db8::/032",
                          "g::/8",
                          "1:2:3:4:5:6:7/64",
                          "1:2:3:4:5:6:7:8:9/64",
                          "12345::/16",
                          "::/0/0"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(CidrIpv6::Parse(bad).status()) == "InvalidParameterValue");
  }
  CHECK_FALSE(CidrIpv6::Parse(absl::string_view("::\0/0", 5)).ok());
}

}  // namespace brume
