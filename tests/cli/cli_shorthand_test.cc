#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "cli/shorthand.h"
#include "cli/spelling.h"
#include "cli/text.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

std::string Parsed(const std::string& text) {
  const auto value = ParseShorthand(text);
  return value.ok() ? value->dump() : "error";
}

TEST_CASE("shorthand reads what the aws CLI reads", "[cli]") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Key=Name,Value=web", R"({"Key":"Name","Value":"web"})"},
      {"Key=Name,Value=", R"({"Key":"Name","Value":""})"},
      {"Key=,Value=x", R"({"Key":"","Value":"x"})"},
      {"Name=state,Values=running,pending", R"({"Name":"state","Values":["running","pending"]})"},
      {"Values=a,b,Name=x", R"({"Values":["a","b"],"Name":"x"})"},
      {"Values=a", R"({"Values":"a"})"},
      {"Values=[]", R"({"Values":[]})"},
      {"Values=[a]", R"({"Values":["a"]})"},
      {"Values=[a,b],Name=x", R"({"Values":["a","b"],"Name":"x"})"},
      {"Values=[[a,b],[c]]", R"({"Values":[["a","b"],["c"]]})"},
      {"Ebs={VolumeSize=8,DeleteOnTermination=true}", R"({"Ebs":{"VolumeSize":"8","DeleteOnTermination":"true"}})"},
      {"Ebs={}", R"({"Ebs":{}})"},
      {"ResourceType=instance,Tags=[{Key=Name,Value=web},{Key=a,Value=b}]",
       R"({"ResourceType":"instance","Tags":[{"Key":"Name","Value":"web"},{"Key":"a","Value":"b"}]})"},
      {"Key=Name,Value=a=b", R"({"Key":"Name","Value":"a=b"})"},
      {R"(Key=Name,Value=a\,b)", R"({"Key":"Name","Value":"a,b"})"},
      {R"(Key=Name,Value="a, b")", R"({"Key":"Name","Value":"a, b"})"},
      {R"(Key=Name,Value='it''s')", "error"},
      {R"(Value='a "quoted" word')", R"({"Value":"a \"quoted\" word"})"},
      {R"(Value="a \"quoted\" \\ word")", R"({"Value":"a \"quoted\" \\ word"})"},
      {R"(Value="C:\dir")", R"({"Value":"C:\\dir"})"},
      {" Key = Name , Value = two words ", R"({"Key":"Name","Value":"two words"})"},
      {"Tags=[ { Key = a , Value = b } , { Key = c , Value = d } ]",
       R"({"Tags":[{"Key":"a","Value":"b"},{"Key":"c","Value":"d"}]})"},
      {"Value=naïve café", R"({"Value":"naïve café"})"},
      {"Values=a,b c=d", R"({"Values":["a","b c=d"]})"},
  };
  for (const auto& [text, wanted] : cases) {
    INFO(text);
    CHECK(Parsed(text) == wanted);
  }
}

TEST_CASE("shorthand that is none is refused with its place", "[cli]") {
  for (const std::string text : {"",           "x",        "=x",     "Key",      "Key=a,",   "Key=a,,Value=b",
                                 "Key=a}",     "Key=a]",   "Key=[a", "Key=[a,]", "Key={a",   "Key={a=b",
                                 "Key={a=b]",  "Key=[a}",  "Key='a", "Key=\"a",  "Key='a'b", "Key=a,Key=b",
                                 "Key={a=b}c", "Key=[a]b", ",",      "{}",       "[]",       "Key=[,]"}) {
    INFO(text);
    const auto value = ParseShorthand(text);
    REQUIRE_FALSE(value.ok());
    CHECK(absl::IsInvalidArgument(value.status()));
  }
  CHECK(absl::StrContains(ParseShorthand("Key=[a").status().message(), "at character 7"));
}

TEST_CASE("hostile shorthand ends in an error, not in a deep stack", "[cli]") {
  for (const std::string opening : {"a=[", "a={", "a={a="}) {
    std::string text = opening;
    while (text.size() < 200000) text += opening.substr(opening.size() > 3 ? 2 : 2);
    CHECK_FALSE(ParseShorthand(text).ok());
  }
  std::string nested = "a=" + std::string(kMaxShorthandDepth, '[') + std::string(kMaxShorthandDepth, ']');
  CHECK(ParseShorthand(nested).ok());
  nested = "a=" + std::string(kMaxShorthandDepth + 1, '[') + std::string(kMaxShorthandDepth + 1, ']');
  CHECK_FALSE(ParseShorthand(nested).ok());
  // Any bytes give a value or an error.
  for (unsigned seed = 1; seed < 3000; ++seed) {
    std::string text;
    unsigned state = seed * 2654435761u;
    for (int i = 0; i < 24; ++i) {
      state = state * 1664525u + 1013904223u;
      text += "ab=,[]{}'\"\\ \x01\xff\n#"[(state >> 16) % 17];
    }
    (void)ParseShorthand(text);
    (void)ParseJson(text);
  }
}

TEST_CASE("JSON is read with a place in its error", "[cli]") {
  CHECK(ParseJson(R"({"a": [1, true, null]})")->dump() == R"({"a":[1,true,null]})");
  const auto broken = ParseJson("{\"a\": }");
  REQUIRE_FALSE(broken.ok());
  CHECK(absl::StartsWith(broken.status().message(), "not JSON: parse error at line 1, column 7"));
  CHECK_FALSE(ParseJson("").ok());
  CHECK_FALSE(ParseJson("{\"a\": \"\xff\"}").ok());
  CHECK_FALSE(ParseJson(std::string(1000000, '[')).ok());
}

TEST_CASE("one name has its three spellings", "[cli]") {
  CHECK(KebabFromCamel("RunInstances") == "run-instances");
  CHECK(KebabFromCamel("DescribeVpcs") == "describe-vpcs");
  CHECK(KebabFromCamel("DescribeVPCs") == "describe-vpcs");
  CHECK(KebabFromCamel("GetConsoleOutput") == "get-console-output");
  CHECK(KebabFromSnake("instance_ids") == "instance-ids");
  CHECK(CamelFromSnake("instance_ids") == "InstanceIds");
  CHECK(CamelFromSnake("size_in_mi_b") == "SizeInMiB");
  CHECK(CamelFromSnake("cidr_ipv4") == "CidrIpv4");
}

TEST_CASE("the nearest name is a guess only when it is near", "[cli]") {
  const std::vector<std::string> names = {"image-id", "instance-type", "describe-instances"};
  CHECK(NearestName("imge-id", names) == "image-id");
  CHECK(NearestName("iamge-id", names) == "image-id");
  CHECK(NearestName("describe-inst", names) == "describe-instances");
  CHECK(NearestName("zebra", names).empty());
  CHECK(NearestName("", names).empty());
  CHECK(NearestName(std::string(10000, 'x'), names).empty());
}

TEST_CASE("text from elsewhere cannot steer the terminal", "[cli]") {
  CHECK(Printable("plain ü 日本") == "plain ü 日本");
  CHECK(Printable("a\x1b[31mb\n\t\r\x7f") == "a\\x1b[31mb\\n\\t\\r\\x7f");
  CHECK(Printable("\xc2\x9b"
                  "31m") == "\\x9b31m");
  CHECK(Printable("\xff\xc3") == "\\xff\\xc3");
  CHECK(Printable("a\xe2\x80\xae"
                  "b") == "a\\u202eb");
  CHECK(Printable("a\xed\xa0\x80") == "a\\xed\\xa0\\x80");
  CHECK(Printable("[\x1b[0;32m OK \x1b[0m]\r\n\x1b]0;title\x07", true) == "[ OK ]\n\\x1b]0;title\\x07");
}

TEST_CASE("text is cut and wrapped by columns, not bytes", "[cli]") {
  CHECK(Truncate("abcdef", 6) == "abcdef");
  CHECK(Truncate("abcdef", 5) == "abcd…");
  CHECK(Truncate("üüüü", 3) == "üü…");
  CHECK(Wrap("one two three", 2, 10) == "  one two\n  three\n");
}

TEST_CASE("base64 comes back as it went", "[cli]") {
  const std::string bytes("\0\x01\xff text", 8);
  std::string back;
  REQUIRE(Base64Decode(Base64Encode(bytes), &back));
  CHECK(back == bytes);
  CHECK(Base64Decode("aGVs\nbG8=\n", &back));
  CHECK(back == "hello");
  CHECK_FALSE(Base64Decode("ssh-ed25519 AAAA", &back));
}

}  // namespace
}  // namespace brume::cli
