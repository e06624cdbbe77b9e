brume_test(query_test SOURCES frontend/query/query_form_test.cc frontend/query/query_values_test.cc frontend/query/query_decode_test.cc
           frontend/query/query_encode_test.cc frontend/query/query_error_test.cc frontend/query/query_cbor_test.cc
           DEPS brume_frontend_query LABELS unit)
brume_test(query_server_test SOURCES frontend/query/query_server_test.cc frontend/query/endpoint_server_test.cc frontend/query/query_content_coding_test.cc
           frontend/query/query_protocol_test.cc frontend/query/query_rpc_test.cc frontend/query/query_rest_test.cc
           DEPS brume_frontend_query OpenSSL::SSL ZLIB::ZLIB LABELS unit)

# The codec for tests written in Python, which have botocore's own.
add_executable(query_codec frontend/query/query_codec_program.cc)
target_link_libraries(query_codec PRIVATE brume_frontend_query brume_cli)
brume_python_test(query_golden frontend/query query_golden_test TIMEOUT 120 LABELS unit)

# The table in the tree is what the schema and botocore's models say now; `ninja brume_api_coverage` writes it anew.
set(api_coverage ${CMAKE_COMMAND} -E env BRUME_BIN=${CMAKE_BINARY_DIR}/bin /usr/bin/python3 -B
    ${CMAKE_CURRENT_LIST_DIR}/api_coverage.py)
add_custom_target(brume_api_coverage COMMAND ${api_coverage} ${CMAKE_SOURCE_DIR}/docs
                  DEPENDS query_codec)
add_test(NAME api_coverage_is_current COMMAND ${api_coverage} --check ${CMAKE_SOURCE_DIR}/docs)
set_tests_properties(api_coverage_is_current PROPERTIES LABELS unit TIMEOUT 60)
