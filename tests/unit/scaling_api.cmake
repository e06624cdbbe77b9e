brume_test(scaling_api_test SOURCES unit/scaling_api_test.cc unit/scaling_policy_api_test.cc
           unit/scaling_bad_input_test.cc DEPS brume_api LABELS unit)
