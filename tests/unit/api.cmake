brume_test(schema_test SOURCES unit/schema_test.cc DEPS brume_api LABELS unit)
