// Records of flows, and how they are counted.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lib/ec2/network/flow_log_collector.h"
#include "lib/ec2/network/linux/flow_counts.h"
#include "lib/ec2/network/linux/flow_rules.h"
#include "lib/ec2/network/linux/host_flow_log_files.h"
#include "lib/resource/ec2_error.h"
#include "tests/support/temp_dir.h"

namespace brume::network {
namespace {

Ipv4 Ip(const char* text) { return Ipv4::Parse(text).value(); }

const absl::Time kStart = absl::FromUnixSeconds(1418530010), kEnd = absl::FromUnixSeconds(1418530070);

PortFlows Counted() {
  PortFlows port;
  port.eni = EniId::FromTrusted("eni-1235b8ca123456789");
  port.flows = {{.source = Ip("172.31.16.139"),
                 .destination = Ip("172.31.16.21"),
                 .source_port = 20641,
                 .destination_port = 22,
                 .protocol = 6,
                 .accepted = true,
                 .packets = 20,
                 .bytes = 4249},
                {.source = Ip("172.31.9.69"),
                 .destination = Ip("172.31.9.12"),
                 .source_port = 0,
                 .destination_port = 0,
                 .protocol = 1,
                 .accepted = false,
                 .packets = 1,
                 .bytes = 84}};
  return port;
}

FlowLog Log(FlowTraffic traffic, const char* format = kDefaultFlowFormat) {
  FlowLog log;
  log.traffic = traffic;
  log.format = format;
  return log;
}

std::string Records(const FlowLog& log, const PortFlows& port) {
  return FlowRecords(log, port, "123456789010", kStart, kEnd);
}

// The key of an element as the kernel has it.
std::string Key(const char* tap, const char* source, const char* destination, const std::string& rest) {
  std::string key(16, '\0');
  key.replace(0, std::strlen(tap), tap);
  for (const char* text : {source, destination}) {
    const uint32_t value = Ip(text).value;
    for (int shift = 24; shift >= 0; shift -= 8) key += static_cast<char>(value >> shift);
  }
  return key + rest;
}

struct Files {
  Files() { std::filesystem::create_directory(root / "logs"); }
  const TempDir root;
  const std::string directory = root.path();
};

}  // namespace

TEST_CASE("a record has version 2 of EC2's format", "[fabric]") {
  CHECK(Records(Log(FlowTraffic::kAll), Counted()) ==
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 "
        "ACCEPT OK\n"
        "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 0 0 1 1 84 1418530010 1418530070 REJECT OK\n");
  CHECK(Records(Log(FlowTraffic::kReject, "${dstaddr} ${action}"), Counted()) == "172.31.9.12 REJECT\n");
  CHECK(Records(Log(FlowTraffic::kAccept, "${dstaddr} ${action}"), Counted()) == "172.31.16.21 ACCEPT\n");
}

TEST_CASE("an interval without flows, or with some that were not counted, is a record too", "[fabric]") {
  PortFlows port = Counted();
  port.flows.clear();
  CHECK(Records(Log(FlowTraffic::kAll), port) ==
        "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1418530010 1418530070 - NODATA\n");
  port.skipped = true;
  CHECK(Records(Log(FlowTraffic::kAll), port) ==
        "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1418530010 1418530070 - SKIPDATA\n");
}

TEST_CASE("a format names fields of version 2 alone", "[fabric]") {
  CHECK(ParseFlowFormat(kDefaultFlowFormat)->size() == 14);
  CHECK(FlowHeader("${srcaddr}  ${log-status}") == "srcaddr log-status");
  for (const char* bad : {"", " ", "srcaddr", "${vpc-id}", "${srcaddr} ${pkt-srcaddr}", "${srcaddr", "${}"}) {
    INFO(bad);
    CHECK(ec2::ErrorCode(ParseFlowFormat(bad).status()) == "InvalidParameterValue");
  }
}

TEST_CASE("what began and did not pass was rejected", "[fabric]") {
  const std::string ports("\x50\xa1\0\0\0\x16\0\0", 8), icmp("\x01\0\0\0", 4);
  FlowCounts counts;
  counts.before[FlowKey::kTcp] = {{Key("bm1", "10.0.0.4", "10.0.0.5", ports), 5, 500}};
  counts.after[FlowKey::kTcp] = {{Key("bm1", "10.0.0.4", "10.0.0.5", ports), 3, 300}};
  counts.before[FlowKey::kOther] = {{Key("bm2", "10.0.0.6", "10.0.0.5", icmp), 2, 168}};
  counts.after[FlowKey::kOther] = {};
  // What was not counted at all is not told from what was rejected.
  counts.before[FlowKey::kOther].push_back({Key("bm3", "10.0.0.6", "10.0.0.5", icmp), 2, 168});
  counts.skipped = {{std::string("bm3\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), 9, 900}};
  const FlowsByTap found = FlowsOf(counts);
  CHECK(found.skipped == std::vector<std::string>{"bm3"});
  CHECK_FALSE(found.flows.contains("bm3"));
  const Flow passed{.source = Ip("10.0.0.4"),
                    .destination = Ip("10.0.0.5"),
                    .source_port = 20641,
                    .destination_port = 22,
                    .protocol = 6,
                    .accepted = true,
                    .packets = 3,
                    .bytes = 300};
  Flow stopped = passed;
  stopped.accepted = false;
  stopped.packets = 2;
  stopped.bytes = 200;
  CHECK(found.flows.at("bm1") == std::vector<Flow>{passed, stopped});
  CHECK(found.flows.at("bm2").front().protocol == 1);
  CHECK_FALSE(found.flows.at("bm2").front().accepted);
}

TEST_CASE("a flow of IPv6 is one of its own addresses", "[fabric]") {
  const Ipv6 from = Ipv6::Parse("fd00:b:c:d101::4").value(), to = Ipv6::Parse("2001:db8::5").value();
  const auto key = [&](const std::string& rest) {
    std::string text(16, '\0');
    text.replace(0, 3, "bm1");
    for (const Ipv6& address : {from, to}) text.append(address.bytes.begin(), address.bytes.end());
    return text + rest;
  };
  FlowCounts counts;
  counts.before[FlowKey::kUdp6] = {{key(std::string("\x50\xa1\0\0\0\x35\0\0", 8)), 5, 500}};
  counts.after[FlowKey::kUdp6] = counts.before[FlowKey::kUdp6];
  counts.before[FlowKey::kOther6] = {{key(std::string("\x3a\0\0\0", 4)), 2, 208}};
  counts.after[FlowKey::kOther6] = {};
  // Too short to be a key of such a set.
  counts.before[FlowKey::kTcp6] = {{key("").substr(0, 30), 1, 60}};
  counts.after[FlowKey::kTcp6] = {};
  FlowsByTap found = FlowsOf(counts);
  const Flow passed{.source = from,
                    .destination = to,
                    .source_port = 20641,
                    .destination_port = 53,
                    .protocol = 17,
                    .accepted = true,
                    .packets = 5,
                    .bytes = 500};
  const Flow stopped{.source = from, .destination = to, .protocol = 58, .accepted = false, .packets = 2, .bytes = 208};
  CHECK(found.flows.at("bm1") == std::vector<Flow>{passed, stopped});
  PortFlows port = Counted();
  port.flows = found.flows.at("bm1");
  CHECK(Records(Log(FlowTraffic::kAll, "${srcaddr} ${dstaddr} ${protocol} ${action}"), port) ==
        "fd00:b:c:d101::4 2001:db8::5 17 ACCEPT\nfd00:b:c:d101::4 2001:db8::5 58 REJECT\n");
}

TEST_CASE("a port more or less to count is an element, and the family is one chain", "[fabric]") {
  CHECK(ChangeFlowPorts({{"bm1", true}}, {{"bm1", true}, {"bm2", false}}) ==
        "add element inet brume_flows logged { \"bm2\" }\n");
  CHECK(ChangeFlowPorts({{"bm1", true}}, {{"bm1", false}}) == "delete element inet brume_flows judged { \"bm1\" }\n");
  CHECK(absl::StrContains(UseFamily(FlowFamily::kB), "jump before_iifname_b\n"));
  CHECK(std::vector<std::string>(absl::StrSplit(EmptyFamily(FlowFamily::kA), '\n', absl::SkipEmpty())).size() == 13);
}

TEST_CASE("a flow log's file is read by nobody else, is rotated, and is read on over that", "[fabric]") {
  Files at;
  HostFlowLogFiles files({.directories = {at.directory}, .max_file_bytes = 40, .max_old_files = 2});
  const FlowLogPlace place{.bucket = "logs", .key = "a/b/fl-1.log"};
  CHECK(files.Check("logs").ok());
  CHECK(files.Read(place, "head", "")->lines.empty());
  REQUIRE(files.Append(place, "head", "one 1\none 2\n").ok());
  struct stat info = {};
  REQUIRE(stat((at.directory + "/logs/a/b/fl-1.log").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
  const FlowLogText first = *files.Read(place, "head", "");
  CHECK(first.lines == std::vector<std::string>{"one 1", "one 2"});
  CHECK(files.Read(place, "head", first.position)->lines.empty());
  REQUIRE(files.Append(place, "head", "two, which does not fit any more\n").ok());
  CHECK(std::filesystem::exists(at.directory + "/logs/a/b/fl-1.log.1"));
  const FlowLogText second = *files.Read(place, "head", first.position);
  CHECK(second.lines == std::vector<std::string>{"two, which does not fit any more"});
  for (const char* more : {"three, which is as long as that\n", "four, which is as long as those\n"}) {
    REQUIRE(files.Append(place, "head", more).ok());
  }
  CHECK_FALSE(std::filesystem::exists(at.directory + "/logs/a/b/fl-1.log.3"));
  // What was put aside and evicted meanwhile is left out.
  CHECK(files.Read(place, "head", first.position)->lines.front() == "two, which does not fit any more");
}

TEST_CASE("a flow log is written to no bucket that is a link or not there, and through no link", "[fabric]") {
  Files at;
  HostFlowLogFiles files({.directories = {at.directory + "/none", at.directory}});
  std::filesystem::create_directory_symlink("/tmp", at.directory + "/link");
  std::filesystem::create_directory_symlink("/tmp", at.directory + "/logs/out");
  std::filesystem::create_symlink("/tmp/brume-flow-target", at.directory + "/logs/fl-2.log");
  CHECK(absl::IsNotFound(files.Check("other")));
  for (const char* bad : {"link", "..", ".", "", "logs/a"}) {
    INFO(bad);
    CHECK(absl::IsInvalidArgument(files.Check(bad)));
  }
  CHECK_FALSE(files.Append({.bucket = "logs", .key = "out/fl-1.log"}, "head", "x\n").ok());
  CHECK_FALSE(files.Append({.bucket = "logs", .key = "fl-2.log"}, "head", "x\n").ok());
  CHECK_FALSE(std::filesystem::exists("/tmp/brume-flow-target"));
}

}  // namespace brume::network
