brume_test(alarm_test SOURCES unit/alarm_test.cc DEPS brume_alarm LABELS unit)
