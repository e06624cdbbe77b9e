brume_test(store_test SOURCES store/store_test.cc store/store_open_test.cc store/store_rows_test.cc
           store/store_network_rows_test.cc store/store_table_test.cc DEPS brume_compute LABELS unit)
