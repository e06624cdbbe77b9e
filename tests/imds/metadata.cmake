brume_test(metadata_test APART
  SOURCES imds/metadata_answer_test.cc imds/metadata_token_test.cc imds/metadata_tree_test.cc
  DEPS brume_imds
  LABELS unit)
target_compile_definitions(metadata_test PRIVATE BRUME_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
