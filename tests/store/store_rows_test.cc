// Rows of instances, images, key pairs and tags.
#include <iterator>

#include "lib/ec2/compute/instance_lookup_service.h"
#include "lib/resource/ec2_error.h"
#include "lib/resource/kinds.h"
#include "tests/store/store_fixture.h"

namespace brume::store {
namespace {

Instance FullInstance() {
  Instance i = MakeInstance(1);
  i.launch_index = 3;
  i.state = InstanceState::kStopping;
  i.state_reason = {"Client.UserInitiatedShutdown", "User initiated shutdown"};
  i.transition_reason = "User initiated (2026-01-31 10:00:00 GMT)";
  i.state_since = kNow + absl::Microseconds(1);
  i.launch_time = kNow - absl::Hours(5);
  i.key_name = "Schlüssel";
  i.public_key = "ssh-ed25519 AAAA laptop";
  i.client_token = "Token";
  i.user_data = std::string("#!/bin/sh\0\xff\xfe", 12);
  i.shutdown_behavior = ShutdownBehavior::kTerminate;
  i.disable_api_termination = i.disable_api_stop = i.monitoring = true;
  i.source_dest_check = false;
  i.metadata_options = {HttpTokens::kOptional, MetadataState::kDisabled, MetadataState::kEnabled, 64};
  i.vpc_id = Nth<VpcId>("vpc", 9);
  i.subnet_id = Nth<SubnetId>("subnet", 9);
  i.root_device_name = "/dev/xvda";
  i.force_stop = true;
  i.reboot_requested = kNow + absl::Seconds(1);
  i.host_boot_id = "f0a1";
  i.last_error = "QEMU said 'no'";
  i.version = 5;
  return i;
}

void CheckSame(const Instance& a, const Instance& b) {
  CHECK(a.id == b.id);
  CHECK(a.reservation_id == b.reservation_id);
  CHECK(a.launch_index == b.launch_index);
  CHECK(a.image_id == b.image_id);
  CHECK(a.instance_type == b.instance_type);
  CHECK(a.state == b.state);
  CHECK(a.state_reason == b.state_reason);
  CHECK(a.transition_reason == b.transition_reason);
  CHECK(a.state_since == b.state_since);
  CHECK(a.launch_time == b.launch_time);
  CHECK(a.uuid == b.uuid);
  CHECK(a.key_name == b.key_name);
  CHECK(a.public_key == b.public_key);
  CHECK(a.client_token == b.client_token);
  CHECK(a.user_data == b.user_data);
  CHECK(a.shutdown_behavior == b.shutdown_behavior);
  CHECK(a.disable_api_termination == b.disable_api_termination);
  CHECK(a.disable_api_stop == b.disable_api_stop);
  CHECK(a.monitoring == b.monitoring);
  CHECK(a.source_dest_check == b.source_dest_check);
  CHECK(a.metadata_options == b.metadata_options);
  CHECK(a.availability_zone == b.availability_zone);
  CHECK(a.vpc_id == b.vpc_id);
  CHECK(a.subnet_id == b.subnet_id);
  CHECK(a.root_device_name == b.root_device_name);
  CHECK(a.force_stop == b.force_stop);
  CHECK(a.reboot_requested == b.reboot_requested);
  CHECK(a.host_boot_id == b.host_boot_id);
  CHECK(a.last_error == b.last_error);
  CHECK(a.version == b.version);
}

TEST_CASE("an instance comes back with every field, inserted or updated", "[store]") {
  Store s;
  const Instance full = FullInstance();
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Insert(full, 512, 2); }));
  CheckSame(s.Read([&](Connection& c) { return compute::InstanceTable(c).Get(full.id); }), full);
  CheckSame(s.Read([&](Connection& c) { return compute::InstanceTable(c).GetMany({full.id}); }).at(0), full);
  CheckSame(
      s.Read([&](Connection& c) { return compute::InstanceTable(c).ListByReservation(full.reservation_id); }).at(0),
      full);
  Instance bare = full;
  bare.user_data.clear();
  CheckSame(s.Read([&](Connection& c) { return compute::InstanceTable(c).List(std::nullopt, 0); }).at(0), bare);

  Instance plain = MakeInstance(2);
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Insert(plain, 512, 2); }));
  CheckSame(s.Read([&](Connection& c) { return compute::InstanceTable(c).Get(plain.id); }), plain);
  Instance updated = full;
  updated.id = plain.id;
  updated.reservation_id = plain.reservation_id;
  updated.launch_index = plain.launch_index;
  updated.version = plain.version;
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Update(updated); }));
  CHECK(updated.version == plain.version + 1);
  CheckSame(s.Read([&](Connection& c) { return compute::InstanceTable(c).Get(plain.id); }), updated);
}

TEST_CASE("an instance's user data survives an update of a listed row and goes when taken away", "[store]") {
  Store s;
  Instance full = FullInstance();
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Insert(full, 512, 2); }));
  Instance listed = s.Read([&](Connection& c) { return compute::InstanceTable(c).List(std::nullopt, 0); }).at(0);
  listed.state = InstanceState::kStopped;
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Update(listed); }));
  CHECK(s.Read([&](Connection& c) { return compute::InstanceTable(c).Get(full.id); }).user_data == full.user_data);
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).SetUserData(full.id, ""); }));
  CHECK(s.Read([&](Connection& c) { return compute::InstanceTable(c).Get(full.id); }).user_data.empty());
}

TEST_CASE("an update of a row that changed meanwhile is aborted and changes nothing", "[store]") {
  Store s;
  Instance first = MakeInstance(1);
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Insert(first, 128, 1); }));
  Instance second = first;
  first.state = InstanceState::kStopping;
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Update(first); }));
  second.state = InstanceState::kShuttingDown;
  REQUIRE(absl::IsAborted(s.Write([&](Connection& c) { return compute::InstanceTable(c).Update(second); })));
  CHECK(s.Read([&](Connection& c) { return compute::InstanceTable(c).Get(first.id); }).state ==
        InstanceState::kStopping);

  Image image = MakeImage(1), other = image;
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::ImageTable(c).Insert(image); }));
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::ImageTable(c).Update(image); }));
  REQUIRE(absl::IsAborted(s.Write([&](Connection& c) { return storage::ImageTable(c).Update(other); })));
}

TEST_CASE("an unknown instance is InvalidInstanceID.NotFound", "[store]") {
  Store s;
  const absl::Status missing =
      s.db->Read([](Connection& c) { return compute::InstanceTable(c).Get(Nth<InstanceId>("i", 7)).status(); });
  REQUIRE(ec2::ErrorCode(missing) == "InvalidInstanceID.NotFound");
}

TEST_CASE("lists of instances go by launch, in pages", "[store]") {
  Store s;
  REQUIRE_OK(s.Write([&](Connection& c) {
    for (const int n : {5, 3, 9, 1, 7}) RETURN_IF_ERROR(compute::InstanceTable(c).Insert(MakeInstance(n), 128, 1));
    return absl::OkStatus();
  }));
  const auto page = [&](std::optional<InstanceId> after, int limit) {
    std::vector<std::string> ids;
    for (const Instance& i : s.Read([&](Connection& c) { return compute::InstanceTable(c).List(after, limit); })) {
      ids.push_back(i.id.text().substr(18));
    }
    return ids;
  };
  using Ids = std::vector<std::string>;
  CHECK(page(std::nullopt, 0) == Ids{"5", "3", "9", "1", "7"});
  CHECK(page(std::nullopt, 2) == Ids{"5", "3"});
  CHECK(page(Nth<InstanceId>("i", 3), 2) == Ids{"9", "1"});
  CHECK(page(Nth<InstanceId>("i", 1), 2) == Ids{"7"});
  CHECK(page(Nth<InstanceId>("i", 7), 2).empty());
  const absl::Status gone =
      s.db->Read([](Connection& c) { return compute::InstanceTable(c).List(Nth<InstanceId>("i", 4), 2).status(); });
  CHECK(ec2::ErrorCode(gone) == "InvalidInstanceID.NotFound");

  const std::vector<InstanceId> wanted = {Nth<InstanceId>("i", 7), Nth<InstanceId>("i", 4), Nth<InstanceId>("i", 5),
                                          Nth<InstanceId>("i", 7)};
  const auto many = s.Read([&](Connection& c) { return compute::InstanceTable(c).GetMany(wanted); });
  REQUIRE(many.size() == 2);
  CHECK(many[0].id == wanted[0]);
  CHECK(many[1].id == wanted[2]);
  CHECK(s.Read([&](Connection& c) { return compute::InstanceTable(c).GetMany({}); }).empty());
}

TEST_CASE("instances are found by state, and terminated ones by age", "[store]") {
  Store s;
  REQUIRE_OK(s.Write([&](Connection& c) {
    int n = 0;
    for (const InstanceState state : kAllInstanceStates) {
      Instance i = MakeInstance(++n);
      i.state = state;
      RETURN_IF_ERROR(compute::InstanceTable(c).Insert(i, 128, 1));
    }
    return absl::OkStatus();
  }));
  const std::vector<InstanceState> work = {InstanceState::kStopping, InstanceState::kPending};
  const auto ids = s.Read([&](Connection& c) { return compute::InstanceTable(c).ListIdsInState(work); });
  CHECK(ids == std::vector<InstanceId>{Nth<InstanceId>("i", 1), Nth<InstanceId>("i", 5)});
  CHECK(s.Read([&](Connection& c) { return compute::InstanceTable(c).ListIdsInState({}); }).empty());
  const auto before = [&](absl::Time limit) {
    return s.Read([&](Connection& c) { return compute::InstanceTable(c).ListTerminatedBefore(limit); });
  };
  CHECK(before(kNow) == std::vector<InstanceId>{Nth<InstanceId>("i", 4)});
  CHECK(before(kNow - absl::Microseconds(1)).empty());
}

TEST_CASE("capacity in use follows every change of state, type and row", "[store]") {
  Store s;
  int64_t expected_count = 0;
  const auto check = [&](int64_t memory, int64_t vcpus, int64_t count) {
    const compute::CapacityInUse use = s.Read([](Connection& c) { return compute::InstanceTable(c).InUse(); });
    CHECK(use.memory_mib == memory);
    CHECK(use.vcpus == vcpus);
    CHECK(use.count == count);
  };
  check(0, 0, 0);
  // Every state by insert, and from every state to every other by update: as HoldsCapacity says.
  for (const InstanceState from : kAllInstanceStates) {
    for (const InstanceState to : kAllInstanceStates) {
      Instance i = MakeInstance(static_cast<int>(from) * 100 + static_cast<int>(to));
      i.state = from;
      REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Insert(i, 256, 2); }));
      expected_count += HoldsCapacity(from);
      check(expected_count * 256, expected_count * 2, expected_count);
      i.state = to;
      REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Update(i); }));
      expected_count += HoldsCapacity(to) - HoldsCapacity(from);
      check(expected_count * 256, expected_count * 2, expected_count);
    }
  }
  const auto all = s.Read([](Connection& c) { return compute::InstanceTable(c).List(std::nullopt, 0); });
  for (const Instance& i : all) {
    REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).SetCapacity(i.id, 1024, 4); }));
  }
  check(expected_count * 1024, expected_count * 4, expected_count);
  for (const Instance& i : all) {
    REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Delete(i.id); }));
  }
  check(0, 0, 0);
}

TEST_CASE("client tokens belong to one action, differ by case and are forgotten by age", "[store]") {
  Store s;
  const compute::TokenUse use{"digest", Nth<ReservationId>("r", 1)};
  const auto insert = [&](const std::string& action, const std::string& token, absl::Time when) {
    return s.Write([&](Connection& c) { return compute::InstanceTable(c).InsertToken(action, token, use, when); });
  };
  const auto found = [&](const std::string& action, const std::string& token) {
    return s.Read([&](Connection& c) { return compute::InstanceTable(c).FindToken(action, token); });
  };
  REQUIRE_OK(insert("RunInstances", "abc", kNow));
  REQUIRE(absl::IsAlreadyExists(insert("RunInstances", "abc", kNow)));
  REQUIRE_OK(insert("RunInstances", "ABC", kNow + absl::Hours(1)));
  REQUIRE_OK(insert("CreateVolume", "abc", kNow + absl::Hours(1)));
  REQUIRE(found("RunInstances", "abc").has_value());
  CHECK(found("RunInstances", "abc")->parameters_digest == "digest");
  CHECK(found("RunInstances", "abc")->reservation_id == use.reservation_id);
  CHECK_FALSE(found("RunInstances", "Abc").has_value());
  REQUIRE_OK(
      s.Write([](Connection& c) { return compute::InstanceTable(c).DeleteTokensBefore(kNow + absl::Minutes(1)); }));
  CHECK_FALSE(found("RunInstances", "abc").has_value());
  CHECK(found("RunInstances", "ABC").has_value());
}

TEST_CASE("an image comes back with every field, inserted or updated", "[store]") {
  Store s;
  Image image = MakeImage(1);
  image.description = "a 'quoted' one";
  image.location = "/srv/images/mini";
  image.architecture = "arm64";
  image.state = ImageState::kFailed;
  image.state_reason = {"Client.Bad", "broken"};
  image.root_device_name = "/dev/xvda";
  image.boot_mode = BootMode::kUefi;
  image.disk_file = "disk.qcow2";
  image.kernel_file = "vmlinuz";
  image.initrd_file = "initrd";
  image.command_line = "console=ttyS0";
  image.virtual_size_bytes = int64_t{5} << 40;
  image.root_delete_on_termination = false;
  image.protection = DeregistrationProtection::kEnabledWithCooldown;
  image.protected_until = image.created + absl::Hours(24);
  image.imds_v2 = true;
  image.last_launched = image.created + absl::Hours(1);
  image.import_key_id = "0123456789abcdef0123456789abcdef";
  image.data_disks.root.emplace().iops = 100;
  const auto same = [](const Image& a, const Image& b) {
    CHECK(a.id == b.id);
    CHECK(a.name == b.name);
    CHECK(a.description == b.description);
    CHECK(a.location == b.location);
    CHECK(a.architecture == b.architecture);
    CHECK(a.state == b.state);
    CHECK(a.state_reason == b.state_reason);
    CHECK(a.created == b.created);
    CHECK(a.root_device_name == b.root_device_name);
    CHECK(a.boot_mode == b.boot_mode);
    CHECK(a.disk_file == b.disk_file);
    CHECK(a.kernel_file == b.kernel_file);
    CHECK(a.initrd_file == b.initrd_file);
    CHECK(a.command_line == b.command_line);
    CHECK(a.virtual_size_bytes == b.virtual_size_bytes);
    CHECK(a.root_delete_on_termination == b.root_delete_on_termination);
    CHECK(a.protection == b.protection);
    CHECK(a.protected_until == b.protected_until);
    CHECK(a.imds_v2 == b.imds_v2);
    CHECK(a.last_launched == b.last_launched);
    CHECK(a.import_key_id == b.import_key_id);
    CHECK(a.data_disks.root->iops == b.data_disks.root->iops);
    CHECK(a.version == b.version);
  };
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::ImageTable(c).Insert(image); }));
  same(s.Read([&](Connection& c) { return storage::ImageTable(c).Get(image.id); }), image);
  Image other = MakeImage(2);
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::ImageTable(c).Insert(other); }));
  Image updated = image;
  updated.id = other.id;
  updated.name = "another";
  updated.version = other.version;
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::ImageTable(c).Update(updated); }));
  same(s.Read([&](Connection& c) { return storage::ImageTable(c).Get(other.id); }), updated);
}

TEST_CASE("an image's name is taken until the image is deregistered", "[store]") {
  Store s;
  Image first = MakeImage(1), second = MakeImage(2);
  second.name = first.name;
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::ImageTable(c).Insert(first); }));
  const auto insert = [&] { return s.Write([&](Connection& c) { return storage::ImageTable(c).Insert(second); }); };
  REQUIRE(ec2::ErrorCode(insert()) == "InvalidAMIName.Duplicate");
  first.state = ImageState::kDeregistered;
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::ImageTable(c).Update(first); }));
  REQUIRE_OK(insert());
  CHECK(s.Read([](Connection& c) { return storage::ImageTable(c).List(false); }).size() == 1);
  CHECK(s.Read([](Connection& c) { return storage::ImageTable(c).List(true); }).size() == 2);
  CHECK(s.Read([&](Connection& c) { return storage::ImageTable(c).Get(first.id); }).state == ImageState::kDeregistered);
}

TEST_CASE("an image in use is counted and its row cannot go from under its volumes", "[store]") {
  Store s;
  Image image = MakeImage(1);
  Volume volume = MakeVolume(1);
  volume.layer_id = image.id.text();
  REQUIRE(absl::IsFailedPrecondition(s.Write([&](Connection& c) { return storage::VolumeTable(c).Insert(volume); })));
  Instance running = MakeInstance(1), terminated = MakeInstance(2);
  terminated.state = InstanceState::kTerminated;
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(storage::ImageTable(c).Insert(image));
    RETURN_IF_ERROR(storage::VolumeTable(c).Insert(volume));
    RETURN_IF_ERROR(compute::InstanceTable(c).Insert(running, 128, 1));
    return compute::InstanceTable(c).Insert(terminated, 128, 1);
  }));
  CHECK(s.Read([&](Connection& c) { return storage::ImageTable(c).CountUsers(image.id); }) == 1);
  CHECK(s.Read([&](Connection& c) { return compute::HasInstancesOf(c, image.id); }));
  REQUIRE(absl::IsFailedPrecondition(s.Write([&](Connection& c) { return storage::ImageTable(c).Delete(image.id); })));
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::VolumeTable(c).Delete(volume.id); }));
  CHECK(s.Read([&](Connection& c) { return storage::ImageTable(c).CountUsers(image.id); }) == 0);
  CHECK(s.Read([&](Connection& c) { return compute::HasInstancesOf(c, image.id); }));
  REQUIRE_OK(s.Write([&](Connection& c) { return storage::ImageTable(c).Delete(image.id); }));
  const absl::Status gone = s.db->Read([&](Connection& c) { return storage::ImageTable(c).Get(image.id).status(); });
  CHECK(ec2::ErrorCode(gone) == "InvalidAMIID.NotFound");
}

TEST_CASE("a key pair comes back by name and by id, and its name is taken", "[store]") {
  Store s;
  const KeyPair pair{Nth<KeyPairId>("key", 1), "me", SshKeyType::kEd25519, "SHA256:abc", "ssh-ed25519 AAAA me", kNow};
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::KeyPairTable(c).Insert(pair); }));
  KeyPair second = pair;
  second.id = Nth<KeyPairId>("key", 2);
  const absl::Status duplicate = s.Write([&](Connection& c) { return compute::KeyPairTable(c).Insert(second); });
  REQUIRE(ec2::ErrorCode(duplicate) == "InvalidKeyPair.Duplicate");
  for (const auto& found : {s.Read([&](Connection& c) { return compute::KeyPairTable(c).FindByName("me"); }),
                            s.Read([&](Connection& c) { return compute::KeyPairTable(c).FindById(pair.id); })}) {
    REQUIRE(found.has_value());
    CHECK(found->id == pair.id);
    CHECK(found->name == pair.name);
    CHECK(found->type == pair.type);
    CHECK(found->fingerprint == pair.fingerprint);
    CHECK(found->public_key == pair.public_key);
    CHECK(found->created == pair.created);
  }
  CHECK_FALSE(s.Read([&](Connection& c) { return compute::KeyPairTable(c).FindByName("ME"); }).has_value());
  CHECK(s.Read([](Connection& c) { return compute::KeyPairTable(c).List(); }).size() == 1);
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::KeyPairTable(c).Delete(pair.id); }));
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::KeyPairTable(c).Delete(pair.id); }));
  CHECK(s.Read([](Connection& c) { return compute::KeyPairTable(c).List(); }).empty());
}

TEST_CASE("tags are set, overwritten, deleted by value and gone with their resource", "[store]") {
  Store s;
  const std::string id = Nth<InstanceId>("i", 1).text(), other = Nth<InstanceId>("i", 2).text();
  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(compute::InstanceTable(c).Insert(MakeInstance(1), 128, 1));
    RETURN_IF_ERROR(tagging::TagTable(c).Set(id, "Name", "web"));
    RETURN_IF_ERROR(tagging::TagTable(c).Set(id, "Name", "web 2"));
    RETURN_IF_ERROR(tagging::TagTable(c).Set(id, "name", ""));
    return tagging::TagTable(c).Set(other, "quote \" and \\", "\n");
  }));
  CHECK(s.Read([&](Connection& c) { return tagging::TagTable(c).Get(id); }) == TagMap{{"Name", "web 2"}, {"name", ""}});
  const std::vector<std::string> ids = {other, id, "strange \"\\\n", id};
  const auto many = s.Read([&](Connection& c) { return tagging::TagTable(c).GetMany(ids); });
  REQUIRE(many.size() == 2);
  CHECK(many.at(id).size() == 2);
  CHECK(many.at(other) == TagMap{{"quote \" and \\", "\n"}});
  const auto values = s.Read([&](Connection& c) { return tagging::TagTable(c).GetValues(ids, "Name"); });
  CHECK(values == std::map<std::string, std::string>{{id, "web 2"}});
  CHECK(s.Read([&](Connection& c) { return tagging::TagTable(c).GetJson(id); }) == R"({"Name":"web 2","name":""})");
  const auto list = s.Read([](Connection& c) { return tagging::TagTable(c).List({}); });
  REQUIRE(list.size() == 3);
  CHECK(list[0].key == "Name");
  CHECK(list[2].resource_id == other);

  REQUIRE_OK(s.Write([&](Connection& c) {
    RETURN_IF_ERROR(tagging::TagTable(c).Delete(id, "Name", "web"));  // not the present value
    RETURN_IF_ERROR(tagging::TagTable(c).Delete(id, "name", ""));
    return tagging::TagTable(c).Delete(id, "missing", std::nullopt);
  }));
  CHECK(s.Read([&](Connection& c) { return tagging::TagTable(c).Get(id); }) == TagMap{{"Name", "web 2"}});
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Delete(Nth<InstanceId>("i", 1)); }));
  CHECK(s.Read([&](Connection& c) { return tagging::TagTable(c).Get(id); }).empty());
  REQUIRE_OK(s.Write([&](Connection& c) { return tagging::TagTable(c).DeleteAll(other); }));
  CHECK(s.Read([](Connection& c) { return tagging::TagTable(c).List({}); }).empty());
}

TEST_CASE("times at the ends of the range stay infinite", "[store]") {
  Store s;
  Instance i = MakeInstance(1);
  i.launch_time = absl::InfiniteFuture();
  i.state_since = absl::InfinitePast();
  REQUIRE_OK(s.Write([&](Connection& c) { return compute::InstanceTable(c).Insert(i, 128, 1); }));
  CheckSame(s.Read([&](Connection& c) { return compute::InstanceTable(c).Get(i.id); }), i);
}

}  // namespace
TEST_CASE("a kind that takes tags loses them with its row", "[store]") {
  Store store;
  for (const Kind& kind : kKinds) {
    if (kind.table.empty()) continue;
    INFO(kind.table);
    const auto triggers = store.Read([&](Connection& connection) {
      return connection.All(
          "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?",
          [](Row& row) {
            std::string sql;
            row.Read(sql);
            return sql;
          },
          std::string(kind.table));
    });
    CHECK(std::any_of(triggers.begin(), triggers.end(), [](const std::string& sql) {
      return sql.find("AFTER DELETE ON") != sql.npos &&
             sql.find("DELETE FROM tags WHERE resource_id = OLD.id") != sql.npos;
    }));
  }
}

}  // namespace brume::store
