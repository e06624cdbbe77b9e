#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "brume/ec2/v1/launch_template.pb.h"
#include "brume/ec2/v1/network_interface.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "lib/gateway/filters.h"
#include "lib/gateway/pages.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/tags.h"

namespace brume::gateway {
namespace {

// "name" is the volume's type and "colour" the device of an attachment.
ec2::v1::Volume Thing(const std::string& name, const std::vector<std::string>& colours, const TagMap& tags = {}) {
  ec2::v1::Volume volume;
  volume.set_volume_type(name);
  for (const std::string& colour : colours) volume.add_attachments()->set_device(colour);
  for (const auto& [key, value] : tags) {
    ec2::v1::Tag& tag = *volume.add_tags();
    tag.set_key(key);
    tag.set_value(value);
  }
  return volume;
}

const ItemFilterTable& Table() { return ItemFilters(*ec2::v1::DescribeVolumesRequest::descriptor()); }

FilterList Filters(const std::vector<std::pair<std::string, std::vector<std::string>>>& filters) {
  FilterList list;
  for (const auto& [name, values] : filters) {
    ec2::v1::Filter& filter = *list.Add();
    filter.set_name(name);
    for (const std::string& value : values) filter.add_values(value);
  }
  return list;
}

bool Keeps(const ec2::v1::Volume& thing, const std::vector<std::pair<std::string, std::vector<std::string>>>& filters) {
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

TEST_CASE("no volume is restored fast, and each is found by that", "[api]") {
  CHECK(Keeps(Thing("gp3", {}), {{"fast-restored", {"false"}}}));
  CHECK_FALSE(Keeps(Thing("gp3", {}), {{"fast-restored", {"true"}}}));
}

TEST_CASE("a hostile pattern costs no more than text times pattern", "[api]") {
  std::string pattern;
  for (int i = 0; i < 120; ++i) pattern += "*a";
  CHECK_FALSE(Pattern(pattern + "b").Matches(std::string(20000, 'a')));
}

TEST_CASE("values of a filter are alternatives and filters must all hold", "[api]") {
  const auto thing = Thing("web-1", {"red", "green"}, {{"Name", "front"}, {"Env", ""}});
  CHECK(Keeps(thing, {}));
  CHECK(Keeps(thing, {{"volume-type", {"db", "web-1"}}}));
  CHECK_FALSE(Keeps(thing, {{"volume-type", {"web-1"}}, {"attachment.device", {"blue"}}}));
  CHECK(Keeps(thing, {{"volume-type", {"web-?"}}, {"attachment.device", {"gr*"}}}));
  CHECK_FALSE(Keeps(Thing("web-1", {}), {{"attachment.device", {"*"}}}));
}

TEST_CASE("tags are filtered by key and by value", "[api]") {
  const auto thing = Thing("web-1", {}, {{"Name", "front"}, {"Env", ""}});
  CHECK(Keeps(thing, {{"tag:Name", {"fr*"}}}));
  CHECK(Keeps(thing, {{"tag:Env", {""}}}));
  CHECK_FALSE(Keeps(thing, {{"tag:name", {"front"}}}));
  CHECK_FALSE(Keeps(thing, {{"tag:Owner", {"*"}}}));
  CHECK(Keeps(thing, {{"tag-key", {"Env"}}}));
  CHECK_FALSE(Keeps(thing, {{"tag-key", {"env"}}}));
  CHECK(Keeps(thing, {{"tag-value", {"fr*"}}, {"tag-key", {"Env"}}}));
  CHECK_FALSE(Keeps(thing, {{"tag-value", {"Name"}}}));
}

TEST_CASE("a filter with one value for all matches that value, and one without a value matches nothing", "[api]") {
  const auto keeps = [](const std::string& name, const std::string& value) {
    const auto keep =
        ItemFilters(*ec2::v1::DescribeNetworkInterfacesRequest::descriptor()).Compile(Filters({{name, {value}}}));
    REQUIRE(keep.ok());
    return (*keep)(ec2::v1::NetworkInterface());
  };
  CHECK(keeps("operator.managed", "f*"));
  CHECK_FALSE(keeps("operator.managed", "true"));
  CHECK_FALSE(keeps("operator.principal", "*"));
}

TEST_CASE("filters decide on what is not rendered by the code's own look at it", "[api]") {
  struct Template {
    std::string name;
    TagMap tags;
  };
  const FilterTable<Template> table(
      *ec2::v1::DescribeLaunchTemplatesRequest::descriptor(),
      {{"create-time", [](const Template&, const ValueSink&) {}},
       {"launch-template-name", [](const Template& t, const ValueSink& sink) { sink(t.name); }}},
      [](const Template& t, const TagSink& sink) {
        for (const auto& [key, value] : t.tags) sink(key, value);
      });
  const Template web{"web", {{"Env", "test"}}};
  const auto keeps = [&](const std::string& name, const std::string& value) {
    const auto keep = table.Compile(Filters({{name, {value}}}));
    REQUIRE(keep.ok());
    return (*keep)(web);
  };
  CHECK(keeps("launch-template-name", "w*"));
  CHECK(keeps("tag:Env", "test"));
  CHECK(keeps("tag-value", "test"));
  CHECK_FALSE(keeps("create-time", "*"));
}

TEST_CASE("a filter that is not one of the resource's, has no values or too many, is refused", "[api]") {
  const auto code = [](const FilterList& filters) { return ec2::ErrorCode(Table().Compile(filters).status()); };
  CHECK(code(Filters({{"weight", {"1"}}})) == "InvalidParameterValue");
  CHECK(Table().Compile(Filters({{"weight", {"1"}}})).status().message() == "The filter 'weight' is invalid");
  CHECK(code(Filters({{"volume-type", {}}})) == "InvalidParameterValue");
  CHECK(code(Filters({{"", {"x"}}})) == "InvalidParameterValue");
  CHECK(code(Filters({{"volume-type", std::vector<std::string>(201, "x")}})) == "FilterLimitExceeded");
  CHECK(code(Filters({{"volume-type", {std::string(1025, 'x')}}})) == "FilterLimitExceeded");
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
