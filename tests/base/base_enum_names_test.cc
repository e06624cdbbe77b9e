#include <catch2/catch.hpp>
#include <utility>

#include "lib/base/enum_names.h"

namespace brume {
namespace {

enum class Fruit { kApple = 0, kPear = 5, kPlum = 127 };
constexpr EnumNames kFruits({std::pair{Fruit::kPear, "pear"}, {Fruit::kApple, "apple"}, {Fruit::kPlum, ""}});

// Whether a table of so many rows compiles for the enum.
template <typename Enum>
constexpr size_t kEnumerators =
    internal::CountEnumerators<Enum>(std::make_integer_sequence<int, internal::kEnumValues>());

}  // namespace

TEST_CASE("an enumerator is found by its word, and its word by it", "[base]") {
  CHECK(kFruits.Of(Fruit::kApple) == "apple");
  CHECK(kFruits.Of(Fruit::kPear) == "pear");
  CHECK(kFruits.Find("pear") == Fruit::kPear);
  CHECK(kFruits.Find("") == Fruit::kPlum);
  STATIC_REQUIRE(kFruits.Of(Fruit::kPear) == "pear");
}

TEST_CASE("a word that is not in the table is none, and neither is a value without an enumerator", "[base]") {
  CHECK(kFruits.Find("Pear") == std::nullopt);
  CHECK(kFruits.Find("pear ") == std::nullopt);
  CHECK(kFruits.Of(static_cast<Fruit>(1)).empty());
}

TEST_CASE("a table is held to the number of its enum's enumerators", "[base]") {
  enum class None {};
  STATIC_REQUIRE(kEnumerators<Fruit> == 3);
  STATIC_REQUIRE(kEnumerators<None> == 0);
  STATIC_REQUIRE(kFruits.rows().size() == kEnumerators<Fruit>);
}

}  // namespace brume
