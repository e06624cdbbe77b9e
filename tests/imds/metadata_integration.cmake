brume_test(metadata_server_test SOURCES imds/metadata_test.cc imds/metadata_module_test.cc DEPS brume_imds LABELS integration)
target_compile_definitions(metadata_server_test
  PRIVATE METADATA_CRAWL="${CMAKE_CURRENT_SOURCE_DIR}/imds/metadata_crawl.py")
