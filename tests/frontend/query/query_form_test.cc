#include <catch2/catch.hpp>
#include <string>

#include "lib/frontend/query/form.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

std::string Shown(absl::string_view text) {
  const auto form = ParseForm(text);
  if (!form.ok()) return ec2::ErrorCode(form.status());
  std::string shown;
  for (const FormField& field : *form) shown += "[" + field.name + "|" + field.value + "]";
  return shown;
}

}  // namespace

TEST_CASE("a form's fields are decoded in their order", "[query]") {
  CHECK(Shown("Action=RunInstances&MaxCount=1") == "[Action|RunInstances][MaxCount|1]");
  CHECK(Shown("a=x+y%20z&b=%2B%26%3d&c=%C3%A9") == "[a|x y z][b|+&=][c|é]");
  CHECK(Shown("a=b=c&a=") == "[a|b=c][a|]");
  CHECK(Shown("a") == "[a|]");
  CHECK(Shown("&&a=1&") == "[a|1]");
  CHECK(Shown("").empty());
  CHECK(ParseForm("a=%00b")->front().value == std::string("\0b", 2));
}

TEST_CASE("a form that is none is MalformedQueryString", "[query]") {
  for (const char* bad : {"a=%", "a=%2", "a=%zz", "a=1&b%=2", "a=%+1", "=1", "a=1&=2", "a=% 1"}) {
    INFO(bad);
    CHECK(Shown(bad) == "MalformedQueryString");
  }
}

TEST_CASE("a form has a bound", "[query]") {
  std::string text;
  for (size_t i = 0; i < kMaxFormFields; ++i) text += "a=1&";
  CHECK(ParseForm(text)->size() == kMaxFormFields);
  CHECK(Shown(text + "a=1") == "MalformedQueryString");
}

}  // namespace brume::frontend
