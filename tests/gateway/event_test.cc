#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "brume/ec2/v1/key_pair.pb.h"
#include "brume/host/v1/event.pb.h"
#include "lib/gateway/event_log.h"
#include "lib/gateway/event_table.h"
#include "lib/gateway/validate.h"
#include "tests/fakes/api_world.h"
#include "tests/store/store_fixture.h"

namespace brume {
namespace {

using store::kNow;

Event MakeEvent(const std::string& action, bool read_only, absl::Time time = kNow) {
  return {.time = time,
          .request_id = "request",
          .principal = "uid:0",
          .source = "unix",
          .action = action,
          .read_only = read_only,
          .parameters = "{}",
          .outcome = "OK",
          .duration = absl::Microseconds(1234),
          .resources = {"i-1", "vol-1"}};
}

struct EventWorld {
  TempDir directory;
  std::unique_ptr<store::Database> database = store::OpenOk(directory.path() + "/brume.db");

  absl::Status Append(const Event& event) {
    return database->Write([&](store::Connection& c) { return gateway::EventTable(c).Append(event); });
  }
  std::vector<Event> Lookup(const EventQuery& query = {}, int64_t before = 0, int limit = 100) {
    return Value(
        database->ReadFor([&](store::Connection& c) { return gateway::EventTable(c).Lookup(query, before, limit); }));
  }
  bool Evict(bool read_only, absl::Time oldest, int64_t keep, int max_rows) {
    return Value(database->WriteFor(
        [&](store::Connection& c) { return gateway::EventTable(c).Evict(read_only, oldest, keep, max_rows); }));
  }
  absl::Status Sql(const char* sql) {
    return database->Write([&](store::Connection& c) { return c.Run(sql); });
  }
};

std::vector<std::string> Actions(const std::vector<Event>& events) {
  std::vector<std::string> actions;
  for (const Event& event : events) actions.push_back(event.action);
  return actions;
}

}  // namespace

TEST_CASE("an event is read back as it was written", "[events]") {
  EventWorld world;
  REQUIRE(world.Append(MakeEvent("ec2:StopInstances", false)).ok());
  const std::vector<Event> events = world.Lookup();
  REQUIRE(events.size() == 1);
  CHECK(events[0].number == 1);
  CHECK(events[0].time == kNow);
  CHECK(events[0].action == "ec2:StopInstances");
  CHECK(events[0].principal == "uid:0");
  CHECK_FALSE(events[0].read_only);
  CHECK(events[0].duration == absl::Microseconds(1234));
  CHECK(events[0].resources == std::vector<std::string>{"i-1", "vol-1"});
}

TEST_CASE("events are found by each of their attributes, newest first, page by page", "[events]") {
  EventWorld world;
  for (int i = 0; i < 5; ++i) {
    Event event = MakeEvent("ec2:A" + std::to_string(i), i % 2 == 0, kNow + absl::Seconds(i));
    event.principal = i == 3 ? "uid:1000" : "uid:0";
    event.outcome = i == 4 ? "InvalidAMIID.NotFound" : "OK";
    event.resources = {"i-" + std::to_string(i)};
    REQUIRE(world.Append(event).ok());
  }
  using Names = std::vector<std::string>;
  CHECK(Actions(world.Lookup({}, 0, 2)) == Names{"ec2:A4", "ec2:A3"});
  CHECK(Actions(world.Lookup({}, 4, 2)) == Names{"ec2:A2", "ec2:A1"});
  CHECK(Actions(world.Lookup({.action = "ec2:A1"})) == Names{"ec2:A1"});
  CHECK(Actions(world.Lookup({.principal = "uid:1000"})) == Names{"ec2:A3"});
  CHECK(Actions(world.Lookup({.resource = "i-2"})) == Names{"ec2:A2"});
  CHECK(Actions(world.Lookup({.outcome = "InvalidAMIID.NotFound"})) == Names{"ec2:A4"});
  CHECK(Actions(world.Lookup({.read_only = false})) == Names{"ec2:A3", "ec2:A1"});
  CHECK(Actions(world.Lookup({.since = kNow + absl::Seconds(3)})) == Names{"ec2:A4", "ec2:A3"});
  CHECK(Actions(world.Lookup({.until = kNow})) == Names{"ec2:A0"});
  CHECK(world.Lookup({.action = "ec2:A1", .principal = "uid:1000"}).empty());
}

TEST_CASE("events can be neither changed nor taken out of the middle", "[events]") {
  EventWorld world;
  REQUIRE(world.Append(MakeEvent("ec2:StopInstances", false)).ok());
  CHECK_FALSE(world.Sql("UPDATE events SET principal = 'somebody'").ok());
  CHECK_FALSE(world.Sql("DELETE FROM events").ok());
  CHECK(world.Lookup().size() == 1);
}

TEST_CASE("the oldest events are forgotten by number and by age, each kind for itself, in batches", "[events]") {
  EventWorld world;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(world.Append(MakeEvent("ec2:Read", true, kNow + absl::Seconds(i))).ok());
    REQUIRE(world.Append(MakeEvent("ec2:Change", false, kNow + absl::Seconds(i))).ok());
  }
  CHECK(world.Evict(true, absl::InfinitePast(), 4, 3));
  CHECK(world.Lookup({.read_only = true}).size() == 7);
  CHECK_FALSE(world.Evict(true, absl::InfinitePast(), 4, 3));
  CHECK(world.Lookup({.read_only = true}).size() == 4);
  CHECK_FALSE(world.Evict(true, absl::InfinitePast(), 4, 3));
  CHECK(world.Lookup({.read_only = true}).size() == 4);
  CHECK(world.Lookup({.read_only = false}).size() == 10);
  CHECK_FALSE(world.Evict(false, kNow + absl::Seconds(8), 1000, 100));
  CHECK(world.Lookup({.read_only = false}).size() == 2);
  CHECK_FALSE(world.Evict(false, kNow + absl::Hours(1), 1000, 100));
  CHECK(world.Lookup({.read_only = false}).empty());
  CHECK_FALSE(world.Evict(false, kNow + absl::Hours(1), 1000, 100));
  CHECK(Value(world.database->ReadFor([](store::Connection& c) {
          return c.First("SELECT count(*) FROM event_resources", [](store::Row& row) {
            int64_t count = 0;
            row.Read(count);
            return count;
          });
        })) == 8);
}

TEST_CASE("what a log was told is found at once and outlives it", "[events]") {
  EventWorld world;
  const ManualClock clock(kNow);
  {
    gateway::EventLog log(*world.database, clock, {});
    log.Append(MakeEvent("ec2:Read", true));
    log.Append(MakeEvent("ec2:Change", false));
    CHECK(Value(log.Lookup({}, 0, 10)).size() == 2);
    log.Append(MakeEvent("ec2:Read", true));
  }
  CHECK(world.Lookup().size() == 3);
}

TEST_CASE("a log forgets what is too old while it runs", "[events]") {
  EventWorld world;
  ManualClock clock(kNow);
  gateway::EventLog log(*world.database, clock, {.keep_for = absl::Hours(48)});
  log.Append(MakeEvent("ec2:Change", false));
  clock.Advance(absl::Hours(49));
  CHECK(ComputeWorld::Eventually([&] { return world.Lookup().empty(); }));
}

TEST_CASE("a call becomes an event with what it named and made, without its secrets", "[events]") {
  ApiWorld world;
  ec2::v1::CreateKeyPairRequest create;
  create.set_key_name("ada");
  const auto made = world.Call<ec2::v1::CreateKeyPairResponse>(create);
  REQUIRE(made.ok());
  host::v1::LookupEventsRequest lookup;
  host::v1::LookupAttribute& attribute = *lookup.add_lookup_attributes();
  attribute.set_attribute_key("ResourceName");
  attribute.set_attribute_value(made->key_pair_id());
  const auto found = world.Call<host::v1::LookupEventsResponse>(lookup);
  REQUIRE(found.ok());
  REQUIRE(found->events_size() == 1);
  const host::v1::Event& event = found->events(0);
  CHECK(event.event_name() == "ec2:CreateKeyPair");
  CHECK(event.username() == "uid:0");
  CHECK(event.error_code() == "OK");
  CHECK(event.request_parameters() == R"({"keyName":"ada"})");
  CHECK_FALSE(event.read_only());
}

TEST_CASE("secrets of a request are in no event, and a refused call has its reason", "[events]") {
  ApiWorld world;
  const std::string secret = "c2VjcmV0LXdvcmQ=";
  const auto refused = world.CallText(
      "RunInstances", R"(image_id: "ami-0123456789abcdef0" min_count: 1 max_count: 1 user_data: ")" + secret + "\"");
  REQUIRE_FALSE(refused.ok());
  const std::vector<Event> events = Value(world.events.Lookup({.action = "ec2:RunInstances"}, 0, 10));
  REQUIRE(events.size() == 1);
  CHECK(events[0].outcome == "InvalidAMIID.NotFound");
  CHECK(absl::StrContains(events[0].message, "ami-0123456789abcdef0"));
  CHECK(events[0].resources == std::vector<std::string>{"ami-0123456789abcdef0"});
  CHECK_FALSE(absl::StrContains(events[0].parameters, secret));
}

TEST_CASE("bytes that are no text harm no reader of the events, written today or by an earlier version", "[events]") {
  ApiWorld world;
  const std::string bytes = "a\xff\xfe\xc0z";
  Caller stranger{
      .principal = bytes, .source = bytes, .request_id = bytes, .user_agent = bytes, .access_key_id = bytes};
  ec2::v1::CreateKeyPairRequest create;
  create.set_key_name(bytes);
  REQUIRE_FALSE(world.CallAs(create, stranger).ok());
  Event old = MakeEvent(bytes, false);
  old.request_id = old.principal = old.access_key_id = old.source = old.user_agent = bytes;
  old.parameters = old.outcome = old.message = bytes;
  old.resources = {bytes};
  REQUIRE(world.database->Write([&](store::Connection& c) { return gateway::EventTable(c).Append(old); }).ok());
  const auto found = world.Call<host::v1::LookupEventsResponse>(host::v1::LookupEventsRequest());
  REQUIRE(found.ok());
  REQUIRE(found->events_size() == 2);
  // As a client reads it.
  host::v1::LookupEventsResponse read;
  CHECK(read.ParseFromString(found->SerializeAsString()));
  for (const host::v1::Event& event : found->events()) {
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    event.GetReflection()->ListFields(event, &fields);
    for (const auto* field : fields) {
      if (field->type() != google::protobuf::FieldDescriptor::TYPE_STRING) continue;
      INFO(field->name());
      const bool repeated = field->is_repeated();
      CHECK(gateway::IsUtf8(repeated ? event.GetReflection()->GetRepeatedString(event, field, 0)
                                     : event.GetReflection()->GetString(event, field)));
    }
  }
  // What is written is text already.
  for (const Event& event : Value(world.events.Lookup({.action = "ec2:CreateKeyPair"}, 0, 10))) {
    for (const std::string& text : {event.principal, event.source, event.request_id, event.user_agent,
                                    event.access_key_id, event.parameters, event.message}) {
      CHECK(gateway::IsUtf8(text));
    }
  }
}

TEST_CASE("a URL's path is not in a request's line of the log", "[events]") {
  ec2::v1::CreateKeyPairRequest create;
  create.set_key_name("https://hooks.example.com/secret");
  CHECK(gateway::ForLog(create) == R"(key_name: "https://hooks.example.com/…")");
}

TEST_CASE("events are paged, and a token of another list is refused", "[events]") {
  ApiWorld world;
  for (int i = 0; i < 3; ++i) REQUIRE(world.CallText("DescribeRegions", "").ok());
  host::v1::LookupEventsRequest lookup;
  lookup.set_max_results(2);
  const auto first = world.Call<host::v1::LookupEventsResponse>(lookup);
  REQUIRE(first.ok());
  CHECK(first->events_size() == 2);
  lookup.set_next_token(first->next_token());
  const auto second = world.Call<host::v1::LookupEventsResponse>(lookup);
  REQUIRE(second.ok());
  CHECK(second->events_size() == 1);
  CHECK(second->next_token().empty());
  lookup.set_next_token("bm9uc2Vuc2U");
  CHECK(ec2::ErrorCode(world.Call<host::v1::LookupEventsResponse>(lookup).status()) == "InvalidNextToken");
}

TEST_CASE("statistics of the calls are shown and counted anew on demand", "[events]") {
  ApiWorld world;
  REQUIRE(world.CallText("DescribeRegions", "").ok());
  REQUIRE_FALSE(world.CallText("StopInstances", "").ok());
  const auto shown = world.CallText("DescribeStatistics", "");
  REQUIRE(shown.ok());
  const std::string text = (*shown)->ShortDebugString();
  CHECK(absl::StrContains(text, R"(action: "ec2:DescribeRegions" calls: 1 errors: 0)"));
  CHECK(absl::StrContains(text, R"(action: "ec2:StopInstances" calls: 1 errors: 1)"));
  REQUIRE(world.CallText("ResetStatistics", "").ok());
  CHECK(world.statistics.Read().size() == 1);  // that call itself
}

}  // namespace brume
