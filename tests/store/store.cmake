brume_test(store_test SOURCES store/store_test.cc store/store_open_test.cc store/store_rows_test.cc
           store/store_network_rows_test.cc store/store_volume_rows_test.cc
           store/store_table_test.cc store/store_descriptions_test.cc store/store_stale_rows_test.cc
           DEPS brume_autoscaling LABELS unit)
brume_test(store_previous_test SOURCES store/store_previous_test.cc DEPS brume_api LABELS unit)
target_compile_definitions(store_previous_test PRIVATE BRUME_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
brume_test(power_loss_test SOURCES store/power_loss_test.cc store/volatile_disk.cc support/unsynced_bytes.cc DEPS brume_compute sqlite3 LABELS unit)
