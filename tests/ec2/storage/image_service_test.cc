#include "lib/ec2/storage/image_service.h"

#include <catch2/catch.hpp>

#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/tagging/tag_table.h"
#include "tests/ec2/compute/service_fixture.h"

namespace brume::storage {
namespace {

struct ImageFixture : ServiceFixture {
  std::vector<ImageId> woken;
  ImageService service{*database, clock, random, [this](const ImageId& id) { woken.push_back(id); },
                       [](const SnapshotId&) {}};

  RegisterRequest Request(const std::string& name) {
    RegisterRequest request;
    request.name = name;
    request.location = "/srv/images/mini";
    return request;
  }
};

}  // namespace

TEST_CASE("a registered image is pending until its bytes are in, and the reconciler is told", "[image]") {
  ImageFixture f;
  RegisterRequest request = f.Request("mini 1.0 (x86_64)");
  request.description = "small";
  request.architecture = "x86_64";
  request.boot_mode = BootMode::kUefi;
  request.root_delete_on_termination = false;
  request.root_device_name = "/dev/xvda";
  request.tags = {{"Name", "mini"}};
  const ImageId id = f.service.Register(request).value();
  CHECK(f.woken == std::vector<ImageId>{id});

  const ImageView view = f.service.Get(id).value();
  CHECK(view.image.state == ImageState::kPending);
  CHECK(view.image.name == request.name);
  CHECK(view.image.location == "/srv/images/mini");
  CHECK(view.image.architecture == "x86_64");
  CHECK(view.image.boot_mode == BootMode::kUefi);
  CHECK(view.image.root_device_name == "/dev/xvda");
  CHECK_FALSE(view.image.root_delete_on_termination);
  CHECK(view.image.created == f.clock.Now());
  CHECK(view.tags == request.tags);
  REQUIRE(f.service.List().value().size() == 1);
  CHECK(f.service.List().value()[0].tags == request.tags);
}

TEST_CASE("what a request leaves open is EC2's default, or the bundle's word", "[image]") {
  ImageFixture f;
  const Image image = f.service.Get(f.service.Register(f.Request("mini")).value()).value().image;
  CHECK(image.boot_mode == BootMode::kBios);
  CHECK(image.root_delete_on_termination);
  CHECK(image.root_device_name.empty());
}

TEST_CASE("an image's location may be written as a file URL", "[image]") {
  ImageFixture f;
  RegisterRequest request = f.Request("mini");
  request.location = "file:///srv/images/mini";
  CHECK(f.service.Register(request).ok());
}

TEST_CASE("a bad registration is refused with EC2's code and leaves nothing", "[image]") {
  ImageFixture f;
  REQUIRE(f.service.Register(f.Request("taken")).ok());
  f.woken.clear();
  const auto with = [&](auto change) {
    RegisterRequest request = f.Request("good");
    change(request);
    return request;
  };
  struct Row {
    const char* what;
    RegisterRequest request;
    const char* code;
  };
  TagMap many;
  for (int i = 0; i < 51; ++i) many.emplace("key" + std::to_string(i), "");
  const Row rows[] = {
      {"empty name", f.Request(""), "InvalidAMIName.Malformed"},
      {"short name", f.Request("ab"), "InvalidAMIName.Malformed"},
      {"long name", f.Request(std::string(129, 'a')), "InvalidAMIName.Malformed"},
      {"colon in name", f.Request("a:bc"), "InvalidAMIName.Malformed"},
      {"newline in name", f.Request("abc\n"), "InvalidAMIName.Malformed"},
      {"not ASCII", f.Request("m\xc3\xafni"), "InvalidAMIName.Malformed"},
      {"zero byte in name", f.Request(std::string("a\0bc", 4)), "InvalidAMIName.Malformed"},
      {"name in use", f.Request("taken"), "InvalidAMIName.Duplicate"},
      {"no location", with([](auto& r) { r.location = ""; }), "MissingParameter"},
      {"relative location", with([](auto& r) { r.location = "images/mini"; }), "InvalidParameterValue"},
      {"URL location", with([](auto& r) { r.location = "https://host/x"; }), "InvalidParameterValue"},
      {"URL of another host", with([](auto& r) { r.location = "file://host/x"; }), "InvalidParameterValue"},
      {"control byte", with([](auto& r) { r.location = "/srv/a\nb"; }), "InvalidParameterValue"},
      {"zero byte", with([](auto& r) { r.location = std::string("/srv\0x", 6); }), "InvalidParameterValue"},
      {"long location", with([](auto& r) { r.location = "/" + std::string(4095, 'a'); }), "InvalidParameterValue"},
      {"architecture", with([](auto& r) { r.architecture = "arm64"; }), "InvalidParameterValue"},
      {"device", with([](auto& r) { r.root_device_name = "vda"; }), "InvalidParameterValue"},
      {"device path", with([](auto& r) { r.root_device_name = "/dev/../etc"; }), "InvalidParameterValue"},
      {"no device", with([](auto& r) { r.root_device_name = "/dev/"; }), "InvalidParameterValue"},
      {"description", with([](auto& r) { r.description = std::string(256, 'd'); }), "InvalidParameterValue"},
      {"tag", with([](auto& r) {
         r.tags = {{"aws:x", ""}};
       }),
       "InvalidParameterValue"},
      {"tags", with([&](auto& r) { r.tags = many; }), "TagLimitExceeded"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(Code(f.service.Register(row.request)) == row.code);
  }
  CHECK(f.service.List().value().size() == 1);
  CHECK(f.woken.empty());
}

TEST_CASE("a deregistered image is gone for callers at once, and its name is free", "[image]") {
  ImageFixture f;
  RegisterRequest request = f.Request("mini");
  request.tags = {{"Name", "mini"}};
  const ImageId id = f.service.Register(request).value();
  f.woken.clear();
  REQUIRE(f.service.Deregister(id).ok());
  CHECK(f.woken == std::vector<ImageId>{id});
  CHECK(f.service.List().value().empty());
  CHECK(Code(f.service.Get(id)) == "InvalidAMIID.NotFound");
  CHECK(Code(f.service.Deregister(id)) == "InvalidAMIID.Unavailable");
  CHECK(f.database->ReadFor([](store::Connection& c) { return tagging::TagTable(c).List({}); }).value().empty());
  // The reconciler still needs the row to take the files away.
  const auto row = f.database->ReadFor([&](store::Connection& c) { return ImageTable(c).Get(id); });
  CHECK(row.value().state == ImageState::kDeregistered);
  CHECK(f.service.Register(request).ok());
}

TEST_CASE("an unknown image is named in the error", "[image]") {
  ImageFixture f;
  const ImageId id = ImageId::New(f.random);
  CHECK(Code(f.service.Deregister(id)) == "InvalidAMIID.NotFound");
  CHECK(std::string(f.service.Get(id).status().message()).find(id.text()) != std::string::npos);
  CHECK(f.woken.empty());
}

}  // namespace brume::storage
