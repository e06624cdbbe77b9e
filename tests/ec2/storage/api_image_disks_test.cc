// Block device mappings of images: those of CreateImage and RegisterImage, and what a launch says in their place.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "brume/ec2/v1/image.pb.h"
#include "brume/ec2/v1/instance.pb.h"
#include "brume/ec2/v1/volume.pb.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using namespace ec2::v1;

// "/dev/sdf 4 gp3 keep" of each volume beside its device, its size, its type, whether it goes with its instance, and
// "encrypted" where it is; a snapshot's is told by "snap".
using Disks = std::vector<std::string>;

std::string Text(const BlockDeviceMapping& mapping) {
  const EbsBlockDevice& ebs = mapping.ebs();
  return absl::StrCat(mapping.device_name(), " ", ebs.volume_size(), " ", ebs.volume_type(),
                      ebs.has_iops() ? absl::StrCat(" ", ebs.iops()) : "",
                      ebs.delete_on_termination() ? " go" : " keep", ebs.snapshot_id().empty() ? "" : " snap",
                      ebs.encrypted() ? " encrypted" : "");
}

struct ImageDiskWorld : ApiWorld {
  // An instance with a root of 8 GiB and a volume of 4 GiB at /dev/sdf that goes with it.
  const InstanceId instance = Launched(
      "block_device_mappings { device_name: '/dev/sdf' ebs { volume_size: 4 "
      "delete_on_termination: true } }");

  std::string Filled(const std::string& text) {
    return absl::StrReplaceAll(text, {{"$SNAP", SnapshotOf(image).text()},
                                      {"$AMI", image.text()},
                                      {"$I", instance.text()},
                                      {"MAP", "block_device_mappings"}});
  }
  InstanceId Launched(const std::string& rest, const std::string& ami = "") {
    const auto answer = Value(CallText("RunInstances", absl::StrCat("image_id: '", ami.empty() ? image.text() : ami,
                                                                    "' min_count: 1 max_count: 1 ", Filled(rest))));
    const InstanceId id =
        InstanceId::FromTrusted(static_cast<const RunInstancesResponse&>(*answer).instances(0).instance_id());
    REQUIRE(Reaches(id, brume::InstanceState::kRunning));
    return id;
  }
  std::string CodeOf(const std::string& action, const std::string& request) {
    return std::string(ec2::ErrorCode(CallText(action, Filled(request)).status()));
  }
  // The image, available.
  std::string Made(const std::string& action, const std::string& request) {
    const auto answer = Value(CallText(action, Filled(request)));
    const auto* field = answer->GetDescriptor()->FindFieldByName("image_id");
    const std::string id = answer->GetReflection()->GetString(*answer, field);
    REQUIRE(Eventually(
        [&] { return Value(image_service->Get(ImageId::FromTrusted(id))).image.state == ImageState::kAvailable; }));
    // One of an instance that was rebooted for it is launched again.
    REQUIRE(Reaches(instance, brume::InstanceState::kRunning));
    return id;
  }
  Disks DisksOfImage(const std::string& id) {
    const auto answer = Value(CallText("DescribeImages", "image_ids: '" + id + "'"));
    Disks disks;
    for (const auto& each : static_cast<const DescribeImagesResponse&>(*answer).images(0).block_device_mappings()) {
      disks.push_back(Text(each));
    }
    return disks;
  }
  Disks DisksOfInstance(const InstanceId& id) {
    const auto answer =
        Value(CallText("DescribeVolumes", "filters { name: 'attachment.instance-id' values: '" + id.text() + "' }"));
    std::map<std::string, std::string> disks;
    for (const auto& volume : static_cast<const DescribeVolumesResponse&>(*answer).volumes()) {
      const auto& attachment = volume.attachments(0);
      disks[attachment.device()] =
          absl::StrCat(attachment.device(), " ", volume.size(), " ", volume.volume_type(),
                       attachment.delete_on_termination() ? " go" : " keep",
                       volume.snapshot_id().empty() ? "" : " snap", volume.encrypted() ? " encrypted" : "");
    }
    Disks texts;
    for (const auto& [device, text] : disks) texts.push_back(text);
    return texts;
  }
};

}  // namespace

TEST_CASE("an image of an instance has the volumes that its mappings say", "[image]") {
  ImageDiskWorld world;
  struct Row {
    std::string mappings;
    Disks disks;
  };
  const std::string root = "/dev/vda 8 gp3 go snap", data = "/dev/sdf 4 gp3 go snap";
  const std::vector<Row> rows = {
      {"", {root, data}},
      {"MAP { device_name: '/dev/sdf' no_device: '' }", {root}},
      {"MAP { device_name: '/dev/sdq' no_device: '' }", {root, data}},
      {"MAP { device_name: '/dev/sdf' ebs { delete_on_termination: false } }", {root, "/dev/sdf 4 gp3 keep snap"}},
      {"MAP { device_name: '/dev/vda' ebs { delete_on_termination: false volume_size: 12 } }",
       {"/dev/vda 12 gp3 keep snap", data}},
      {"MAP { device_name: '/dev/sdf' ebs { volume_type: 'io1' iops: 150 volume_size: 6 } }",
       {root, "/dev/sdf 6 io1 150 go snap"}},
      {"MAP { device_name: '/dev/vda' ebs { volume_type: 'gp2' } }", {"/dev/vda 8 gp2 go snap", data}},
      {"MAP { device_name: '/dev/sdg' ebs { volume_size: 3 } }", {root, data, "/dev/sdg 3 gp3 go"}},
      {"MAP { device_name: '/dev/sdg' no_device: '' ebs { volume_size: 3 } }", {root, data, "/dev/sdg 3 gp3 go"}},
      {"MAP { device_name: '/dev/sdg' ebs { volume_size: 3 encrypted: true delete_on_termination: false } }",
       {root, data, "/dev/sdg 3 gp3 keep encrypted"}},
      {"MAP { device_name: '/dev/sdg' ebs { snapshot_id: '$SNAP' } }", {root, data, "/dev/sdg 8 gp3 go snap"}},
      {"MAP { device_name: '/dev/sdf' ebs { encrypted: false } }", {root, data}},
      {"no_reboot: true snapshot_location: 'local'", {root, data}},
  };
  for (size_t i = 0; i < rows.size(); ++i) {
    INFO(rows[i].mappings);
    const std::string image =
        world.Made("CreateImage", absl::StrCat("instance_id: '$I' name: 'row ", i, "' ", rows[i].mappings));
    CHECK(world.DisksOfImage(image) == rows[i].disks);
  }
  // A volume that is left out has no snapshot either.
  const std::string without =
      world.Made("CreateImage",
                 "instance_id: '$I' name: 'without' MAP { device_name: '/dev/sdf' no_device: '' } "
                 "tag_specifications { resource_type: 'image' tags { key: 'of' value: 'image' } } "
                 "tag_specifications { resource_type: 'snapshot' tags { key: 'of' value: 'snapshot' } }");
  const auto tagged = Value(world.CallText("DescribeTags", "filters { name: 'key' values: 'of' }"));
  CHECK(tagged->ShortDebugString().find("snapshot") != std::string::npos);
  const auto instances = world.Launched("", without);
  CHECK(world.DisksOfInstance(instances) == Disks{root});
}

TEST_CASE("what an image of an instance cannot have is refused, and nothing is made", "[image]") {
  ImageDiskWorld world;
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/vda' no_device: '' }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdf' ebs { volume_size: 3 } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdf' ebs { snapshot_id: '$SNAP' } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdf' ebs { encrypted: true } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdf' ebs { volume_type: 'st1' } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdg' ebs { snapshot_id: '$SNAP' volume_size: 7 } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdg' ebs { snapshot_id: '$SNAP' encrypted: false } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdg' ebs { volume_size: 99999 } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/etc/passwd' ebs { volume_size: 3 } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdg' }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdg' no_device: 'x' ebs { volume_size: 3 } }"},
      {"InvalidBlockDeviceMapping",
       "MAP { device_name: '/dev/sdg' ebs { volume_size: 3 } } MAP { device_name: '/dev/sdg' ebs { volume_size: 4 } }"},
      {"MissingParameter", "MAP { device_name: '/dev/sdg' ebs { volume_type: 'gp3' } }"},
      {"MissingParameter", "MAP { device_name: '/dev/sdg' ebs { volume_size: 4 volume_type: 'io1' } }"},
      {"MissingParameter", "MAP { ebs { volume_size: 4 } }"},
      {"InvalidSnapshot.NotFound", "MAP { device_name: '/dev/sdg' ebs { snapshot_id: 'snap-00000000000000001' } }"},
      {"InvalidSnapshotID.Malformed", "MAP { device_name: '/dev/sdg' ebs { snapshot_id: 'snap' } }"},
      {"InvalidParameterValue", "MAP { device_name: '/dev/sdg' ebs { volume_size: 4 volume_type: 'gp9' } }"},
      {"InvalidParameterDependency", "MAP { device_name: '/dev/sdg' ebs { volume_size: 4 kms_key_id: 'k' } }"},
      {"UnsupportedOperation",
       "MAP { device_name: '/dev/sdg' ebs { volume_size: 4 encrypted: true kms_key_id: 'alias/mine' } }"},
      {"UnsupportedOperation", "snapshot_location: 'regional'"},
      {"InvalidParameterValue", "snapshot_location: 'elsewhere'"},
  };
  for (const auto& [code, mappings] : rows) {
    INFO(mappings);
    CHECK(world.CodeOf("CreateImage", "instance_id: '$I' name: 'bad' " + mappings) == code);
  }
  std::string many;
  for (char c = 'b'; c <= 'z'; ++c) {
    absl::StrAppend(&many, "MAP { device_name: '/dev/sda", std::string(1, c), "' ebs { volume_size: 1 } } ");
  }
  CHECK(world.CodeOf("CreateImage", "instance_id: '$I' name: 'bad' " + many) == "InvalidBlockDeviceMapping");
  CHECK(world.image_service->List()->size() == 1);
  CHECK(world.snapshot_service->List({})->empty());
}

TEST_CASE("an image is registered with all its volumes, and its instances get them", "[image]") {
  ImageDiskWorld world;
  const std::string image = world.Made(
      "RegisterImage",
      "name: 'several' root_device_name: '/dev/sda1' "
      "MAP { device_name: '/dev/sda1' ebs { snapshot_id: '$SNAP' volume_size: 9 volume_type: 'io1' iops: 100 } } "
      "MAP { device_name: '/dev/sdb' ebs { snapshot_id: '$SNAP' delete_on_termination: false } } "
      "MAP { device_name: '/dev/sdc' ebs { volume_size: 2 encrypted: true } } "
      "MAP { device_name: '/dev/sdd' no_device: '' }");
  CHECK(world.DisksOfImage(image) ==
        Disks{"/dev/sda1 9 io1 100 go snap", "/dev/sdb 8 gp3 keep snap", "/dev/sdc 2 gp3 go encrypted"});
  CHECK(world.DisksOfInstance(world.Launched("", image)) ==
        Disks{"/dev/sda1 9 io1 go snap", "/dev/sdb 8 gp3 keep snap", "/dev/sdc 2 gp3 go encrypted"});

  // A copy has them, too.
  const std::string copy = world.Made(
      "CopyImage",
      absl::StrCat("source_image_id: '", image, "' name: 'copy' source_region: '", world.settings.region, "'"));
  CHECK(world.DisksOfImage(copy) == world.DisksOfImage(image));

  const std::vector<std::pair<std::string, std::string>> rows = {
      {"MissingParameter",
       "MAP { device_name: '/dev/sda1' ebs { snapshot_id: '$SNAP' } } "
       "MAP { device_name: '/dev/sdb' ebs { volume_size: 2 } }"},
      {"MissingParameter", "root_device_name: '/dev/sda1' MAP { device_name: '/dev/sdb' ebs { volume_size: 2 } }"},
      {"InvalidBlockDeviceMapping", "root_device_name: '/dev/sda1' MAP { device_name: '/dev/sda1' no_device: '' }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sda1' ebs { snapshot_id: '$SNAP' encrypted: true } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sda1' ebs { snapshot_id: '$SNAP' volume_size: 7 } }"},
      {"MissingParameter", "MAP { device_name: '/dev/sda1' ebs { snapshot_id: '$SNAP' volume_type: 'io2' } }"},
  };
  for (const auto& [code, mappings] : rows) {
    INFO(mappings);
    CHECK(world.CodeOf("RegisterImage", "name: 'bad' " + mappings) == code);
  }
}

TEST_CASE("a launch overrides each volume of its image by its device", "[image]") {
  ImageDiskWorld world;
  const std::string image =
      world.Made("RegisterImage",
                 "name: 'several' root_device_name: '/dev/vda' "
                 "MAP { device_name: '/dev/vda' ebs { snapshot_id: '$SNAP' volume_type: 'io1' iops: 100 } } "
                 "MAP { device_name: '/dev/sdb' ebs { snapshot_id: '$SNAP' volume_size: 10 } } "
                 "MAP { device_name: '/dev/sdc' ebs { volume_size: 2 encrypted: true } }");
  const std::string root = "/dev/vda 8 io1 go snap", b = "/dev/sdb 10 gp3 go snap", c = "/dev/sdc 2 gp3 go encrypted";
  struct Row {
    std::string mappings;
    Disks disks;
  };
  const std::vector<Row> rows = {
      {"", {b, c, root}},
      {"MAP { device_name: '/dev/sdb' no_device: '' } MAP { device_name: '/dev/sdc' no_device: '' }", {root}},
      {"MAP { device_name: '/dev/sdb' ebs { volume_size: 11 delete_on_termination: false } }",
       {"/dev/sdb 11 gp3 keep snap", c, root}},
      {"MAP { device_name: '/dev/vda' ebs { volume_type: 'gp2' volume_size: 20 } }", {b, c, "/dev/vda 20 gp2 go snap"}},
      {"MAP { device_name: '/dev/vda' ebs { delete_on_termination: false } }", {b, c, "/dev/vda 8 io1 keep snap"}},
      {"MAP { device_name: '/dev/sdb' ebs { encrypted: true } }", {"/dev/sdb 10 gp3 go snap encrypted", c, root}},
      {"MAP { device_name: '/dev/vda' ebs { encrypted: true } }", {b, c, "/dev/vda 8 io1 go snap encrypted"}},
      {"MAP { device_name: '/dev/sdb' ebs { snapshot_id: '$SNAP' } }", {"/dev/sdb 8 gp3 go snap", c, root}},
      {"MAP { device_name: '/dev/sdd' ebs { volume_size: 1 } }", {b, c, "/dev/sdd 1 gp3 keep", root}},
  };
  for (const Row& row : rows) {
    INFO(row.mappings);
    CHECK(world.DisksOfInstance(world.Launched(row.mappings, image)) == row.disks);
  }
  // A snapshot that is there, and is not the image's.
  const auto copied = Value(world.CallText(
      "CopySnapshot", world.Filled("source_snapshot_id: '$SNAP' source_region: '" + world.settings.region + "'")));
  const std::string other =
      copied->GetReflection()->GetString(*copied, copied->GetDescriptor()->FindFieldByName("snapshot_id"));
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/vda' no_device: '' }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/vda' ebs { volume_size: 7 } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdb' ebs { volume_size: 7 } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/sdc' ebs { encrypted: false } }"},
      {"InvalidBlockDeviceMapping", "MAP { device_name: '/dev/vda' ebs { snapshot_id: '" + other + "' } }"},
      {"InvalidSnapshot.NotFound", "MAP { device_name: '/dev/vda' ebs { snapshot_id: 'snap-00000000000000001' } }"},
      {"MissingParameter", "MAP { device_name: '/dev/sdb' ebs { volume_type: 'io2' } }"},
  };
  for (const auto& [code, mappings] : refused) {
    INFO(mappings);
    CHECK(world.CodeOf("RunInstances", absl::StrCat("image_id: '", image, "' min_count: 1 max_count: 1 ", mappings)) ==
          code);
  }
}

}  // namespace brume
