// The EBS direct APIs as the API takes and shows them: snapshots made and read block by block.
#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "brume/ebs/v1/block.pb.h"
#include "lib/gateway/time_text.h"
#include "lib/store/connection.h"
#include "tests/fakes/api_world.h"

namespace brume {
namespace {

using namespace ebs::v1;

std::string BlockOf(char byte) { return std::string(kBlockBytes, byte); }

struct BlockWorld : ApiWorld {
  StartSnapshotResponse Start(int64_t size = 1, const std::string& parent = "") {
    StartSnapshotRequest request;
    request.set_volume_size(size);
    if (!parent.empty()) request.set_parent_snapshot_id(parent);
    return Value(Call<StartSnapshotResponse>(request));
  }
  absl::Status Put(const std::string& id, int index, const std::string& data) {
    PutSnapshotBlockRequest request;
    request.set_snapshot_id(id);
    request.set_block_index(index);
    request.set_block_data(data);
    request.set_data_length(static_cast<int>(data.size()));
    request.set_checksum(ChecksumOfBlock(data));
    request.set_checksum_algorithm("SHA256");
    return Call<PutSnapshotBlockResponse>(request).status();
  }
  absl::StatusOr<CompleteSnapshotResponse> Complete(const std::string& id, int blocks, const std::string& sum = "") {
    CompleteSnapshotRequest request;
    request.set_snapshot_id(id);
    request.set_changed_blocks_count(blocks);
    if (!sum.empty()) {
      request.set_checksum(sum);
      request.set_checksum_algorithm("SHA256");
    }
    return Call<CompleteSnapshotResponse>(request);
  }
  bool IsCompleted(const std::string& id) { return StateOf(id) == SnapshotState::kCompleted; }
  SnapshotState StateOf(const std::string& id) {
    const SnapshotId snapshot = *SnapshotId::Parse(id);
    return Value(snapshot_service->List({&snapshot, 1})).front().snapshot.state;
  }
  // Completed, of blocks by index.
  std::string Made(const std::map<int, char>& blocks, const std::string& parent = "") {
    const std::string id = Start(1, parent).snapshot_id();
    for (const auto& [index, byte] : blocks) REQUIRE_OK(Put(id, index, BlockOf(byte)));
    REQUIRE_OK(Complete(id, static_cast<int>(blocks.size())).status());
    REQUIRE(Eventually([&] { return IsCompleted(id); }));
    return id;
  }
  std::vector<Block> Blocks(const std::string& id) {
    ListSnapshotBlocksRequest request;
    request.set_snapshot_id(id);
    const auto answer = Value(Call<ListSnapshotBlocksResponse>(request));
    return {answer.blocks().begin(), answer.blocks().end()};
  }
  std::vector<ChangedBlock> Changed(const std::string& first, const std::string& second) {
    ListChangedBlocksRequest request;
    request.set_first_snapshot_id(first);
    request.set_second_snapshot_id(second);
    const auto answer = Value(Call<ListChangedBlocksResponse>(request));
    return {answer.changed_blocks().begin(), answer.changed_blocks().end()};
  }
  absl::StatusOr<GetSnapshotBlockResponse> Get(const std::string& id, int index, const std::string& token) {
    GetSnapshotBlockRequest request;
    request.set_snapshot_id(id);
    request.set_block_index(index);
    request.set_block_token(token);
    return Call<GetSnapshotBlockResponse>(request);
  }
  std::string CodeOf(const absl::Status& status) { return std::string(ec2::ErrorCode(status)); }
  std::string CodeOf(const std::string& action, const std::string& request) {
    return CodeOf(CallText("ebs:" + action, request).status());
  }
};

}  // namespace

TEST_CASE("a snapshot is put together block by block, and read as it was put", "[ebs]") {
  BlockWorld world;
  const StartSnapshotResponse started = world.Start();
  const std::string& id = started.snapshot_id();
  CHECK(started.status() == "pending");
  CHECK(started.volume_size() == 1);
  CHECK(started.block_size() == 524288);
  CHECK(started.owner_id() == world.settings.account_id);
  REQUIRE_OK(world.Put(id, 3, BlockOf('c')));
  REQUIRE_OK(world.Put(id, 0, BlockOf('x')));
  REQUIRE_OK(world.Put(id, 0, BlockOf('a')));  // in place of the one before
  REQUIRE_OK(world.Put(id, 2047, BlockOf('z')));
  std::string digests;
  for (const char byte : {'a', 'c', 'z'}) digests += DigestOfBlock(BlockOf(byte));
  CHECK(Value(world.Complete(id, 3, ChecksumOfBlock(digests))).status() == "pending");
  REQUIRE(world.Eventually([&] { return world.IsCompleted(id); }));
  CHECK(Value(world.Complete(id, 3)).status() == "completed");  // an answer that was lost

  const std::vector<Block> blocks = world.Blocks(id);
  REQUIRE(blocks.size() == 3);
  CHECK(blocks[0].block_index() == 0);
  CHECK(blocks[1].block_index() == 3);
  CHECK(blocks[2].block_index() == 2047);
  const auto read = Value(world.Get(id, 3, blocks[1].block_token()));
  CHECK(read.block_data() == BlockOf('c'));
  CHECK(read.data_length() == 524288);
  CHECK(read.checksum() == ChecksumOfBlock(BlockOf('c')));
  CHECK(read.checksum_algorithm() == "SHA256");
  REQUIRE_OK(world.CallText("CreateVolume", "availability_zone: 'us-east-1a' snapshot_id: '" + id + "'").status());
}

TEST_CASE("what a client says of a snapshot must be true before it is completed", "[ebs]") {
  BlockWorld world;
  const std::string id = world.Start().snapshot_id();
  PutSnapshotBlockRequest request;
  request.set_snapshot_id(id);
  request.set_block_index(0);
  request.set_block_data(BlockOf('a'));
  request.set_data_length(524288);
  request.set_checksum(ChecksumOfBlock("something else"));
  request.set_checksum_algorithm("SHA256");
  constexpr char kValue[] = "ValidationException.INVALID_PARAMETER_VALUE";
  CHECK(world.CodeOf(world.Call<PutSnapshotBlockResponse>(request).status()) == kValue);
  CHECK(world.CodeOf(world.Put(id, 0, "short")) == kValue);
  CHECK(world.CodeOf(world.Put(id, 2048, BlockOf('a'))) == "ValidationException.INVALID_BLOCK");
  CHECK(world.CodeOf(world.Put(id, -1, BlockOf('a'))) == kValue);
  REQUIRE_OK(world.Put(id, 0, BlockOf('a')));
  CHECK(world.CodeOf(world.Complete(id, 2).status()) == kValue);
  CHECK(world.CodeOf(world.Complete(id, 1, ChecksumOfBlock("no")).status()) == kValue);
  // It is as it was.
  REQUIRE_OK(world.Put(id, 1, BlockOf('b')));
  REQUIRE_OK(world.Complete(id, 2).status());
  CHECK(world.CodeOf(world.Put(id, 2, BlockOf('c'))) == "ValidationException.INVALID_SNAPSHOT_ID");
}

TEST_CASE("a block is read with the token that a list gave for it, and with no other", "[ebs]") {
  BlockWorld world;
  const std::string id = world.Made({{0, 'a'}, {1, 'b'}}), other = world.Made({{0, 'c'}});
  const std::vector<Block> blocks = world.Blocks(id);
  REQUIRE(blocks.size() == 2);
  std::string forged = blocks[0].block_token();
  forged[20] = forged[20] == 'A' ? 'B' : 'A';
  constexpr char kToken[] = "ValidationException.INVALID_BLOCK_TOKEN";
  for (const std::string& token :
       {forged, std::string("x"), blocks[1].block_token(), world.Blocks(other)[0].block_token()}) {
    CHECK(world.CodeOf(world.Get(id, 0, token).status()) == kToken);
  }
  REQUIRE_OK(world.Get(id, 0, blocks[0].block_token()).status());
  world.clock.Advance(absl::Hours(24 * 7));
  CHECK(world.CodeOf(world.Get(id, 0, blocks[0].block_token()).status()) == kToken);
}

TEST_CASE("a snapshot over a parent has its blocks where none is put, and what changed is told without reading",
          "[ebs]") {
  BlockWorld world;
  const std::string parent = world.Made({{0, 'a'}, {1, 'b'}});
  const std::string child = world.Made({{1, 'B'}, {5, 'E'}}, parent);
  const std::string grandchild = world.Made({{5, 'F'}}, child);
  const std::vector<Block> blocks = world.Blocks(child);
  REQUIRE(blocks.size() == 3);
  CHECK(Value(world.Get(child, 0, blocks[0].block_token())).block_data() == BlockOf('a'));
  CHECK(Value(world.Get(child, 1, blocks[1].block_token())).block_data() == BlockOf('B'));

  const int reads = world.block_files.reads();
  const std::vector<ChangedBlock> changed = world.Changed(parent, child);
  REQUIRE(changed.size() == 2);
  CHECK(changed[0].block_index() == 1);
  CHECK(changed[0].has_first_block_token());
  CHECK(changed[1].block_index() == 5);
  CHECK_FALSE(changed[1].has_first_block_token());
  REQUIRE(world.Changed(parent, grandchild).size() == 2);
  REQUIRE(world.Changed(child, grandchild).size() == 1);
  REQUIRE(world.Changed(grandchild, child).size() == 1);  // in either direction
  CHECK(world.Changed(child, child).empty());
  CHECK(world.block_files.reads() == reads);
  CHECK(Value(world.Get(child, 5, changed[1].second_block_token())).block_data() == BlockOf('E'));

  // The parent's layer stays for as long as the child needs it.
  REQUIRE_OK(world.CallText("DeleteSnapshot", "snapshot_id: '" + parent + "'").status());
  CHECK(Value(world.Get(child, 0, blocks[0].block_token())).block_data() == BlockOf('a'));
  CHECK(world.CodeOf("ListChangedBlocks", "first_snapshot_id: '" + parent + "' second_snapshot_id: '" + child + "'") ==
        "ResourceNotFoundException.SNAPSHOT_NOT_FOUND");
}

TEST_CASE("an encrypted snapshot waits for its blocks", "[ebs]") {
  BlockWorld world;
  REQUIRE_OK(world.CallText("EnableEbsEncryptionByDefault", "").status());
  const std::string id = world.Start().snapshot_id();
  world.snapshots->WakeAll();
  world.Made({{0, 'a'}});  // goes the same ways, and comes later
  REQUIRE(world.StateOf(id) == SnapshotState::kPending);
  REQUIRE_OK(world.Put(id, 0, BlockOf('b')));
  REQUIRE_OK(world.Complete(id, 1).status());
  REQUIRE(world.Eventually([&] { return world.IsCompleted(id); }));
  CHECK(world.Blocks(id).size() == 1);
}

TEST_CASE("a snapshot over an encrypted parent is encrypted with its key", "[ebs]") {
  BlockWorld world;
  REQUIRE_OK(world.CallText("EnableEbsEncryptionByDefault", "").status());
  const std::string parent = world.Made({{0, 'a'}});
  const std::string child = world.Made({{1, 'b'}}, parent);
  REQUIRE_OK(world.CallText("DisableEbsEncryptionByDefault", "").status());
  const std::string grandchild = world.Made({{2, 'c'}}, child);
  const auto row = [&](const std::string& id) {
    return Value(
        world.database->ReadFor([&](store::Connection& c) { return storage::GetSnapshot(c, *SnapshotId::Parse(id)); }));
  };
  REQUIRE(row(parent).encrypted);
  CHECK_FALSE(row(parent).data_key_id.empty());
  for (const std::string& id : {child, grandchild}) {
    CHECK(row(id).encrypted);
    CHECK(row(id).data_key_id == row(parent).data_key_id);
  }
  CHECK(world.Blocks(grandchild).size() == 3);
}

TEST_CASE("snapshots that have nothing to do with each other are not compared", "[ebs]") {
  BlockWorld world;
  const std::string one = world.Made({{0, 'a'}}), other = world.Made({{0, 'a'}});
  CHECK(world.CodeOf("ListChangedBlocks", "first_snapshot_id: '" + one + "' second_snapshot_id: '" + other + "'") ==
        "ValidationException.UNRELATED_SNAPSHOTS");
}

TEST_CASE("blocks are listed by pages, from any block on", "[ebs]") {
  BlockWorld world;
  std::map<int, char> all;
  for (int i = 0; i < 130; ++i) all[i * 2] = 'a';
  const std::string id = world.Made(all), other = world.Made({{0, 'a'}});
  ListSnapshotBlocksRequest request;
  request.set_snapshot_id(id);
  request.set_max_results(100);
  auto page = Value(world.Call<ListSnapshotBlocksResponse>(request));
  CHECK(page.blocks_size() == 100);
  CHECK(page.volume_size() == 1);
  CHECK(page.expiry_time() == gateway::RenderTime(world.clock.Now() + absl::Hours(24 * 7)));
  request.set_next_token(page.next_token());
  page = Value(world.Call<ListSnapshotBlocksResponse>(request));
  REQUIRE(page.blocks_size() == 30);
  CHECK(page.blocks(0).block_index() == 200);
  CHECK_FALSE(page.has_next_token());
  request.set_snapshot_id(other);
  CHECK(world.CodeOf(world.Call<ListSnapshotBlocksResponse>(request).status()) ==
        "ValidationException.INVALID_PAGE_TOKEN");
  request.set_snapshot_id(id);
  request.clear_next_token();
  request.set_starting_block_index(201);
  page = Value(world.Call<ListSnapshotBlocksResponse>(request));
  CHECK(page.blocks(0).block_index() == 202);
  for (const char* bad : {"max_results: 99", "max_results: 10001", "starting_block_index: -1"}) {
    CHECK(world.CodeOf("ListSnapshotBlocks", "snapshot_id: '" + id + "' " + bad) ==
          "ValidationException.INVALID_PARAMETER_VALUE");
  }
}

TEST_CASE("the same request with the same token is the same snapshot", "[ebs]") {
  BlockWorld world;
  StartSnapshotRequest request;
  request.set_volume_size(1);
  request.set_client_token("t");
  const std::string id = Value(world.Call<StartSnapshotResponse>(request)).snapshot_id();
  CHECK(Value(world.Call<StartSnapshotResponse>(request)).snapshot_id() == id);
  request.set_volume_size(2);
  CHECK(world.CodeOf(world.Call<StartSnapshotResponse>(request).status()) == "ConflictException");
}

TEST_CASE("a snapshot that nobody goes on with is given up, and one that is deleted leaves nothing", "[ebs]") {
  BlockWorld world;
  const std::string left = world.Start().snapshot_id(), deleted = world.Start().snapshot_id();
  REQUIRE_OK(world.Put(left, 0, BlockOf('a')));
  REQUIRE_OK(world.Put(deleted, 0, BlockOf('a')));
  REQUIRE_OK(world.CallText("DeleteSnapshot", "snapshot_id: '" + deleted + "'").status());
  CHECK(world.CodeOf(world.Put(deleted, 1, BlockOf('a'))) == "ResourceNotFoundException.SNAPSHOT_NOT_FOUND");
  world.clock.Advance(absl::Minutes(59));
  world.snapshots->WakeAll();
  REQUIRE_OK(world.Put(left, 1, BlockOf('a')));
  world.clock.Advance(absl::Minutes(59));
  world.snapshots->WakeAll();
  REQUIRE_OK(world.Put(left, 2, BlockOf('a')));
  world.clock.Advance(absl::Minutes(60));
  world.snapshots->WakeAll();
  REQUIRE(world.Eventually([&] { return world.StateOf(left) == SnapshotState::kError; }));
  CHECK(world.CodeOf(world.Complete(left, 3).status()) == "ValidationException.INVALID_SNAPSHOT_ID");
}

TEST_CASE("the snapshot of a volume and that of an image are read block by block, too", "[ebs]") {
  BlockWorld world;
  const std::string volume = world.service->Get(world.Launch())->volumes.front().id.text();
  const SnapshotId taken = Value(world.snapshot_service->Create(*VolumeId::Parse(volume), "", {})).snapshot.id;
  CHECK(world.CodeOf("PutSnapshotBlock", "snapshot_id: '" + SnapshotOf(world.image).text() +
                                             "' block_index: 0 block_data: 'x' data_length: 524288 checksum: 'x' "
                                             "checksum_algorithm: 'SHA256'") ==
        "ValidationException.INVALID_PARAMETER_VALUE");
  REQUIRE(world.Eventually([&] { return world.IsCompleted(taken.text()); }));
  CHECK(world.Blocks(taken.text()).empty());  // simulated disks have no data
  CHECK(world.Blocks(SnapshotOf(world.image).text()).empty());
  CHECK(world.Changed(SnapshotOf(world.image).text(), taken.text()).empty());
}

TEST_CASE("a bad call of the EBS direct APIs is refused with its reason", "[ebs]") {
  BlockWorld world;
  const std::string none = "snapshot_id: 'snap-00000000000000000' ";
  struct Row {
    const char* code;
    const char* action;
    std::string request;
  };
  for (const Row& row : std::vector<Row>{
           {"ValidationException.INVALID_PARAMETER_VALUE", "StartSnapshot", ""},
           {"ValidationException.INVALID_VOLUME_SIZE", "StartSnapshot", "volume_size: 0"},
           {"ValidationException.INVALID_VOLUME_SIZE", "StartSnapshot", "volume_size: 65537"},
           {"ValidationException.INVALID_DEPENDENCY_REQUEST", "StartSnapshot",
            "volume_size: 8 encrypted: true parent_snapshot_id: '" + SnapshotOf(world.image).text() + "'"},
           {"ValidationException.INVALID_PARAMETER_VALUE", "StartSnapshot",
            "volume_size: 1 encrypted: true kms_key_arn: 'arn:aws:kms:us-east-1:000000000000:key/mine'"},
           {"ValidationException.INVALID_PARAMETER_VALUE", "StartSnapshot",
            "volume_size: 1 kms_key_arn: 'alias/aws/ebs'"},
           {"ValidationException.INVALID_PARAMETER_VALUE", "StartSnapshot", "volume_size: 1 timeout: 9"},
           {"ValidationException.INVALID_TAG", "StartSnapshot", "volume_size: 1 tags { key: 'aws:k' value: 'v' }"},
           {"ValidationException.INVALID_TAG", "StartSnapshot", "volume_size: 1 tags { key: 'k' } tags { key: 'k' }"},
           {"ResourceNotFoundException.SNAPSHOT_NOT_FOUND", "StartSnapshot",
            "volume_size: 1 parent_snapshot_id: 'snap-00000000000000000'"},
           {"ValidationException.INVALID_VOLUME_SIZE", "StartSnapshot",
            "volume_size: 1 parent_snapshot_id: '" + SnapshotOf(world.image).text() + "'"},
           {"ResourceNotFoundException.SNAPSHOT_NOT_FOUND", "ListSnapshotBlocks", none},
           {"ResourceNotFoundException.SNAPSHOT_NOT_FOUND", "CompleteSnapshot", none + "changed_blocks_count: 0"},
           {"ValidationException.INVALID_PARAMETER_VALUE", "CompleteSnapshot", none},
           {"ValidationException.INVALID_PARAMETER_VALUE", "CompleteSnapshot",
            none + "changed_blocks_count: 0 checksum_aggregation_method: 'TREE'"},
           {"ValidationException.INVALID_PARAMETER_VALUE", "CompleteSnapshot",
            none + "changed_blocks_count: 0 checksum: 'x' checksum_aggregation_method: 'LINEAR'"},
           {"ValidationException.INVALID_BLOCK_TOKEN", "GetSnapshotBlock", none + "block_index: 0 block_token: 'x'"},
           {"ValidationException.INVALID_PARAMETER_VALUE", "ListChangedBlocks",
            "second_snapshot_id: 'snap-00000000'"}}) {
    INFO(row.action << " " << row.request);
    CHECK(world.CodeOf(row.action, row.request) == row.code);
  }
}

}  // namespace brume
