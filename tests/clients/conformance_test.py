"""What tests/clients/conformance.py finds in an answer, and what it does with it."""

import unittest

import botocore.session
from conformance import Answer, Ratchet


class ConformanceTest(unittest.TestCase):
    def faults(self, service, operation, body, status=200):
        model = botocore.session.Session().get_service_model(service).operation_model(operation)
        return [fault.partition(" ")[2] for fault in Answer(model).check(status, body)]

    def test_an_answer_as_the_model_has_it_has_no_fault(self):
        self.assertEqual(self.faults("ec2", "DescribeVpcs", (
            "<DescribeVpcsResponse xmlns='x'><requestId>r</requestId><vpcSet><item><vpcId>vpc-1</vpcId><isDefault>true"
            "</isDefault><tagSet/></item></vpcSet></DescribeVpcsResponse>")), [])
        self.assertEqual(self.faults("iam", "GetUser", (
            "<GetUserResponse xmlns='x'><GetUserResult><User><Path>/</Path><UserName>u</UserName><UserId>i</UserId>"
            "<Arn>a</Arn><CreateDate>2026-01-01T00:00:00.000Z</CreateDate><Tags/></User></GetUserResult>"
            "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetUserResponse>")), [])

    def test_unknown_repeated_missing_and_wrong_members_are_faults(self):
        self.assertEqual(self.faults("ec2", "DescribeVpcs", (
            "<R><vpcSet><item><vpcid>v</vpcid><isDefault>True</isDefault><vpcId>a</vpcId><vpcId>b</vpcId></item>"
            "<member/></vpcSet></R>")),
            ["unknown vpcSet.vpcid", "boolean vpcSet.isDefault", "twice vpcSet.vpcId", "unknown vpcSet.member"])
        self.assertEqual(self.faults("iam", "GetUser", (
            "<R><GetUserResult><User><Path>/</Path><UserName>u</UserName><UserId>i</UserId><CreateDate>2026-01-01"
            "</CreateDate></User></GetUserResult></R>")), ["timestamp User.CreateDate", "missing User.Arn"])

    def test_a_code_that_neither_model_nor_reference_has_is_a_fault(self):
        error = "<Response><Errors><Error><Code>{}</Code></Error></Errors></Response>"
        self.assertEqual(self.faults("ec2", "DescribeVpcs", error.format("InvalidVpcID.NotFound"), 400), [])
        self.assertEqual(self.faults("ec2", "DescribeVpcs", error.format("NoSuchEntity"), 400), ["error NoSuchEntity"])
        self.assertEqual(self.faults("iam", "GetUser", error.format("NoSuchEntity"), 404), [])
        self.assertEqual(self.faults("iam", "GetUser", error.format("MalformedPolicyDocument"), 400),
                         ["error MalformedPolicyDocument"])

    def test_an_exception_that_is_not_met_any_more_fails(self):
        ratchet = Ratchet()
        ratchet.modules["m"] = {"ec2:A unknown x": True}
        ratchet.check_met("m")
        ratchet.modules["m"]["ec2:B unknown y"] = False
        with self.assertRaises(AssertionError):
            ratchet.check_met("m")


if __name__ == "__main__":
    unittest.main()
