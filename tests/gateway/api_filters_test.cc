#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "lib/gateway/filters.h"
#include "lib/gateway/pages.h"
#include "lib/resource/ec2_error.h"

namespace brume::gateway {
namespace {

struct Thing {
  std::string name;
  std::vector<std::string> colours;
  TagMap tags;
};

const FilterTable<Thing>& Table() {
  static const FilterTable<Thing> table(
      {
          {"name", [](const Thing& thing, const ValueSink& sink) { sink(thing.name); }},
          {"colour",
           [](const Thing& thing, const ValueSink& sink) {
             for (const std::string& colour : thing.colours) sink(colour);
           }},
      },
      [](const Thing& thing) { return thing.tags; });
  return table;
}

FilterList Filters(const std::vector<std::pair<std::string, std::vector<std::string>>>& filters) {
  FilterList list;
  for (const auto& [name, values] : filters) {
    ec2::v1::Filter& filter = *list.Add();
    filter.set_name(name);
    for (const std::string& value : values) filter.add_values(value);
  }
  return list;
}

bool Keeps(const Thing& thing, const std::vector<std::pair<std::string, std::vector<std::string>>>& filters) {
  const auto keep = Table().Compile(Filters(filters));
  REQUIRE(keep.ok());
  return (*keep)(thing);
}

}  // namespace

TEST_CASE("a pattern's stars and question marks match as in EC2", "[api]") {
  struct Case {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Case cases[] = {
      {"web", "web", true},
      {"web", "Web", false},
      {"web", "web1", false},
      {"web*", "web", true},
      {"web*", "web-12", true},
      {"*web", "my web", true},
      {"*e*", "web", true},
      {"*x*", "web", false},
      {"w?b", "web", true},
      {"w?b", "wb", false},
      {"w?b", "weeb", false},
      {"*", "", true},
      {"?", "", false},
      {"", "", true},
      {"", "x", false},
      {"\\*", "*", true},
      {"\\*", "x", false},
      {"a\\?b", "a?b", true},
      {"a\\?b", "axb", false},
      {"a\\\\b", "a\\b", true},
      {"trailing\\", "trailing\\", true},
      {"**", "anything", true},
      {"a*b*c", "a-b-b-c", true},
      {"a*b*c", "a-c-b", false},
      {"?", "ä", true},
      {"??", "ä", false},
      {"*ä", "Lärä", true},
      {"f*oo*bar", "foofoobarbar", true},
  };
  for (const Case& c : cases) {
    INFO(c.pattern << " on " << c.text);
    CHECK(Pattern(c.pattern).Matches(c.text) == c.matches);
  }
}

TEST_CASE("a hostile pattern costs no more than text times pattern", "[api]") {
  std::string pattern;
  for (int i = 0; i < 120; ++i) pattern += "*a";
  CHECK_FALSE(Pattern(pattern + "b").Matches(std::string(20000, 'a')));
}

TEST_CASE("values of a filter are alternatives and filters must all hold", "[api]") {
  const Thing thing{"web-1", {"red", "green"}, {{"Name", "front"}, {"Env", ""}}};
  CHECK(Keeps(thing, {}));
  CHECK(Keeps(thing, {{"name", {"db", "web-1"}}}));
  CHECK_FALSE(Keeps(thing, {{"name", {"web-1"}}, {"colour", {"blue"}}}));
  CHECK(Keeps(thing, {{"name", {"web-?"}}, {"colour", {"gr*"}}}));
  CHECK_FALSE(Keeps({"web-1", {}, {}}, {{"colour", {"*"}}}));
}

TEST_CASE("tags are filtered by key and by value", "[api]") {
  const Thing thing{"web-1", {}, {{"Name", "front"}, {"Env", ""}}};
  CHECK(Keeps(thing, {{"tag:Name", {"fr*"}}}));
  CHECK(Keeps(thing, {{"tag:Env", {""}}}));
  CHECK_FALSE(Keeps(thing, {{"tag:name", {"front"}}}));
  CHECK_FALSE(Keeps(thing, {{"tag:Owner", {"*"}}}));
  CHECK(Keeps(thing, {{"tag-key", {"Env"}}}));
  CHECK_FALSE(Keeps(thing, {{"tag-key", {"env"}}}));
}

TEST_CASE("a filter that is not one of the resource's, has no values or too many, is refused", "[api]") {
  const auto code = [](const FilterList& filters) { return ec2::ErrorCode(Table().Compile(filters).status()); };
  CHECK(code(Filters({{"weight", {"1"}}})) == "InvalidParameterValue");
  CHECK(Table().Compile(Filters({{"weight", {"1"}}})).status().message() == "The filter 'weight' is invalid");
  CHECK(code(Filters({{"name", {}}})) == "InvalidParameterValue");
  CHECK(code(Filters({{"", {"x"}}})) == "InvalidParameterValue");
  CHECK(code(Filters({{"name", std::vector<std::string>(201, "x")}})) == "FilterLimitExceeded");
  CHECK(code(Filters({{"name", {std::string(256, 'x')}}})) == "FilterLimitExceeded");
}

TEST_CASE("a token leads on in its own list and nowhere else", "[api]") {
  const std::string token = MakeToken("tags", "i-1 Name");
  CHECK(ParseToken("tags", token).value() == "i-1 Name");
  CHECK(ec2::ErrorCode(ParseToken("groups", token).status()) == "InvalidNextToken");
  for (const char* bad : {"x", "i-0123", "%%%", "MTo=", "AAAA"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(ParseToken("tags", bad).status()) == "InvalidNextToken");
  }
}

}  // namespace brume::gateway
