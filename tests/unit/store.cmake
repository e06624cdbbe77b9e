brume_test(store_test SOURCES unit/store_test.cc unit/store_open_test.cc unit/store_rows_test.cc
           unit/store_network_rows_test.cc DEPS brume_store LABELS unit)
