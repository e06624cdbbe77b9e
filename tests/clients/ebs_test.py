"""boto3's client of the EBS direct APIs, unchanged: snapshots written and read block by block."""

import base64
import hashlib
import unittest

from botocore.exceptions import ClientError
from client_host import SimulatedClientTest
from conditions import wait_until

BLOCK = 524288


def checksum(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


class BlocksTest(SimulatedClientTest):
    def setUp(self):
        self.ebs, self.ec2 = self.client("ebs"), self.client()

    def put(self, snapshot, index, data):
        return self.ebs.put_snapshot_block(
            SnapshotId=snapshot, BlockIndex=index, BlockData=data, DataLength=len(data), Checksum=checksum(data),
            ChecksumAlgorithm="SHA256", Progress=50)

    def made(self, blocks, **more):
        """A completed snapshot of 1 GiB with these blocks."""
        snapshot = self.ebs.start_snapshot(VolumeSize=1, **more)["SnapshotId"]
        for index, data in blocks.items():
            self.assertEqual(self.put(snapshot, index, data)["Checksum"], checksum(data))
        digests = b"".join(hashlib.sha256(blocks[index]).digest() for index in sorted(blocks))
        ended = self.ebs.complete_snapshot(
            SnapshotId=snapshot, ChangedBlocksCount=len(blocks), Checksum=checksum(digests), ChecksumAlgorithm="SHA256",
            ChecksumAggregationMethod="LINEAR")
        self.assertIn(ended["Status"], ("pending", "completed"))
        wait_until(lambda: self.ec2.describe_snapshots(
            SnapshotIds=[snapshot])["Snapshots"][0]["State"] == "completed", 30, "a completed snapshot")
        return snapshot

    def read(self, snapshot, block):
        answer = self.ebs.get_snapshot_block(
            SnapshotId=snapshot, BlockIndex=block["BlockIndex"], BlockToken=block["BlockToken"])
        data = answer["BlockData"].read()
        self.assertEqual((answer["DataLength"], answer["Checksum"], answer["ChecksumAlgorithm"]),
                         (BLOCK, checksum(data), "SHA256"))
        return data

    def test_a_snapshot_is_written_made_a_volume_of_and_read_again(self):
        blocks = {0: b"a" * BLOCK, 3: bytes(range(256)) * (BLOCK // 256), 2047: b"z" * BLOCK}
        snapshot = self.made(blocks, Description="by blocks", Tags=[{"Key": "Name", "Value": "ours"}], ClientToken="t")
        (shown,) = self.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
        self.assertEqual((shown["Description"], shown["VolumeSize"], shown["Tags"]),
                         ("by blocks", 1, [{"Key": "Name", "Value": "ours"}]))
        volume = self.ec2.create_volume(AvailabilityZone="us-east-1a", SnapshotId=snapshot)
        self.assertEqual(volume["Size"], 1)
        pages = [self.ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=100)]
        while pages[-1].get("NextToken"):
            pages.append(self.ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=100,
                                                       NextToken=pages[-1]["NextToken"]))
        listed = [block for page in pages for block in page["Blocks"]]
        self.assertEqual(pages[0]["BlockSize"], BLOCK)
        self.assertEqual(pages[0]["ExpiryTime"].tzname() is not None, True)
        self.assertEqual({block["BlockIndex"]: self.read(snapshot, block) for block in listed}, blocks)

    def test_what_changed_over_a_parent_is_listed(self):
        parent = self.made({0: b"a" * BLOCK, 1: b"b" * BLOCK})
        child = self.made({1: b"B" * BLOCK, 7: b"h" * BLOCK}, ParentSnapshotId=parent)
        changed = self.ebs.list_changed_blocks(FirstSnapshotId=parent, SecondSnapshotId=child)["ChangedBlocks"]
        self.assertEqual([block["BlockIndex"] for block in changed], [1, 7])
        self.assertEqual(["FirstBlockToken" in block for block in changed], [True, False])
        self.assertEqual(self.read(child, {"BlockIndex": 7, "BlockToken": changed[1]["SecondBlockToken"]}), b"h" * BLOCK)
        self.assertEqual(self.read(parent, {"BlockIndex": 1, "BlockToken": changed[0]["FirstBlockToken"]}), b"b" * BLOCK)

    def refused(self, call, **arguments):
        with self.assertRaises(ClientError) as raised:
            call(**arguments)
        answer = raised.exception.response
        return (answer["Error"]["Code"], answer.get("Reason"), answer["ResponseMetadata"]["HTTPStatusCode"])

    def test_errors_are_those_of_the_model(self):
        snapshot = self.made({0: b"a" * BLOCK})
        self.assertEqual(
            self.refused(self.ebs.get_snapshot_block, SnapshotId=snapshot, BlockIndex=0, BlockToken="QUJD"),
            ("ValidationException", "INVALID_BLOCK_TOKEN", 400))
        self.assertEqual(
            self.refused(self.ebs.list_snapshot_blocks, SnapshotId="snap-00000000000000000"),
            ("ResourceNotFoundException", "SNAPSHOT_NOT_FOUND", 404))
        self.assertEqual(self.refused(self.ebs.start_snapshot, VolumeSize=65537),
                         ("ValidationException", "INVALID_VOLUME_SIZE", 400))
        other = self.made({0: b"a" * BLOCK})
        self.assertEqual(self.refused(self.ebs.list_changed_blocks, FirstSnapshotId=snapshot, SecondSnapshotId=other),
                         ("ValidationException", "UNRELATED_SNAPSHOTS", 400))
        begun = self.ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
        self.assertEqual(
            self.refused(self.ebs.put_snapshot_block, SnapshotId=begun, BlockIndex=0, BlockData=b"a" * BLOCK,
                         DataLength=BLOCK, Checksum=checksum(b"b"), ChecksumAlgorithm="SHA256"),
            ("ValidationException", "INVALID_PARAMETER_VALUE", 400))

    def test_policies_are_asked_for_each_call_on_the_snapshot(self):
        snapshot, other = self.made({0: b"a" * BLOCK}), self.made({0: b"a" * BLOCK})
        iam = self.client("iam")
        iam.create_user(UserName="reader")
        iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=(
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ebs:ListSnapshotBlocks",'
            '"ebs:GetSnapshotBlock"],"Resource":"arn:aws:ec2:us-east-1::snapshot/%s"}]}' % snapshot))
        made = iam.create_access_key(UserName="reader")["AccessKey"]
        reader = self.client("ebs", (made["AccessKeyId"], made["SecretAccessKey"]))
        (block,) = reader.list_snapshot_blocks(SnapshotId=snapshot)["Blocks"]
        reader.get_snapshot_block(SnapshotId=snapshot, BlockIndex=0, BlockToken=block["BlockToken"])["BlockData"].read()
        denied = ("AccessDeniedException", "UNAUTHORIZED_ACCOUNT", 403)
        self.assertEqual(self.refused(reader.list_snapshot_blocks, SnapshotId=other), denied)
        self.assertEqual(self.refused(reader.start_snapshot, VolumeSize=1), denied)
        self.assertEqual(self.refused(reader.put_snapshot_block, SnapshotId=snapshot, BlockIndex=0, BlockData=b"a" * BLOCK,
                                      DataLength=BLOCK, Checksum=checksum(b"a" * BLOCK), ChecksumAlgorithm="SHA256"),
                         denied)


del SimulatedClientTest

if __name__ == "__main__":
    unittest.main()
