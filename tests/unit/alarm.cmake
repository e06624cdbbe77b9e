brume_test(alarm_test SOURCES unit/alarm_test.cc unit/alarm_action_rules_test.cc DEPS brume_alarm LABELS unit)
brume_test(alarm_service_test SOURCES unit/alarm_evaluator_test.cc unit/alarm_composite_test.cc
           unit/alarm_actions_test.cc unit/alarm_reader_test.cc unit/alarm_threads_test.cc DEPS brume_monitoring LABELS unit)
brume_test(alarm_webhook_test SOURCES unit/alarm_webhook_test.cc DEPS brume_monitoring OpenSSL::SSL LABELS unit)
brume_test(api_alarm_test SOURCES unit/api_alarm_test.cc unit/alarm_bad_input_test.cc DEPS brume_api LABELS unit)
