// Tables that are described once: the mechanism itself, and each repository's description against the real table.
#include <functional>
#include <set>

#include "lib/store/table.h"
#include "tests/store/store_fixture.h"
#include "tests/store/table_faults.h"

namespace brume::store {
namespace {

enum class Colour { kRed = 0, kBlue = 1 };
[[maybe_unused]] std::true_type IsPersisted(Colour) { return {}; }
enum class Passing { kOne, kTwo };

static_assert(PersistedEnum<Colour> && !PersistedEnum<Passing> && !PersistedEnum<int>);
static_assert(kPersistable<std::vector<Colour>> && !kPersistable<std::vector<Passing>>);

struct Size {
  int width = 0;
};
struct Thing {
  VolumeId id;
  int64_t version = 0;
  std::string made_by;
  Colour colour = Colour::kRed;
  Size size;
  std::optional<absl::Time> sold;
  std::vector<std::string> labels;
};

const auto& Things() {
  static const auto table = DescribeTable<Thing>(
      "things", "thing", Key("id", &Thing::id), Version(&Thing::version), Fixed("made_by", &Thing::made_by),
      Column("colour", &Thing::colour), Column("width", &Thing::size, &Size::width), Column("sold", &Thing::sold),
      Json("labels", &Thing::labels), Unmapped("shelf"));
  return table;
}

struct Shop {
  TempDir directory;
  std::unique_ptr<Database> db = OpenOk(directory / "brume.db");

  Shop() {
    REQUIRE_OK(Write([](Connection& c) {
      return c.RunScript(
          "CREATE TABLE things (id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, made_by TEXT NOT NULL, "
          "colour INTEGER NOT NULL, width INTEGER NOT NULL, sold INTEGER, labels TEXT NOT NULL, "
          "shelf INTEGER NOT NULL) STRICT");
    }));
  }
  absl::Status Write(const std::function<absl::Status(Connection&)>& change) { return db->Write(change); }
  Thing Get(const VolumeId& id) {
    return Value(db->ReadFor([&](Connection& c) { return Things().Get(c, id); }));
  }
};

Thing MakeThing() { return {Nth<VolumeId>("vol", 1), 7, "a smith", Colour::kBlue, {3}, kNow, {"heavy", "Schlüssel"}}; }

absl::Status Insert(Connection& c, const Thing& thing) { return Things().Insert(c, thing, With<int>{"shelf", 4}); }

void CheckSame(const Thing& a, const Thing& b) {
  CHECK(a.id == b.id);
  CHECK(a.version == b.version);
  CHECK(a.made_by == b.made_by);
  CHECK(a.colour == b.colour);
  CHECK(a.size.width == b.size.width);
  CHECK(a.sold == b.sold);
  CHECK(a.labels == b.labels);
}

// Parts of another row that are read and written with it, counts that triggers keep, and rows whose repositories write
// their statements themselves because a field takes several columns or several rows.
const std::set<std::string> kNotDescribed = {"access_keys",
                                             "alarm_actions",
                                             "alarm_dimensions",
                                             "alarm_due_actions",
                                             "alarm_history",
                                             "alarm_queries",
                                             "alarm_query_dimensions",
                                             "alarm_tags",
                                             "alarms",
                                             "capacity_in_use",
                                             "client_tokens",
                                             "event_floor",
                                             "event_resources",
                                             "events",
                                             "group_members",
                                             "identities",
                                             "inline_policies",
                                             "installation",
                                             "instance_profiles",
                                             "instance_user_data",
                                             "interface_groups",
                                             "launch_configurations",
                                             "launch_template_versions",
                                             "launch_templates",
                                             "managed_policies",
                                             "metric_hour_minutes",
                                             "metric_hours",
                                             "metric_minutes",
                                             "metrics",
                                             "policy_attachments",
                                             "policy_versions",
                                             "profile_associations",
                                             "scaling_activities",
                                             "scaling_groups",
                                             "scaling_hooks",
                                             "scaling_members",
                                             "scaling_policies",
                                             "scaling_refreshes",
                                             "scaling_schedules",
                                             "scaling_subnets",
                                             "scaling_tags",
                                             "scaling_waits",
                                             "security_group_rules",
                                             "tags"};

std::vector<TableDescription> Descriptions() {
  std::vector<TableDescription> all = network::NetworkTable::Describe();
  all.push_back(network::SecurityGroupTable::Describe());
  all.push_back(storage::ImageTable::Describe());
  all.push_back(storage::VolumeTable::Describe());
  all.push_back(compute::InstanceTable::Describe());
  all.push_back(compute::KeyPairTable::Describe());
  return all;
}

}  // namespace

TEST_CASE("a described row comes back with every field", "[store]") {
  Shop shop;
  const Thing thing = MakeThing();
  REQUIRE_OK(shop.Write([&](Connection& c) { return Insert(c, thing); }));
  CheckSame(shop.Get(thing.id), thing);
  REQUIRE_OK(shop.Write([&](Connection& c) -> absl::Status {
    CHECK(Value(Things().Select(c, "things WHERE shelf = ?", 4)).size() == 1);
    RETURN_IF_ERROR(Things().Delete(c, thing.id));
    CHECK_FALSE(Value(Things().Find(c, thing.id)).has_value());
    return absl::OkStatus();
  }));
}

TEST_CASE("an update writes what may change and counts the version on", "[store]") {
  Shop shop;
  Thing thing = MakeThing();
  REQUIRE_OK(shop.Write([&](Connection& c) { return Insert(c, thing); }));
  thing.colour = Colour::kRed;
  thing.size.width = 9;
  thing.sold.reset();
  thing.labels.clear();
  REQUIRE_OK(shop.Write([&](Connection& c) { return Things().Update(c, thing); }));
  CHECK(thing.version == 8);
  CheckSame(shop.Get(thing.id), thing);
  Thing other_maker = thing;
  other_maker.made_by = "nobody";
  REQUIRE_OK(shop.Write([&](Connection& c) { return Things().Update(c, other_maker); }));
  CHECK(shop.Get(thing.id).made_by == "a smith");
}

TEST_CASE("the second of two updates of one reading is aborted and changes nothing", "[store]") {
  Shop shop;
  Thing first = MakeThing(), second = first;
  REQUIRE_OK(shop.Write([&](Connection& c) { return Insert(c, first); }));
  first.size.width = 1;
  second.size.width = 2;
  REQUIRE_OK(shop.Write([&](Connection& c) { return Things().Update(c, first); }));
  const absl::Status lost = shop.Write([&](Connection& c) { return Things().Update(c, second); });
  CHECK(absl::IsAborted(lost));
  CHECK(lost.message() == "thing vol-00000000000000001 was changed by someone else meanwhile");
  CHECK(second.version == 7);
  CheckSame(shop.Get(first.id), first);
}

TEST_CASE("a write of one column leaves the others and is noticed by an update of the row", "[store]") {
  Shop shop;
  Thing stale = MakeThing();
  REQUIRE_OK(shop.Write([&](Connection& c) { return Insert(c, stale); }));
  REQUIRE_OK(shop.Write([&](Connection& c) { return Things().Set(c, stale.id, &Thing::colour, Colour::kRed); }));
  Thing expected = stale;
  expected.colour = Colour::kRed;
  expected.version = 8;
  CheckSame(shop.Get(stale.id), expected);
  CHECK(absl::IsAborted(shop.Write([&](Connection& c) { return Things().Update(c, stale); })));
  const VolumeId unknown = Nth<VolumeId>("vol", 2);
  CHECK(shop.Write([&](Connection& c) { return Things().Set(c, unknown, &Thing::colour, Colour::kRed); }) ==
        unknown.NotFound());
}

TEST_CASE("a description that is not like its table is found out", "[store]") {
  Shop shop;
  REQUIRE_OK(shop.Write([](Connection& c) {
    CHECK(Faults(c, Things().Describe()).empty());
    const auto wrong = DescribeTable<Thing>("things", "thing", Key("made_by", &Thing::made_by),
                                            Column("width", &Thing::sold), Column("labels", &Thing::version),
                                            Column("sold", &Thing::version), Column("weight", &Thing::id));
    CHECK(Faults(c, wrong.Describe()) ==
          std::vector<std::string>{"things.made_by is a key that is not unique",
                                   "things.width may not be NULL, the field may", "things.labels is TEXT, not INTEGER",
                                   "things.sold may be NULL, the field may not", "things.weight is not there",
                                   "things.colour is not described", "things.id is not described",
                                   "things.shelf is not described", "things.version is not described"});
    return absl::OkStatus();
  }));
}

TEST_CASE("each repository's description is like its table, and no new table is without one", "[store]") {
  TempDir directory;
  const auto db = OpenOk(directory / "brume.db");
  REQUIRE_OK(db->Read([](Connection& c) {
    std::set<std::string> known = kNotDescribed;
    for (const TableDescription& description : Descriptions()) {
      CHECK(Faults(c, description) == std::vector<std::string>{});
      CHECK(known.insert(description.name).second);
    }
    std::set<std::string> tables;
    RETURN_IF_ERROR(
        c.Query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", [&](Row& row) {
          std::string name;
          row.Read(name);
          tables.insert(std::move(name));
        }));
    CHECK(tables == known);
    return absl::OkStatus();
  }));
}

}  // namespace brume::store
