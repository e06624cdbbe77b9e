// The words of an enum, both ways, in one table:
//
//   inline constexpr EnumNames kStateNames({std::pair{State::kOk, "OK"}, {State::kAlarm, "ALARM"}});
//   kStateNames.Of(State::kOk)      // "OK"
//   kStateNames.Find("ALARM")       // State::kAlarm; unset for what is not one of the words
//
// A table that forgets an enumerator, or gives two of them one word, does not compile.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/string_view.h"

namespace brume {
namespace internal {

// Enumerators have values in [0, kEnumValues).
inline constexpr int kEnumValues = 128;

// Compilers write a value that has no enumerator as a cast: "[with auto value = (State)5]".
template <auto value>
consteval bool IsEnumerator() {
  const std::string_view function = __PRETTY_FUNCTION__;
  constexpr std::string_view kBefore = "value = ";
  return function[function.rfind(kBefore) + kBefore.size()] != '(';
}

template <typename Enum, int... values>
consteval size_t CountEnumerators(std::integer_sequence<int, values...>) {
  return (size_t{IsEnumerator<static_cast<Enum>(values)>()} + ...);
}

}  // namespace internal

template <typename Enum, size_t size>
class EnumNames {
 public:
  using Row = std::pair<Enum, const char*>;

  consteval explicit EnumNames(const Row (&rows)[size]) {
    static_assert(size == internal::CountEnumerators<Enum>(std::make_integer_sequence<int, internal::kEnumValues>()),
                  "the table has as many rows as the enum has enumerators");
    for (size_t i = 0; i < size; ++i) {
      rows_[i] = rows[i];
      for (size_t j = 0; j < i; ++j) {
        if (rows[i].first == rows[j].first || std::string_view(rows[i].second) == rows[j].second) {
          throw "an enumerator or a word stands in the table twice";  // not a constant expression: it does not compile
        }
      }
    }
  }

  // Empty for a value that is not an enumerator.
  constexpr absl::string_view Of(Enum value) const {
    for (const auto& [each, name] : rows_) {
      if (each == value) return name;
    }
    return "";
  }

  constexpr std::optional<Enum> Find(absl::string_view name) const {
    for (const auto& [value, each] : rows_) {
      if (name == each) return value;
    }
    return std::nullopt;
  }

  // In the order of the table.
  constexpr const std::array<Row, size>& rows() const { return rows_; }

 private:
  std::array<Row, size> rows_ = {};
};

template <typename Enum, size_t size>
EnumNames(const std::pair<Enum, const char*> (&)[size]) -> EnumNames<Enum, size>;

}  // namespace brume
