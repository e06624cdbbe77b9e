brume_test(metadata_test
  SOURCES unit/metadata_answer_test.cc unit/metadata_token_test.cc unit/metadata_tree_test.cc
  DEPS brume_metadata
  LABELS unit)
