brume_test(config_test SOURCES unit/config_test.cc unit/host_checks_test.cc DEPS brume_daemon LABELS unit)
target_compile_definitions(config_test PRIVATE BRUME_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
