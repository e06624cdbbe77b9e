// A struct that lists its fields once, for all that goes through them by name: JSON (fields_json.h), the schema's
// messages (lib/schema/message_fields.h), merging.
//
//   struct Disk {
//     std::optional<std::string> name;
//     std::vector<std::string> aliases;
//     static constexpr auto Fields() { return std::tuple(Field{"name", &Disk::name}, Field{"aliases", &Disk::aliases});
//     }
//   };
//
// A field is an std::optional, unset when it is not given, or an std::vector, empty when it is not given; of texts,
// booleans, int32_t, double or structs that list their fields in turn.
#pragma once

#include <optional>
#include <tuple>
#include <vector>

namespace brume {

template <typename Struct, typename Value>
struct Field {
  const char* name;
  Value Struct::*member;
};
template <typename Struct, typename Value>
Field(const char*, Value Struct::*) -> Field<Struct, Value>;

template <typename T>
concept HasFields = requires {
  T::Fields();
};

// Calls visit(field) for each, in order.
template <HasFields T, typename Visit>
void ForEachField(Visit&& visit) {
  std::apply([&](const auto&... fields) { (visit(fields), ...); }, T::Fields());
}

template <typename T>
bool IsGiven(const std::optional<T>& value) {
  return value.has_value();
}
template <typename T>
bool IsGiven(const std::vector<T>& value) {
  return !value.empty();
}

}  // namespace brume
