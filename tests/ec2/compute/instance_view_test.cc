#include "lib/ec2/compute/instance_view.h"

#include <catch2/catch.hpp>

#include "lib/ec2/storage/tables/image_table.h"
#include "lib/ec2/storage/tables/volume_table.h"
#include "lib/ec2/tagging/tag_table.h"
#include "tests/ec2/compute/service_fixture.h"

namespace brume::compute {

TEST_CASE("a view holds an instance's interfaces, groups, volumes and tags, and nobody else's", "[instance-view]") {
  ServiceFixture f;
  f.EnsureNetwork();
  const SecurityGroup web{
      .id = SecurityGroupId::New(f.random), .vpc_id = f.FirstSubnet().vpc_id, .name = "web", .description = "d"};
  f.Must(f.database->Write([&](store::Connection& c) { return network::SecurityGroupTable(c).Insert(web); }));
  const SecurityGroup standard = f.DefaultGroup();
  const Instance a = f.AddInstance(), b = f.AddInstance({web.id, standard.id});
  Instance bare = a;
  bare.id = InstanceId::New(f.random);
  bare.instance_type = "x9.gone";
  Volume volume;
  volume.id = VolumeId::New(f.random);
  volume.size_gib = 4;
  volume.instance_id = b.id;
  f.Must(f.database->Write([&](store::Connection& c) -> absl::Status {
    RETURN_IF_ERROR(InstanceTable(c).Insert(bare, 128, 1));
    RETURN_IF_ERROR(storage::VolumeTable(c).Insert(volume));
    return tagging::TagTable(c).Set(a.id.text(), "Name", "first");
  }));

  const InstanceTypeTable types({{.name = "b1.tiny", .vcpus = 3, .memory_mib = 77}});
  const std::vector<InstanceView> views =
      f.database->ReadFor([&](store::Connection& c) {
                  return CompleteViews(c, types, {b, bare, a});
                })
          .value();
  REQUIRE(views.size() == 3);
  CHECK(views[0].instance.id == b.id);
  CHECK(views[0].type.vcpus == 3);
  REQUIRE(views[0].interfaces.size() == 1);
  CHECK(views[0].interfaces[0].id == f.InterfaceOf(b.id).id);
  CHECK(views[0].group_names == std::map<SecurityGroupId, std::string>{{web.id, "web"}, {standard.id, "default"}});
  REQUIRE(views[0].volumes.size() == 1);
  CHECK(views[0].volumes[0].id == volume.id);
  CHECK(views[0].tags.empty());

  CHECK(views[1].instance.id == bare.id);
  CHECK(views[1].type.name == "x9.gone");
  CHECK(views[1].type.vcpus == 0);
  CHECK(views[1].interfaces.empty());

  CHECK(views[2].tags == TagMap{{"Name", "first"}});
  CHECK(views[2].volumes.empty());
  CHECK(views[2].group_names == std::map<SecurityGroupId, std::string>{{standard.id, "default"}});
}

TEST_CASE("no instances complete to no views", "[instance-view]") {
  ServiceFixture f;
  const InstanceTypeTable types;
  CHECK(f.database->ReadFor([&](store::Connection& c) { return CompleteViews(c, types, {}); }).value().empty());
}

}  // namespace brume::compute
