brume_test(policy_test SOURCES unit/policy_test.cc DEPS brume_identity LABELS unit)
