brume_test(cli_test APART SOURCES cli/cli_bad_input_test.cc cli/cli_shorthand_test.cc cli/cli_flags_test.cc cli/cli_output_test.cc
           cli/cli_wait_test.cc cli/cli_records_test.cc cli/cli_client_test.cc cli/cli_program_test.cc
           cli/cli_configure_test.cc cli/cli_tables_test.cc cli/cli_events_test.cc
           cli/cli_console_filter_test.cc cli/cli_doctor_test.cc cli/cli_wait_after_test.cc cli/cli_configure_tls_test.cc cli/cli_help_test.cc
           cli/cli_jmespath_test.cc cli/cli_key_file_test.cc
           cli/cli_names_test.cc cli/cli_short_test.cc
           cli/cli_launch_test.cc cli/cli_short_calls_test.cc
           DEPS brume_cli PkgConfig::GRPC OpenSSL::SSL util LABELS unit)
target_compile_definitions(cli_test PRIVATE BRUME_PROGRAM="$<TARGET_FILE:brume>"
                                            BRUME_GOLDEN_DIRECTORY="${CMAKE_CURRENT_LIST_DIR}/golden")
add_dependencies(cli_test brume)

# The reference in the tree is what the schema says now; `ninja brume_api_reference` writes it anew.
add_test(NAME cli_api_reference_is_current
         COMMAND ${CMAKE_COMMAND} -DBRUME=$<TARGET_FILE:brume> -DDOCS=${CMAKE_SOURCE_DIR}/docs
                 -P ${CMAKE_CURRENT_LIST_DIR}/scripts/cli_api_reference.cmake)
set_tests_properties(cli_api_reference_is_current PROPERTIES LABELS unit)
