brume_test(metadata_server_test SOURCES integration/metadata_test.cc DEPS brume_metadata LABELS integration)
target_compile_definitions(metadata_server_test
  PRIVATE METADATA_CRAWL="${CMAKE_CURRENT_SOURCE_DIR}/integration/metadata_crawl.py")
