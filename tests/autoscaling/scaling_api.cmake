brume_test(scaling_api_test SOURCES autoscaling/scaling_api_test.cc autoscaling/scaling_policy_api_test.cc autoscaling/scaling_mixed_api_test.cc
           autoscaling/scaling_access_test.cc
           autoscaling/scaling_bad_input_test.cc DEPS brume_test_api LABELS unit)
