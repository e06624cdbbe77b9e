brume_test(store_integration_test SOURCES integration/store_test.cc DEPS brume_store LABELS integration)
