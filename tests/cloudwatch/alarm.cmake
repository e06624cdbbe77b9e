brume_test(alarm_test SOURCES cloudwatch/alarm_test.cc cloudwatch/alarm_action_rules_test.cc DEPS brume_cloudwatch_model LABELS unit)
brume_test(alarm_service_test SOURCES cloudwatch/alarm_evaluator_test.cc cloudwatch/alarm_composite_test.cc
           cloudwatch/alarm_actions_test.cc cloudwatch/alarm_reader_test.cc cloudwatch/alarm_threads_test.cc DEPS brume_cloudwatch LABELS unit)
brume_test(alarm_webhook_test SOURCES cloudwatch/alarm_webhook_test.cc DEPS brume_cloudwatch OpenSSL::SSL LABELS unit)
brume_test(api_alarm_test SOURCES cloudwatch/api_alarm_test.cc cloudwatch/alarm_bad_input_test.cc DEPS brume_test_api LABELS unit)
