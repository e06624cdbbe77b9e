// CBOR and JSON as messages, by bytes: the examples of RFC 8949, what is refused, and what answers look like.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "brume/cloudwatch/v1/alarm.pb.h"
#include "brume/cloudwatch/v1/metric.pb.h"
#include "brume/ec2/v1/vpc.pb.h"
#include "lib/frontend/query/cbor.h"
#include "lib/frontend/query/decode_cbor.h"
#include "lib/frontend/query/encode_cbor.h"
#include "lib/frontend/query/json_to_cbor.h"
#include "lib/resource/ec2_error.h"

namespace brume::frontend {
namespace {

const google::protobuf::MethodDescriptor& Method(const std::string& name) {
  const auto* found =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName("brume.cloudwatch.v1.Metrics." + name);
  REQUIRE(found != nullptr);
  return *found;
}

std::string Hex(absl::string_view hex) { return absl::HexStringToBytes(hex); }

CborItem Item(absl::string_view hex) {
  const std::string bytes = Hex(hex);
  CborReader reader(bytes);
  const absl::StatusOr<CborItem> item = reader.Next();
  INFO(hex);
  REQUIRE(item.ok());
  CHECK(reader.AtEnd());
  return *item;
}

bool IsRefused(absl::string_view bytes) {
  CborReader reader(bytes);
  const absl::Status status = reader.Next().status();
  return ec2::ErrorCode(status) == "SerializationException";
}

// "" when it is taken.
std::string PutCode(absl::string_view cbor) {
  cloudwatch::v1::PutMetricDataRequest request;
  return ec2::ErrorCode(DecodeCbor(cbor, Method("PutMetricData"), request));
}
std::string PutJsonCode(absl::string_view json) {
  cloudwatch::v1::PutMetricDataRequest request;
  return ec2::ErrorCode(DecodeJson(json, Method("PutMetricData"), request));
}

// A request with all that CloudWatch's have: texts, numbers, lists, structures, a time.
std::string Put(absl::string_view timestamp) {
  CborWriter cbor;
  cbor.Map(2);
  cbor.Text("Namespace");
  cbor.Text("Shop");
  cbor.Text("MetricData");
  cbor.Array(1);
  cbor.Map(4);
  cbor.Text("MetricName");
  cbor.Text("Körbe");
  cbor.Text("Values");
  cbor.Array(2);
  cbor.Double(1.5);
  cbor.Integer(-2);
  cbor.Text("StorageResolution");
  cbor.Integer(60);
  cbor.Text("Timestamp");
  return absl::StrCat(cbor.bytes(), Hex(timestamp));
}

}  // namespace

// Source: RFC 8949, appendix A.
TEST_CASE("the examples of the RFC are read as what they say", "[cbor]") {
  const std::pair<const char*, int64_t> integers[] = {{"00", 0},
                                                      {"17", 23},
                                                      {"1818", 24},
                                                      {"1903e8", 1000},
                                                      {"1a000f4240", 1000000},
                                                      {"20", -1},
                                                      {"3863", -100},
                                                      {"3903e7", -1000},
                                                      {"1b000000e8d4a51000", 1000000000000},
                                                      {"1b7fffffffffffffff", std::numeric_limits<int64_t>::max()},
                                                      {"3b7fffffffffffffff", std::numeric_limits<int64_t>::min()}};
  for (const auto& [hex, value] : integers) {
    CHECK(Item(hex).type == CborType::kInteger);
    CHECK(Item(hex).integer == value);
  }
  const double infinity = std::numeric_limits<double>::infinity();
  const std::pair<const char*, double> numbers[] = {{"f90000", 0.0},
                                                    {"f93c00", 1.0},
                                                    {"fb3ff199999999999a", 1.1},
                                                    {"f93e00", 1.5},
                                                    {"f97bff", 65504.0},
                                                    {"fa47c35000", 100000.0},
                                                    {"f90001", 5.960464477539063e-8},
                                                    {"f90400", 0.00006103515625},
                                                    {"f9c400", -4.0},
                                                    {"fbc010666666666666", -4.1},
                                                    {"f97c00", infinity},
                                                    {"f9fc00", -infinity},
                                                    {"fa7f800000", infinity},
                                                    {"1bffffffffffffffff", 18446744073709551615.0},
                                                    {"3bffffffffffffffff", -18446744073709551616.0}};
  for (const auto& [hex, value] : numbers) {
    CHECK(Item(hex).type == CborType::kDouble);
    CHECK(Item(hex).number == value);
  }
  CHECK(std::isnan(Item("f97e00").number));
  CHECK(Item("f5").truth);
  CHECK_FALSE(Item("f4").truth);
  CHECK(Item("f6").type == CborType::kNull);
  CHECK(Item("f7").type == CborType::kNull);
  CHECK(Item("6449455446").text == "IETF");
  CHECK(Item("62c3bc").text == "ü");
  CHECK(Item("4401020304").type == CborType::kBytes);
  CHECK(Item("7f657374726561646d696e67ff").text == "streaming");
  CHECK(Item("5f42010243030405ff").text == "\x01\x02\x03\x04\x05");
  CHECK(Item("9819").size == 25);  // of an array's beginning
  CHECK(Item("bf").endless);
}

TEST_CASE("what is written is read as it was", "[cbor]") {
  for (const int64_t value :
       {int64_t{0}, int64_t{23}, int64_t{24}, int64_t{255}, int64_t{256}, int64_t{65536}, int64_t{1} << 32,
        std::numeric_limits<int64_t>::max(), int64_t{-1}, int64_t{-25}, std::numeric_limits<int64_t>::min()}) {
    CborWriter cbor;
    cbor.Integer(value);
    CHECK(Item(absl::BytesToHexString(cbor.bytes())).integer == value);
  }
}

TEST_CASE("what is no CBOR is refused, and lengths beyond the body cost nothing", "[cbor]") {
  for (const char* hex : {"",
                          "18",
                          "1901",
                          "1a000000",
                          "1c",
                          "3d",
                          "5e",
                          "61",
                          "6261",
                          "7bffffffffffffffff61",
                          "5bffffffffffffffff",
                          "1f",
                          "3f",
                          "df",
                          "f8",
                          "f800",
                          "f820",
                          "61ff",
                          "62c328",
                          "7f6161",
                          "7f4161ff",
                          "5f6161ff",
                          "7f7f6161ffff",
                          "dbffffffffffffffff"}) {
    INFO(hex);
    CHECK(IsRefused(Hex(hex)));
  }
}

TEST_CASE("a structure of CBOR becomes the request by the members' names", "[cbor]") {
  for (const char* time : {"c11a693a1d00", "c1fb41da4e8740000000", "c1fa4ed2743a"}) {
    cloudwatch::v1::PutMetricDataRequest request;
    const absl::Status status = DecodeCbor(Put(time), Method("PutMetricData"), request);
    INFO(time << ": " << status.ToString());
    REQUIRE(status.ok());
    CHECK(request.namespace_() == "Shop");
    REQUIRE(request.metric_data_size() == 1);
    CHECK(request.metric_data(0).metric_name() == "Körbe");
    CHECK(request.metric_data(0).values(0) == 1.5);
    CHECK(request.metric_data(0).values(1) == -2);
    CHECK(request.metric_data(0).storage_resolution() == 60);
    CHECK(request.metric_data(0).timestamp().size() == 24);
  }
  cloudwatch::v1::PutMetricDataRequest request;
  REQUIRE(DecodeCbor(Put("c1fb41da4e87400353f8"), Method("PutMetricData"), request).ok());
  CHECK(request.metric_data(0).timestamp() == "2025-12-11T01:23:12.052Z");
  // Endless ones, texts in pieces, null and undefined for what is not given.
  cloudwatch::v1::PutMetricDataRequest endless;
  REQUIRE(DecodeCbor(Hex("bf7f644e616d65657370616365ff6153"
                         "6a4d6574726963446174619fbf6556616c7565f93c0064556e6974f66954696d657374616d70f7ffffff"),
                     Method("PutMetricData"), endless)
              .ok());
  CHECK(endless.namespace_() == "S");
  CHECK(endless.metric_data(0).value() == 1);
  CHECK_FALSE(endless.metric_data(0).has_unit());
  CHECK(PutCode("").empty());
  CHECK(PutCode(Hex("a0")).empty());
}

TEST_CASE("a request of CBOR that is cut anywhere is refused", "[cbor]") {
  const std::string whole = Put("c11a693a1d00");
  CHECK(PutCode(whole).empty());
  for (size_t size = 1; size < whole.size(); ++size) {
    CHECK(PutCode(absl::string_view(whole).substr(0, size)) == "SerializationException");
  }
  CHECK(PutCode(whole + "x") == "SerializationException");
}

TEST_CASE("values of other types than the members', unknown members and repeated ones are refused", "[cbor]") {
  const std::pair<const char*, const char*> bad[] = {
      {"80", "SerializationException"},                        // a list
      {"a1016153", "SerializationException"},                  // a name that is a number
      {"a1666e6f6e6f6e6f01", "UnknownParameter"},              //
      {"a1696e616d6573706163656153", "UnknownParameter"},      // "namespace"
      {"a1694e616d65737061636501", "SerializationException"},  // a number for a text
      {"a2694e616d6573706163656153694e616d6573706163656153", "SerializationException"},
      {"a16a4d65747269634461746101", "SerializationException"},                            // a number for a list
      {"a16a4d65747269634461746181f6", "SerializationException"},                          // null in a list
      {"a16a4d657472696344617461816153", "SerializationException"},                        // a text for a structure
      {"a16a4d65747269634461746181a16556616c75656131", "SerializationException"},          // "1" for a number
      {"a16a4d65747269634461746181a16556616c7565f97e00", "InvalidParameterValue"},         // NaN
      {"a16a4d65747269634461746181a16556616c7565f97c00", "InvalidParameterValue"},         // infinity
      {"a16a4d65747269634461746181a16954696d657374616d7000", "SerializationException"},    // a time without its tag
      {"a16a4d65747269634461746181a16954696d657374616d70c001", "SerializationException"},  // or with another
      {"a16a4d65747269634461746181a16954696d657374616d70c1f97e00", "InvalidParameterValue"},
      {"a16a4d65747269634461746181a16954696d657374616d70c11b7fffffffffffffff", "InvalidParameterValue"},
      {"a16a4d65747269634461746181a17153746f726167655265736f6c7574696f6ef93e00", "SerializationException"},  // 1.5
      {"a16a4d65747269634461746181a17153746f726167655265736f6c7574696f6e1a80000000", "SerializationException"},
      {"a1ff", "SerializationException"},  // a break where none may be
      {"bf694e616d657370616365ff", "SerializationException"}};
  for (const auto& [hex, code] : bad) {
    INFO(hex);
    CHECK(PutCode(Hex(hex)) == code);
  }
  // Integers that a client's numbers, all doubles, stand for.
  CHECK(PutCode(Hex("a16a4d65747269634461746181a17153746f726167655265736f6c7574696f6efb404e000000000000")).empty());
}

TEST_CASE("many small values and deep nesting are bounded", "[cbor]") {
  const std::string head = Hex("a16a4d6574726963446174619a00100000");
  CHECK(PutCode(head + std::string(1 << 20, '\xa0')) == "SerializationException");
  CHECK(PutCode(head + std::string(1 << 20, '\x81')) == "SerializationException");
  CHECK(PutJsonCode(std::string(1 << 20, '[')) == "SerializationException");
  CHECK(PutJsonCode("{\"MetricData\":" + std::string(1 << 20, '[')) == "SerializationException");
}

TEST_CASE("JSON becomes the request by the same names, with times as numbers", "[cbor]") {
  cloudwatch::v1::PutMetricDataRequest request;
  const absl::Status status = DecodeJson(
      R"({"Namespace":"Shop","MetricData":[{"MetricName":"\u00fc","Value":1e2,"Timestamp":1765416192.052,
          "Counts":[1,2.5],"Unit":null}]})",
      Method("PutMetricData"), request);
  INFO(status.ToString());
  REQUIRE(status.ok());
  CHECK(request.namespace_() == "Shop");
  CHECK(request.metric_data(0).metric_name() == "ü");
  CHECK(request.metric_data(0).value() == 100);
  CHECK(request.metric_data(0).counts_size() == 2);
  CHECK(request.metric_data(0).timestamp() == "2025-12-11T01:23:12.052Z");
  CHECK(PutJsonCode(" ").empty());
  for (const auto& [json, code] :
       {std::pair("{", "SerializationException"), std::pair("[]", "SerializationException"),
        std::pair("{} x", "SerializationException"), std::pair("\xff", "SerializationException"),
        std::pair("{\"Namespace\":\"\xff\"}", "SerializationException"),
        std::pair("{\"Namespace\":1}", "SerializationException"),
        std::pair("{\"Namespace\":\"a\",\"Namespace\":\"a\"}", "SerializationException"),
        std::pair("{\"Colour\":1}", "UnknownParameter"),
        std::pair("{\"MetricData\":[{\"Value\":1e999}]}", "SerializationException"),
        std::pair("{\"MetricData\":[{\"Timestamp\":\"2026-01-01\"}]}", "SerializationException"),
        std::pair("{\"MetricData\":[{\"Timestamp\":1e300}]}", "InvalidParameterValue")}) {
    INFO(json);
    CHECK(PutJsonCode(json) == code);
  }
}

TEST_CASE("an answer has lists, maps, times and numbers as each protocol writes them", "[cbor]") {
  cloudwatch::v1::GetMetricStatisticsResponse response;
  response.set_label("L\n\"");
  auto& point = *response.add_datapoints();
  point.set_timestamp("2025-12-11T01:23:12.052Z");
  point.set_sum(7.5);
  auto& percentile = *point.add_extended_statistics();
  percentile.set_key("p50");
  percentile.set_value(3);
  CHECK(EncodeJson(Method("GetMetricStatistics"), response) ==
        R"({"Label":"L\n\"","Datapoints":[{"Timestamp":1765416192.052,"Sum":7.5,"ExtendedStatistics":{"p50":3}}]})");
  CHECK(absl::BytesToHexString(EncodeCbor(Method("GetMetricStatistics"), response)) ==
        "a2"
        "654c6162656c"
        "634c0a22"
        "6a44617461706f696e7473"
        "81"
        "a3"
        "6954696d657374616d70"
        "c1fb41da4e87400353f8"
        "6353756d"
        "fb401e000000000000"
        "72457874656e64656453746174697374696373"
        "a1"
        "63703530"
        "fb4008000000000000");
  response.mutable_datapoints(0)->set_timestamp("2025-12-11T01:23:12.000Z");
  response.mutable_datapoints(0)->clear_extended_statistics();
  CHECK(EncodeJson(Method("GetMetricStatistics"), response) ==
        R"({"Label":"L\n\"","Datapoints":[{"Timestamp":1765416192,"Sum":7.5,"ExtendedStatistics":{}}]})");
  // Lists are there when they are empty, and an action that has nothing to tell says so.
  CHECK(EncodeJson(Method("ListMetrics"), cloudwatch::v1::ListMetricsResponse()) == R"({"Metrics":[]})");
  CHECK(EncodeCbor(Method("ListMetrics"), cloudwatch::v1::ListMetricsResponse()) == Hex("a1674d65747269637380"));
  CHECK(EncodeJson(Method("PutMetricData"), cloudwatch::v1::PutMetricDataResponse()) == "{}");
  CHECK(EncodeCbor(Method("PutMetricData"), cloudwatch::v1::PutMetricDataResponse()) == Hex("a0"));
}

TEST_CASE("an empty list that the schema leaves out of answers is left out in every protocol", "[cbor]") {
  const auto* describe =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName("brume.ec2.v1.Vpcs.DescribeVpcs");
  REQUIRE(describe != nullptr);
  ec2::v1::DescribeVpcsResponse response;
  response.add_vpcs()->set_vpc_id("vpc-1");
  const std::string without = EncodeJson(*describe, response);
  CHECK(without.find("CidrBlockAssociationSet") != std::string::npos);
  CHECK(without.find("Tags") == std::string::npos);
  CHECK(EncodeCbor(*describe, response).find("Tags") == std::string::npos);
  ec2::v1::Tag& tag = *response.mutable_vpcs(0)->add_tags();
  tag.set_key("Name");
  CHECK(EncodeJson(*describe, response).find(R"("Key":"Name")") != std::string::npos);
  CHECK(EncodeCbor(*describe, response).find("Key") != std::string::npos);
}

}  // namespace brume::frontend
