// A directory that ends with its test, and unwrapping of results with their errors shown.
#pragma once

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/statusor.h"

// The status is part of the failure's message.
#define REQUIRE_OK(expression)                    \
  do {                                            \
    const absl::Status require_ok = (expression); \
    INFO(std::string(require_ok.ToString()));     \
    REQUIRE(require_ok.ok());                     \
  } while (false)

namespace brume {

template <typename T>
T Value(absl::StatusOr<T> result) {
  REQUIRE_OK(result.status());
  return *std::move(result);
}

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/brume-test-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;  // a left-over directory in /tmp fails no test
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace brume
