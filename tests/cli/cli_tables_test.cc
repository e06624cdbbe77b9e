// Every table at the widths of two terminals, held to files in tests/cli/golden: samples in *.json, what is shown of
// them in *.txt. BRUME_GOLDEN_WRITE=1 writes the latter anew.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cli/api_schema.h"
#include "cli/args.h"
#include "cli/fill.h"
#include "cli/output.h"
#include "cli/output_json.h"
#include "cli/output_table.h"
#include "cli/shorthand.h"
#include "cli/table_columns.h"
#include "cli/text.h"
#include "nlohmann/json.hpp"

namespace brume::cli {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::Descriptor;

const Schema& Tables() {
  static const auto* const schema = LoadEmbeddedSchema()->release();
  return *schema;
}

const absl::Time kNow = absl::FromUnixSeconds(1'769'860'800);  // 2026-01-31T12:00:00Z

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// What a sample is an answer to: "describe-vpcs", "autoscaling describe-tags", or its type,
// "host.LookupEventsResponse".
const Descriptor* TypeOfSample(const std::string& name) {
  if (absl::EndsWith(name, "Response")) {
    const std::vector<std::string> parts = absl::StrSplit(name, '.');
    return Tables().pool().FindMessageTypeByName(absl::StrCat("brume.", parts[0], ".v1.", parts[1]));
  }
  const std::vector<std::string> words = absl::StrSplit(name, ' ');
  const ApiAction* action =
      words.size() == 2 ? Tables().FindActionOf(words[0], words[1]) : Tables().FindAction(words[0]);
  return action == nullptr ? nullptr : action->method->output_type();
}

std::string Shown(const Descriptor* type, const Json& sample, const TableStyle& style) {
  std::unique_ptr<google::protobuf::Message> message = Tables().NewMessage(type);
  const absl::Status filled = FillMessage(sample, "", message.get());
  INFO(filled.message());
  REQUIRE(filled.ok());
  return RenderTable(ToJson(*message), type, style);
}

std::map<std::string, Json> Samples() {
  std::map<std::string, Json> samples;
  for (const auto& file : std::filesystem::directory_iterator(BRUME_GOLDEN_DIRECTORY)) {
    if (file.path().extension() != ".json") continue;
    const Json parsed = Json::parse(ReadFile(file.path()));
    for (const auto& [name, sample] : parsed.items()) samples[name] = sample;
  }
  return samples;
}

// The types whose tables a sample shows.
void TablesIn(const Descriptor* type, const Json& sample, std::set<std::string>* shown) {
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (!field->is_repeated() || field->message_type() == nullptr || !sample.contains(MemberName(*field))) continue;
    if (const TableSpec* table = TableOf(field->message_type())) {
      shown->insert(table->type);
    } else {
      for (const Json& inner : sample[MemberName(*field)]) TablesIn(field->message_type(), inner, shown);
    }
  }
}

}  // namespace

TEST_CASE("every table is drawn as its golden file has it, at 80 and 160 columns", "[cli][tables]") {
  const bool write = std::getenv("BRUME_GOLDEN_WRITE") != nullptr;
  for (const auto& [name, sample] : Samples()) {
    const Descriptor* type = TypeOfSample(name);
    INFO(name);
    REQUIRE(type != nullptr);
    std::string drawn;
    for (int width : {80, 160}) {
      const std::string table = Shown(type, sample, {.width = width, .now = kNow});
      for (const absl::string_view line : absl::StrSplit(table, '\n')) CHECK(DisplayWidth(line) <= width);
      absl::StrAppend(&drawn, width == 80 ? "" : "\n", "== ", width, " columns ==\n", table);
    }
    absl::StrAppend(&drawn, "\n== wide ==\n", Shown(type, sample, {.width = 80, .wide = true, .now = kNow}));
    const std::filesystem::path golden =
        std::filesystem::path(BRUME_GOLDEN_DIRECTORY) / absl::StrCat(absl::StrReplaceAll(name, {{" ", "-"}}), ".txt");
    if (write) std::ofstream(golden) << drawn;
    CHECK(drawn == ReadFile(golden));
  }
}

TEST_CASE("every table has a sample, and every golden file too", "[cli][tables]") {
  std::set<std::string> shown, files;
  for (const auto& [name, sample] : Samples()) {
    TablesIn(TypeOfSample(name), sample, &shown);
    files.insert(absl::StrCat(absl::StrReplaceAll(name, {{" ", "-"}}), ".txt"));
  }
  // Lists within things that have tables of their own, which only single answers show.
  const std::set<std::string> elsewhere = {"ec2.VolumeAttachment"};
  for (const TableSpec& table : AllTables()) {
    INFO(table.type);
    CHECK((shown.count(table.type) > 0 || elsewhere.count(table.type) > 0));
  }
  for (const auto& file : std::filesystem::directory_iterator(BRUME_GOLDEN_DIRECTORY)) {
    if (file.path().extension() != ".txt") continue;
    INFO(file.path().string());
    CHECK(files.count(file.path().filename().string()) > 0);
  }
}

TEST_CASE("every column of a table is in the schema, and says so once", "[cli][tables]") {
  for (const TableSpec& table : AllTables()) {
    const std::vector<std::string> names = absl::StrSplit(table.type, '.');
    const Descriptor* type = Tables().pool().FindMessageTypeByName(absl::StrCat("brume.", names[0], ".v1.", names[1]));
    INFO(table.type);
    REQUIRE(type != nullptr);
    const auto check = [](const Descriptor* holder, const std::string& path) {
      if (path.empty() || path == "Tags[Name]") return;
      for (const absl::string_view member : absl::StrSplit(path, '.')) {
        INFO(path);
        REQUIRE(holder != nullptr);
        const auto* field = FindMember(holder, member);
        REQUIRE(field != nullptr);
        holder = field->message_type();
      }
    };
    for (const char* line : table.lines) check(type, line);
    for (const TableColumn& column : table.columns) {
      absl::string_view path = column.path;
      const bool of_line = absl::ConsumePrefix(&path, "/");
      CHECK(of_line <= (!table.lines.empty() || table.make_lines != nullptr));
      if (!of_line) check(type, std::string(path));
      for (const char* line : table.lines) {
        if (of_line && !path.empty()) check(FindMember(type, line)->message_type(), std::string(path));
      }
      CHECK((!column.format->state || column.may_cut_to == 0));
    }
  }
}

TEST_CASE("every list that an action answers with has a table made by hand", "[cli][tables]") {
  // Lists without one, and why.
  const std::map<std::string, std::string> exceptions = {
      {"ec2.AccountAttribute", "attributes of several values each, which the general table cannot show"},
      {"ec2.BlockDeviceMapping", "an attribute of one image, shown by name and value"},
      {"ec2.LaunchPermission", "an attribute of one image, shown by name and value"},
      {"ec2.InstanceBlockDeviceMapping", "an attribute of one instance, shown by name and value"},
      {"ec2.GroupIdentifier", "an attribute of one instance or interface, shown by name and value"},
      {"autoscaling.LoadForecast", "forecasts are never made, so the list is always empty"},
      {"iam.MFADevice", "never served with anything in it"},
      {"iam.VirtualMFADevice", "never served with anything in it"},
      {"iam.SigningCertificate", "never served with anything in it"},
      {"iam.SSHPublicKeyMetadata", "never served with anything in it"},
      {"iam.ServiceSpecificCredentialMetadata", "never served with anything in it"},
      {"ec2.EnableFastSnapshotRestoreErrorItem", "errors of a change"},
  };
  std::set<std::string> met;
  for (const ApiAction& action : Tables().actions()) {
    bool reads = false;
    for (const char* verb : {"Describe", "List", "Get"}) reads = reads || absl::StartsWith(action.api_name, verb);
    if (!reads) continue;
    const Descriptor* type = action.method->output_type();
    for (int i = 0; i < type->field_count(); ++i) {
      const auto* field = type->field(i);
      if (!field->is_repeated() || field->message_type() == nullptr) continue;
      const Descriptor* thing = field->message_type();
      // Reservations only hold instances.
      bool tabled = TableOf(thing) != nullptr;
      for (int member = 0; !tabled && member < thing->field_count(); ++member) {
        const auto* inner = thing->field(member);
        tabled = inner->is_repeated() && inner->message_type() != nullptr && TableOf(inner->message_type()) != nullptr;
      }
      if (tabled) continue;
      const std::string name = absl::StrReplaceAll(std::string(thing->full_name()), {{"brume.", ""}, {".v1.", "."}});
      INFO(action.api_name << " lists " << name);
      CHECK(exceptions.count(name) > 0);
      met.insert(name);
    }
  }
  met.insert("ec2.EnableFastSnapshotRestoreErrorItem");
  for (const auto& [name, reason] : exceptions) {
    INFO(name << ": " << reason);
    CHECK(met.count(name) > 0);
  }
}

TEST_CASE("states are coloured and never cut, and what is coloured is as wide as before", "[cli][tables]") {
  const Descriptor* type = TypeOfSample("describe-instances");
  const Json sample = Samples().at("describe-instances");
  for (int width = 34; width < 200; ++width) {
    const std::string plain = Shown(type, sample, {.width = width, .now = kNow});
    const std::string colored = Shown(type, sample, {.width = width, .color = true, .now = kNow});
    CHECK(absl::StrContains(plain, "shutting-down"));
    CHECK(absl::StrContains(plain, "i-0123456789abcdef2"));
    CHECK(absl::StrContains(colored, "\x1b[33mshutting-down\x1b[0m"));
    CHECK(absl::StrReplaceAll(colored, {{"\x1b[32m", ""}, {"\x1b[33m", ""}, {"\x1b[2m", ""}, {"\x1b[0m", ""}}) ==
          plain);
    for (const absl::string_view line : absl::StrSplit(plain, '\n')) CHECK(DisplayWidth(line) <= width);
  }
}

TEST_CASE("the output wide is a table, and --color is on, off or auto", "[cli][tables]") {
  const auto line = ParseCommandLine({"--output", "wide", "--color", "on", "describe-vpcs"}, false);
  REQUIRE(line.ok());
  CHECK(line->global.output == OutputFormat::kTable);
  CHECK(line->global.wide);
  CHECK(StyleOf(line->global).color);
  CHECK_FALSE(StyleOf({.endpoint = "", .color = "off"}).color);
  CHECK_FALSE(ParseCommandLine({"--color", "green", "describe-vpcs"}, false).ok());
}

TEST_CASE("an age has one unit, and a future one says so", "[cli][tables]") {
  const auto ago = [](absl::Duration age) { return Ago(kNow - age, kNow); };
  CHECK(ago(absl::ZeroDuration()) == "now");
  CHECK(ago(absl::Seconds(119)) == "119 s ago");
  CHECK(ago(absl::Minutes(2)) == "2 min ago");
  CHECK(ago(absl::Minutes(119)) == "119 min ago");
  CHECK(ago(absl::Hours(47)) == "47 h ago");
  CHECK(ago(absl::Hours(48)) == "2 d ago");
  CHECK(ago(absl::Hours(24 * 150)) == "5 months ago");
  CHECK(ago(absl::Hours(24 * 1000)) == "2 years ago");
  CHECK(ago(-absl::Hours(5)) == "in 5 h");
}

TEST_CASE("numbers are rounded to what a reader can use", "[cli][tables]") {
  CHECK(Rounded(12.345678) == "12.35");
  CHECK(Rounded(1234567.8) == "1234568");
  CHECK(Rounded(0.000123456) == "0.0001235");
  CHECK(Rounded(80) == "80");
  CHECK(Span(300) == "5 min");
  CHECK(Span(90) == "90 s");
  CHECK(Span(7200) == "2 h");
}

}  // namespace brume::cli
