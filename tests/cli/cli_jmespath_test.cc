// --query's language, by cases of its specification.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/jmespath.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;

// The result as JSON, or "error: " and the message.
std::string Query(const std::string& expression, const std::string& document) {
  const auto path = JmesPath::Parse(expression);
  if (!path.ok()) {
    CHECK(absl::IsInvalidArgument(path.status()));
    return absl::StrCat("error: ", path.status().message());
  }
  const auto result = path->Search(Json::parse(document));
  if (!result.ok()) {
    CHECK(absl::IsFailedPrecondition(result.status()));
    return absl::StrCat("error: ", result.status().message());
  }
  return result->dump();
}

struct Case {
  const char* expression;
  const char* result;
};

void Check(const std::string& document, const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    INFO(one.expression);
    CHECK(Query(one.expression, document) == one.result);
  }
}

constexpr char kInstances[] = R"({"Reservations": [
    {"Instances": [{"Id": "i-1", "State": {"Name": "running", "Code": 16}, "Cpus": 2,
                    "Tags": [{"Key": "Name", "Value": "web"}, {"Key": "Team", "Value": "mist"}]},
                   {"Id": "i-2", "State": {"Name": "stopped", "Code": 80}, "Cpus": 1}]},
    {"Instances": [{"Id": "i-3", "State": {"Name": "running", "Code": 16}, "Cpus": 8, "Tags": []}]}],
    "odd name": {"a-b": 1}, "Nothing": null})";

TEST_CASE("JMESPath: names, indexes, slices, and what is not there is null", "[cli]") {
  Check(kInstances, {{"Reservations[0].Instances[0].Id", "\"i-1\""},
                     {"Reservations[-1].Instances[0].Id", "\"i-3\""},
                     {"Reservations[7]", "null"},
                     {"Reservations.Instances", "null"},
                     {"Reservations[0].Instances[0].Id.deeper[0]", "null"},
                     {"\"odd name\".\"a-b\"", "1"},
                     {"\"odd\\u0020name\"", R"({"a-b":1})"},
                     {"@.Nothing", "null"},
                     {"Nothing.a.b", "null"}});
  Check("[0,1,2,3,4,5]", {{"[0]", "0"},
                          {"[-2]", "4"},
                          {"[1:3]", "[1,2]"},
                          {"[:2]", "[0,1]"},
                          {"[4:]", "[4,5]"},
                          {"[::2]", "[0,2,4]"},
                          {"[::-1]", "[5,4,3,2,1,0]"},
                          {"[-2:]", "[4,5]"},
                          {"[5:1:-2]", "[5,3]"},
                          {"[10:20]", "[]"},
                          {"[-100:2]", "[0,1]"},
                          {"[::9223372036854775807]", "[0]"},
                          {"[::-9223372036854775807]", "[5]"},
                          {"[::0]", "error: a slice cannot have a step of 0"},
                          {"[:]", "[0,1,2,3,4,5]"},
                          {"foo[1:2]", "null"}});
}

TEST_CASE("JMESPath: projections go on with each element until a pipe ends them", "[cli]") {
  Check(kInstances, {{"Reservations[].Instances[].Id", R"(["i-1","i-2","i-3"])"},
                     {"Reservations[*].Instances[*].Id", R"([["i-1","i-2"],["i-3"]])"},
                     {"Reservations[*].Instances[*].Id[]", R"(["i-1","i-2","i-3"])"},
                     {"Reservations[*].Instances[0].Id", R"(["i-1","i-3"])"},
                     {"Reservations[*].Instances[] | [0].Id", "\"i-1\""},
                     {"Reservations[].Instances[].Tags[?Key=='Name'].Value", R"([["web"],[]])"},
                     {"Reservations[].Instances[].Tags[?Key=='Name'].Value[]", R"(["web"])"},
                     {"Reservations[].Instances[?State.Name=='running'].Id[]", R"(["i-1","i-3"])"},
                     {"Reservations[].Instances[?State.Name=='running' && Cpus > `2`][].Id", R"(["i-3"])"},
                     {"Reservations[].Instances[].[Id, Tags[?Key=='Name'] | [0].Value]",
                      R"([["i-1","web"],["i-2",null],["i-3",null]])"},
                     {"Reservations[0].Instances[*].{Id: Id, \"a b\": State.Code}",
                      R"([{"Id":"i-1","a b":16},{"Id":"i-2","a b":80}])"},
                     {"Reservations[0].Instances[0].State.*", R"(["running",16])"},
                     {"Reservations[0].Instances[0].*.Name", R"(["running"])"},
                     {"*.\"a-b\"", "[1]"},
                     {"Reservations[1:].Instances[].Id", R"(["i-3"])"},
                     {"(Reservations[].Instances[])[0].Id", "\"i-1\""},
                     {"Nothing[*].a", "null"},
                     {"Nothing[?a]", "null"},
                     {"Nothing.*", "null"},
                     {"Nothing[]", "null"},
                     {"Nothing.[a]", "null"}});
  Check("[[1,[2,[3]]],4]", {{"[]", "[1,[2,[3]],4]"}, {"[][]", "[1,2,[3],4]"}, {"[*][0]", "[1]"}});
}

TEST_CASE("JMESPath: filters compare, and and, or and not have their ranks", "[cli]") {
  Check(R"([{"a": 1, "b": "x"}, {"a": 2}, {"a": "2", "b": ""}, {"a": null, "b": "y"}])",
        {{"[?a == `1`].a", "[1]"},
         {"[?a != `1`].a", R"([2,"2"])"},
         {"[?a >= `1`].a", "[1,2]"},
         {"[?a < `2`].a", "[1]"},
         {"[?a > 'a'].a", "[]"},
         {"[?b].b", R"(["x","y"])"},
         {"[?!b].a", R"([2,"2"])"},
         {"[?a == `1` || b == 'y'].b", R"(["x","y"])"},
         {"[?b && a == `1` || a == `2`].a", "[1,2]"},
         {"[?b && (a == `1` || a == `2`)].a", "[1]"},
         {"[?!(a == `1`)] | length(@)", "3"},
         {"[?'1' == '1'] | length(@)", "4"},
         {"[?b > 'w'].b", R"(["x","y"])"}});
  Check(R"({"t": true, "f": false, "e": [], "o": {}, "z": 0, "s": "", "n": null})",
        {{"t && z", "0"},
         {"f || s", "\"\""},
         {"e || o || 'last'", "\"last\""},
         {"!z", "false"},
         {"!e", "true"},
         {"`1` == `1.0`", "true"},
         {"`true` == `1`", "false"},
         {"`{\"a\": 1, \"b\": 2}` == `{\"b\": 2, \"a\": 1}`", "true"},
         {"`[1, 2]` == `[2, 1]`", "false"},
         {"t < z", "null"}});
}

TEST_CASE("JMESPath: literals are JSON or raw text", "[cli]") {
  Check("{}", {{"`[1, \"a\"]`", R"([1,"a"])"},
               {"`\"a\\`b\"`", R"("a`b")"},
               {"`foo`", "\"foo\""},
               {"'it\\'s'", "\"it's\""},
               {"'a\\nb'", R"("a\\nb")"},
               {"'\"'", R"("\"")"},
               {"`{\"a\": [0]}`.a[0]", "0"}});
}

TEST_CASE("JMESPath: every function does what the specification says", "[cli]") {
  Check(R"({"n": [3, 1, 2.5], "s": ["b", "é", "a"], "o": {"x": 1, "y": 2}, "e": [], "t": "héllo",
            "p": [{"k": 2, "v": "b"}, {"k": 1, "v": "a"}, {"k": 2, "v": "c"}]})",
        {{"abs(`-3`)", "3"},
         {"abs(`-1.5`)", "1.5"},
         {"avg(n)", "2.1666666666666665"},
         {"avg(e)", "null"},
         {"avg(`[1, 3]`)", "2.0"},
         {"ceil(`1.2`)", "2"},
         {"floor(`-1.2`)", "-2"},
         {"contains(s, 'a')", "true"},
         {"contains(t, 'éll')", "true"},
         {"contains(n, `2.5`)", "true"},
         {"contains(t, `1`)", "false"},
         {"ends_with(t, 'lo')", "true"},
         {"starts_with(t, 'lo')", "false"},
         {"join(', ', s)", "\"b, é, a\""},
         {"keys(o)", R"(["x","y"])"},
         {"values(o)", "[1,2]"},
         {"length(t)", "5"},
         {"length(o)", "2"},
         {"length(n)", "3"},
         {"map(&v, p)", R"(["b","a","c"])"},
         {"map(&w, p)", "[null,null,null]"},
         {"max(n)", "3"},
         {"min(s)", "\"a\""},
         {"max(e)", "null"},
         {"max_by(p, &k).v", "\"b\""},
         {"min_by(p, &v).k", "1"},
         {"max_by(e, &k)", "null"},
         {"merge(o, `{\"y\": 3, \"z\": 4}`)", R"({"x":1,"y":3,"z":4})"},
         {"not_null(missing, e, t)", "[]"},
         {"not_null(missing)", "null"},
         {"reverse(n)", "[2.5,1,3]"},
         {"reverse(t)", "\"olléh\""},
         {"sort(n)", "[1,2.5,3]"},
         {"sort(s)", R"(["a","b","é"])"},
         {"sort_by(p, &k)[].v", R"(["a","b","c"])"},
         {"sum(n)", "6.5"},
         {"sum(`[1, 2]`)", "3"},
         {"sum(e)", "0"},
         {"to_array(t)", R"(["héllo"])"},
         {"to_array(e)", "[]"},
         {"to_string(o)", R"("{\"x\":1,\"y\":2}")"},
         {"to_string(t)", "\"héllo\""},
         {"to_number('12')", "12"},
         {"to_number('1.5')", "1.5"},
         {"to_number('x')", "null"},
         {"to_number('inf')", "null"},
         {"to_number(e)", "null"},
         {"type(t)", "\"string\""},
         {"type(missing)", "\"null\""},
         {"type(`true`)", "\"boolean\""},
         {"sort_by(p, &v)[-1].k", "2"},
         {"length(@)", "6"},
         {"p[?length(v) == `1`] | length(@)", "3"},
         {"abs(t)", "error: the function abs takes a number as its argument 1, not string"},
         {"sort(`[1, \"a\"]`)",
          "error: the function sort takes a list of numbers or a list of strings as its argument 1, not array"},
         {"map(v, p)", "error: the function map takes an &expression as its argument 1, not null"},
         {"abs(&k)", "error: the function abs takes a number as its argument 1, not an &expression"}});
  CHECK(absl::StartsWith(Query("sort_by(@, &a)", R"([{"a": 1}, {"a": "x"}])"), "error: the function sort_by needs"));
}

TEST_CASE("JMESPath: what is no expression is refused with its place before anything is called", "[cli]") {
  Check("{}", {{"", "error: the expression ends too early, at character 1"},
               {"a.", "error: the expression ends too early, at character 3"},
               {"a.b]", "error: unexpected ']' at character 4"},
               {"a[", "error: the expression ends too early, at character 3"},
               {"a['b']", "error: unexpected '\"b\"' at character 3"},
               {"a[?b", "error: the expression ends too early, at character 5"},
               {"a = b", "error: unexpected '=' at character 3"},
               {"'a", "error: nothing closes the ' at character 1"},
               {"\"a", "error: nothing closes the \" at character 1"},
               {"`a", "error: nothing closes the ` at character 1"},
               {"\"\\q\"", "error: the name in quotes is no JSON string at character 1"},
               {"a b", "error: unexpected 'b' at character 3"},
               {"a.1", "error: unexpected '1' at character 3"},
               {"[1:2:3:4]", "error: unexpected ':' at character 7"},
               {"{a}", "error: unexpected '}' at character 3"},
               {"{a: b,}", "error: unexpected '}' at character 7"},
               {"[a,]", "error: unexpected ']' at character 4"},
               {"a.#", "error: unexpected '#' at character 3"},
               {"-", "error: '-' is no number at character 1"},
               {"[99999999999999999999]", "error: '99999999999999999999' is no number at character 2"},
               {"\"f\"(a)", "error: a function's name has no quotes, at character 1"},
               {"lenght(a)", "error: there is no function 'lenght'. Did you mean 'length'?"},
               {"length()", "error: the function length takes 1 arguments, not 0"},
               {"merge()", "error: the function merge takes 1 arguments or more, not 0"},
               {"a.b(c)", "error: there is no function 'b'."}});
  CHECK(absl::StrContains(Query(std::string(100000, '('), "{}"), "nested too deeply"));
  CHECK(absl::StrContains(Query(std::string(100000, '!'), "{}"), "nested too deeply"));
  CHECK(absl::StrContains(Query(std::string(100000, '['), "{}"), "nested too deeply"));
}

}  // namespace
}  // namespace brume::cli
