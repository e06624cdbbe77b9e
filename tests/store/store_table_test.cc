// Tables that are described once: the mechanism itself. See store_descriptions_test.cc for the repositories.
#include <functional>
#include <tuple>

#include "absl/strings/match.h"
#include "lib/store/json_text.h"
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
          "shelf INTEGER NOT NULL) STRICT; "
          "CREATE TABLE parts (number INTEGER PRIMARY KEY, thing TEXT NOT NULL, place INTEGER NOT NULL, "
          "age INTEGER NOT NULL, period INTEGER NOT NULL, ended INTEGER, bytes BLOB NOT NULL, "
          "UNIQUE (thing, place)) STRICT");
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

// A part of a thing; what SQLite numbers; and fields that are kept as other types.
struct Part {
  std::string thing;
  int place = 0;
  int64_t number = 0;
  absl::Duration age = absl::ZeroDuration();
  absl::Duration period = absl::ZeroDuration();
  absl::Time ended = absl::InfiniteFuture();
  std::string bytes;
};
const auto& Parts() {
  static const auto table = DescribeTable<Part>(
      "parts", "part", Key("thing", &Part::thing), Key("place", &Part::place), Assigned("number", &Part::number),
      Column("age", &Part::age), Encoded<WholeSeconds>("period", &Part::period),
      Encoded<OpenEnd>("ended", &Part::ended), FixedEncoded<Bytes>("bytes", &Part::bytes));
  return table;
}
Part MakePart(int place) {
  return {.thing = "t", .place = place, .age = absl::Microseconds(5), .period = absl::Minutes(2), .bytes = "a\0b"};
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

TEST_CASE("a column that is kept as another type is not written alone as it is in memory", "[store]") {
  Shop shop;
  const Thing thing = MakeThing();
  REQUIRE_OK(shop.Write([&](Connection& c) { return Insert(c, thing); }));
  const auto table = DescribeTable<Thing>("things", "thing", Key("id", &Thing::id), Version(&Thing::version),
                                          Encoded<Bytes>("made_by", &Thing::made_by));
  CHECK_FALSE(shop.Write([&](Connection& c) { return table.Set(c, thing.id, &Thing::made_by, "another"); }).ok());
  CheckSame(shop.Get(thing.id), thing);
}

TEST_CASE("a description that is not like its table is found out", "[store]") {
  Shop shop;
  REQUIRE_OK(shop.Write([](Connection& c) {
    const auto half_key = DescribeTable<Part>(
        "parts", "part", Key("place", &Part::place), Assigned("age", &Part::number), Key("thing", &Part::thing),
        Unmapped("number"), Unmapped("period"), Unmapped("ended"), Unmapped("bytes"));
    CHECK(Faults(c, half_key.Describe()) == std::vector<std::string>{"parts.age is not given by SQLite",
                                                                     "parts.place,thing is a key that is not unique"});
    CHECK(Faults(c, Things().Describe()).empty());
    const auto wrong = DescribeTable<Thing>("things", "thing", Key("made_by", &Thing::made_by),
                                            Column("width", &Thing::sold), Column("labels", &Thing::version),
                                            Column("sold", &Thing::version), Column("weight", &Thing::id));
    CHECK(Faults(c, wrong.Describe()) ==
          std::vector<std::string>{"things.width may not be NULL, the field may", "things.labels is TEXT, not INTEGER",
                                   "things.sold may be NULL, the field may not", "things.weight is not there",
                                   "things.made_by is a key that is not unique", "things.colour is not described",
                                   "things.id is not described", "things.shelf is not described",
                                   "things.version is not described"});
    return absl::OkStatus();
  }));
}

TEST_CASE("an update of some columns leaves the others, and is refused to a stale copy too", "[store]") {
  Shop shop;
  Thing first = MakeThing();
  REQUIRE_OK(shop.Write([&](Connection& c) { return Insert(c, first); }));
  Thing stale = first;
  first.size.width = 1;
  first.colour = Colour::kRed;
  REQUIRE_OK(shop.Write([&](Connection& c) { return Things().Update(c, first, {"width"}); }));
  CHECK(first.version == 8);
  CHECK(absl::IsAborted(shop.Write([&](Connection& c) { return Things().Update(c, stale, {"colour"}); })));
  Thing expected = MakeThing();
  expected.size.width = 1;
  expected.version = 8;
  CheckSame(shop.Get(first.id), expected);
}

TEST_CASE("a row of several keys is put, found and deleted by all of them, and numbered by SQLite", "[store]") {
  Shop shop;
  REQUIRE_OK(shop.Write([](Connection& c) -> absl::Status {
    for (const int place : {1, 2}) RETURN_IF_ERROR(Parts().Put(c, MakePart(place)));
    CHECK(c.inserted_row() == 2);
    Part second = MakePart(2);
    second.ended = kNow;
    second.bytes = "never written again";
    RETURN_IF_ERROR(Parts().Put(c, second));
    const std::string thing = "t";
    const Part found = Value(Parts().Find(c, std::tuple(thing, 2))).value();
    CHECK(found.number == 2);
    CHECK(found.ended == kNow);
    CHECK(found.age == absl::Microseconds(5));
    CHECK(found.period == absl::Minutes(2));
    CHECK(found.bytes == MakePart(2).bytes);
    RETURN_IF_ERROR(Parts().Delete(c, std::tuple(thing, 2)));
    const std::vector<Part> left = Value(Parts().Select(c, "parts WHERE ended IS NULL"));
    REQUIRE(left.size() == 1);
    CHECK(left.front().place == 1);
    CHECK(left.front().ended == absl::InfiniteFuture());
    // One that is gone is not made again.
    RETURN_IF_ERROR(Parts().Overwrite(c, second));
    CHECK(Value(Parts().Select(c, "parts")).size() == 1);
    CHECK(Faults(c, Parts().Describe()).empty());
    return absl::OkStatus();
  }));
}

TEST_CASE("a damaged column is data loss, named by table, row and column, and never half a row", "[store]") {
  for (const std::string damage : {"", "[", "{}", "[1]", "null", "\"heavy\""}) {
    INFO(damage);
    Shop shop;
    const Thing thing = MakeThing();
    REQUIRE_OK(shop.Write([&](Connection& c) { return Insert(c, thing); }));
    REQUIRE_OK(shop.Write([&](Connection& c) { return c.Run("UPDATE things SET labels = ?", damage); }));
    REQUIRE_OK(shop.db->Read([&](Connection& c) {
      const absl::Status read = Things().Get(c, thing.id).status();
      CHECK(absl::IsDataLoss(read));
      CHECK(absl::StrContains(read.message(),
                              "the column things.labels of the thing vol-00000000000000001 is damaged: not JSON"));
      CHECK(!absl::StrContains(read.message(), "heavy"));
      CHECK(absl::IsDataLoss(Things().Select(c, "things").status()));
      return absl::OkStatus();
    }));
  }
}

}  // namespace brume::store
