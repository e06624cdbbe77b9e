brume_test(policy_test SOURCES unit/policy_test.cc DEPS brume_identity LABELS unit)
brume_test(authorizer_test SOURCES unit/authorizer_test.cc DEPS brume_identity brume_network LABELS unit)
brume_test(iam_test SOURCES unit/iam_test.cc DEPS brume_api LABELS unit)
brume_test(sts_test SOURCES unit/sts_test.cc DEPS brume_api LABELS unit)
