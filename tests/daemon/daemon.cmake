brume_test(config_test SOURCES daemon/config_test.cc daemon/catalogue_file_test.cc daemon/guest_users_test.cc daemon/host_checks_test.cc daemon/database_watch_test.cc DEPS brume_daemon LABELS unit)
target_compile_definitions(config_test PRIVATE BRUME_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
