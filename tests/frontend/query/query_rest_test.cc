// The EBS direct APIs in REST-JSON, over a socket: methods, paths, headers, bodies and errors.
#include <catch2/catch.hpp>
#include <string>

#include "brume/ebs/v1/block.pb.h"
#include "lib/frontend/query/rest.h"
#include "tests/frontend/query/query_fixture.h"

namespace brume {
namespace {

using Catch::Contains;
using Catch::StartsWith;

constexpr char kSignedForEbs[] = "Authorization: Credential=AKIA/20260101/us-east-1/ebs/aws4_request ebs us-east-1\r\n";

struct RestFixture : QueryFixture {
  RestFixture() {
    gateway::Actions actions(dispatcher);
    actions.Add(
        [](const ebs::v1::GetSnapshotBlockRequest& request) -> absl::StatusOr<ebs::v1::GetSnapshotBlockResponse> {
          if (request.block_token() != "tok/en+=") {
            return ec2::Error("ValidationException.INVALID_BLOCK_TOKEN", "The block token is not one.");
          }
          ebs::v1::GetSnapshotBlockResponse response;
          response.set_block_data(std::string("a\0\xff", 3));
          response.set_data_length(request.block_index());
          response.set_checksum("sum=");
          return response;
        });
    actions.Add(
        [](const ebs::v1::PutSnapshotBlockRequest& request) -> absl::StatusOr<ebs::v1::PutSnapshotBlockResponse> {
          ebs::v1::PutSnapshotBlockResponse response;
          response.set_checksum(absl::StrCat(request.snapshot_id(), "/", request.block_index(), "/",
                                             request.block_data(), "/", request.data_length(), "/",
                                             request.checksum()));
          return response;
        });
    actions.Add([](const ebs::v1::StartSnapshotRequest& request) -> absl::StatusOr<ebs::v1::StartSnapshotResponse> {
      if (request.description() == "gone") {
        return ec2::Error("ResourceNotFoundException.SNAPSHOT_NOT_FOUND", "It does not exist.");
      }
      if (request.description() == "no") return ec2::Error("UnauthorizedOperation", "You may not.");
      if (request.description() == "lost") return absl::InternalError("a secret");
      ebs::v1::StartSnapshotResponse response;
      response.set_volume_size(request.volume_size());
      response.set_start_time("2026-01-01T00:00:00.000Z");
      return response;
    });
    Serve();
  }
  std::string Send(const std::string& line, const std::string& headers = "", const std::string& body = "") {
    return Ask(absl::StrCat(line, " HTTP/1.1\r\nHost: localhost\r\n", kSignedForEbs, headers,
                            "Content-Length: ", body.size(), "\r\n\r\n", body));
  }
};

constexpr char kBlockPath[] = "/snapshots/snap-0123456789abcdef0/blocks/7";

}  // namespace

TEST_CASE("every rpc in REST-JSON has a route with a place for each label", "[query]") {
  int routes = 0;
  for (const auto* service : schema::Services()) {
    if (!schema::Family(*service).rest) continue;
    for (int i = 0; i < service->method_count(); ++i) {
      const frontend::RestRoute route = frontend::RouteOf(*service->method(i));
      INFO(service->method(i)->name());
      CHECK((route.verb == "GET" || route.verb == "POST" || route.verb == "PUT"));
      CHECK(route.status >= 200);
      CHECK(route.status < 300);
      for (const std::string& part : route.parts) {
        if (part[0] != '{') continue;
        const std::string wanted = absl::StrCat("uri ", part.substr(1, part.size() - 2));
        const auto& input = *route.method->input_type();
        int places = 0;
        for (int k = 0; k < input.field_count(); ++k) {
          places += input.field(k)->options().GetExtension(rpc::v1::http_field) == wanted;
        }
        CHECK(places == 1);
      }
      ++routes;
    }
  }
  CHECK(routes == 6);
}

TEST_CASE("a block is the answer's body, and what goes with it its headers", "[query]") {
  RestFixture fixture;
  const std::string answer = fixture.Send(absl::StrCat("GET ", kBlockPath, "?blockToken=tok%2Fen%2B%3D"));
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 ") && Contains("Content-Type: application/octet-stream\r\n"));
  CHECK_THAT(answer, Contains("x-amz-Data-Length: 7\r\n") && Contains("x-amz-Checksum: sum=\r\n"));
  CHECK_THAT(answer, Contains("x-amzn-RequestId: "));
  CHECK(absl::EndsWith(answer, absl::string_view("\r\n\r\na\0\xff", 7)));
}

TEST_CASE("a block is taken from the request's body as it stands", "[query]") {
  RestFixture fixture;
  const std::string answer =
      fixture.Send(absl::StrCat("PUT ", kBlockPath),
                   "x-amz-Data-Length: 4\r\nx-amz-checksum: s\r\n"
                   "x-amz-Checksum-Algorithm: SHA256\r\nContent-Type: application/octet-stream\r\n",
                   "{\"a\"");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 201 "));
  CHECK_THAT(answer, Contains("x-amz-Checksum: snap-0123456789abcdef0/7/{\"a\"/4/s\r\n"));
}

TEST_CASE("members that are nowhere else are JSON, in requests and answers", "[query]") {
  RestFixture fixture;
  const std::string answer =
      fixture.Send("POST /snapshots", "Content-Type: application/json\r\n", R"({"VolumeSize": 5, "Tags": []})");
  CHECK_THAT(answer, StartsWith("HTTP/1.1 201 ") && Contains("Content-Type: application/json\r\n"));
  CHECK_THAT(answer, Contains("\"VolumeSize\":5") && Contains("\"StartTime\":1767225600"));
}

TEST_CASE("errors in REST-JSON have their shape's name in a header, and message and reason in the body", "[query]") {
  RestFixture fixture;
  const auto start = [&](const std::string& body) { return fixture.Send("POST /snapshots", "", body); };
  const auto is = [](const std::string& answer, const char* status, const char* shape, const char* reason) {
    INFO(answer);
    CHECK_THAT(answer, StartsWith(absl::StrCat("HTTP/1.1 ", status, " ")));
    CHECK_THAT(answer, Contains(absl::StrCat("x-amzn-ErrorType: ", shape, "\r\n")));
    CHECK_THAT(answer, Contains("\"Message\":\""));
    if (*reason != '\0') CHECK_THAT(answer, Contains(absl::StrCat("\"Reason\":\"", reason, "\"")));
  };
  is(start(R"({"VolumeSize": 5, "Description": "gone"})"), "404", "ResourceNotFoundException", "SNAPSHOT_NOT_FOUND");
  is(start(R"({"VolumeSize": 5, "Description": "no"})"), "403", "AccessDeniedException", "UNAUTHORIZED_ACCOUNT");
  const std::string lost = start(R"({"VolumeSize": 5, "Description": "lost"})");
  is(lost, "500", "InternalServerException", "");
  CHECK_THAT(lost, !Contains("secret"));
  is(fixture.Send(absl::StrCat("GET ", kBlockPath, "?blockToken=x")), "400", "ValidationException",
     "INVALID_BLOCK_TOKEN");
  const char* const value = "INVALID_PARAMETER_VALUE";
  for (const char* body : {"", "{}", "[]", "{", R"({"VolumeSize": "x"})", R"({"VolumeSize": 5, "Colour": "red"})"}) {
    is(start(body), "400", "ValidationException", value);
  }
  for (const char* target : {"/snapshots/snap-0123456789abcdef0/blocks/x?blockToken=t",
                             "/snapshots/snap-0123456789abcdef0/blocks/99999999999?blockToken=t",
                             "/snapshots/snap-0123456789abcdef0/blocks/1?blockToken=t&colour=red",
                             "/snapshots/snap-0123456789abcdef0/blocks/1", "/snapshots/x/blocks/1?blockToken=t"}) {
    is(fixture.Send(absl::StrCat("GET ", target)), "400", "ValidationException", value);
  }
}

TEST_CASE("what is no call of the EBS direct APIs is told so, and a form does not reach them", "[query]") {
  RestFixture fixture;
  for (const char* line :
       {"GET /", "GET /snapshots", "PUT /snapshots", "POST /snapshots/a/b/c/d", "GET /snapshots/x/blocks/1/2"}) {
    INFO(line);
    CHECK_THAT(fixture.Send(line), StartsWith("HTTP/1.1 400 ") && Contains("UnknownOperationException"));
  }
  CHECK_THAT(fixture.Send("DELETE /snapshots"), StartsWith("HTTP/1.1 405 "));
  // Signed for another service, the version of this one.
  CHECK_THAT(fixture.Ask(Post("Action=StartSnapshot&Version=2019-11-02&VolumeSize=5")), Contains("NoSuchVersion"));
}

}  // namespace brume
