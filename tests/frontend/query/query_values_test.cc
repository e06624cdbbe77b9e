#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "lib/frontend/query/request_values.h"

namespace brume::frontend {

TEST_CASE("a boolean is true or false in letters of any case", "[query]") {
  CHECK(ParseBoolean("true") == true);
  CHECK(ParseBoolean("False") == false);
  CHECK(ParseBoolean("TRUE") == true);
  for (const char* bad : {"", "1", "0", "yes", "true ", "tru"}) CHECK_FALSE(ParseBoolean(bad).has_value());
}

TEST_CASE("an integer has its exact range and nothing around it", "[query]") {
  CHECK(ParseInteger("2147483647") == std::numeric_limits<int32_t>::max());
  CHECK(ParseInteger("-2147483648") == std::numeric_limits<int32_t>::min());
  CHECK(ParseInteger("007") == 7);
  CHECK(ParseLong("9223372036854775807") == std::numeric_limits<int64_t>::max());
  CHECK(ParseLong("-9223372036854775808") == std::numeric_limits<int64_t>::min());
  for (const char* bad : {"2147483648", "-2147483649", "", "-", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "--1", "1-"}) {
    INFO(bad);
    CHECK_FALSE(ParseInteger(bad).has_value());
  }
  CHECK_FALSE(ParseLong("9223372036854775808").has_value());
}

TEST_CASE("a number with a fraction is finite", "[query]") {
  CHECK(ParseDouble("1.5") == 1.5);
  CHECK(ParseDouble("-2E3") == -2000);
  for (const char* bad : {"", "inf", "nan", "1e999", "0x1p3", " 1", "1,5"}) {
    INFO(bad);
    CHECK_FALSE(ParseDouble(bad).has_value());
  }
}

TEST_CASE("times of every SDK become RFC 3339 in UTC with milliseconds", "[query]") {
  CHECK(ParseTimestamp("2026-01-31T12:30:00Z") == "2026-01-31T12:30:00.000Z");
  CHECK(ParseTimestamp("2026-01-31T12:30:00.5Z") == "2026-01-31T12:30:00.500Z");
  CHECK(ParseTimestamp("2026-01-31T12:30:00.123999Z") == "2026-01-31T12:30:00.123Z");
  CHECK(ParseTimestamp("2026-01-31T12:30:00+02:00") == "2026-01-31T10:30:00.000Z");
  CHECK(ParseTimestamp("2026-01-31T12:30:00") == "2026-01-31T12:30:00.000Z");
  CHECK(ParseTimestamp("2026-01-31") == "2026-01-31T00:00:00.000Z");
  for (const char* bad : {"", "now", "infinite-future", "2026-02-30T00:00:00Z", "2026-01-31T25:00:00Z",
                          "2026-01-31 12:30:00Z", " 2026-01-31T12:30:00Z", "1769862600", "99999-01-01T00:00:00Z",
                          "2026-01-31T12:30:00Zx", "9999-12-31T23:59:59-23:00", "2026-01-31T"}) {
    INFO(bad);
    CHECK_FALSE(ParseTimestamp(bad).has_value());
  }
}

TEST_CASE("base64 has its alphabet and padding, and may have line breaks", "[query]") {
  CHECK(ParseBase64("aGVsbG8=") == "hello");
  CHECK(ParseBase64("aGVs\r\nbG8=\n") == "hello");
  CHECK(ParseBase64("").value().empty());
  CHECK(ParseBase64("/+8=") == "\xff\xef");
  for (const char* bad : {"aGVsbG8", "aGVsbG8.", "aGVs bG8=", "a===", "====", "_-8=", "aGVsb=8=", "=aaa"}) {
    INFO(bad);
    CHECK_FALSE(ParseBase64(bad).has_value());
  }
}

}  // namespace brume::frontend
