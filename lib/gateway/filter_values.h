// Short ways to say where a filter's values are in a rendered message.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "lib/gateway/filters.h"

namespace brume::gateway {

// One value: what `get` returns of the resource, a text, a bool or a number.
template <typename T, typename Get>
typename FilterTable<T>::Values One(Get get) {
  return [get](const T& resource, const ValueSink& sink) {
    using Value = std::decay_t<decltype(get(resource))>;
    if constexpr (std::is_same_v<Value, bool>) {
      sink(FilterText(get(resource)));
    } else if constexpr (std::is_arithmetic_v<Value>) {
      sink(absl::StrCat(get(resource)));
    } else {
      sink(get(resource));
    }
  };
}

// One value a member of the list that `list` returns.
template <typename T, typename List, typename Get>
typename FilterTable<T>::Values Each(List list, Get get) {
  return [list, get](const T& resource, const ValueSink& sink) {
    for (const auto& item : list(resource)) {
      using Value = std::decay_t<decltype(get(item))>;
      if constexpr (std::is_same_v<Value, bool>) {
        sink(FilterText(get(item)));
      } else if constexpr (std::is_arithmetic_v<Value>) {
        sink(absl::StrCat(get(item)));
      } else {
        sink(get(item));
      }
    }
  };
}

// A filter EC2 knows and nothing here has a value for.
template <typename T>
typename FilterTable<T>::Values Nothing() {
  return [](const T&, const ValueSink&) {};
}

// The filters of a kind of resource of which there is none.
template <typename T>
std::map<std::string, typename FilterTable<T>::Values, std::less<>> ValuesOfNone(
    std::initializer_list<const char*> names) {
  std::map<std::string, typename FilterTable<T>::Values, std::less<>> table;
  for (const char* name : names) table[name] = Nothing<T>();
  return table;
}

}  // namespace brume::gateway
