// Bad inputs, each with the code it is refused with.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/fakes/api_world.h"

namespace brume {

struct Case {
  const char* code;
  const char* action;
  // Text of the request; $AMI, $I, $SG, $TOKEN… stand for what exists.
  std::string request;
};

inline constexpr char kNoInstance[] = "i-00000000000000000";

// Each is refused with its code, in words; what `everything` shows stays as it was.
inline void CheckRefused(ApiWorld& world, const std::vector<Case>& cases, const std::vector<std::string>& everything,
                         const std::vector<std::pair<std::string, std::string>>& names) {
  const auto shown = [&] {
    std::string text;
    for (const std::string& action : everything) {
      absl::StrAppend(&text, world.CallText(action, "").value()->DebugString());
    }
    return text;
  };
  const std::string before = shown();
  for (const Case& bad : cases) {
    const std::string request = absl::StrReplaceAll(bad.request, names);
    const absl::Status status = world.CallText(bad.action, request).status();
    INFO(bad.action << " " << request.substr(0, 300) << "\n" << std::string(status.message()));
    CHECK(ec2::ErrorCode(status) == bad.code);
    CHECK(status.message().size() > 10);
    CHECK(status.message().size() < 1000);
  }
  CHECK(shown() == before);
}

}  // namespace brume
