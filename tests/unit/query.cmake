brume_test(query_test SOURCES unit/query_form_test.cc unit/query_values_test.cc unit/query_decode_test.cc
           unit/query_encode_test.cc unit/query_error_test.cc
           DEPS brume_frontend_query LABELS unit)
