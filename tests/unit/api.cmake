brume_test(schema_test SOURCES unit/schema_test.cc DEPS brume_api LABELS unit)
target_compile_definitions(schema_test PRIVATE BRUME_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
brume_test(api_filters_test SOURCES unit/api_filters_test.cc DEPS brume_api LABELS unit)
brume_test(api_validate_test SOURCES unit/api_validate_test.cc DEPS brume_api LABELS unit)
brume_test(api_access_test SOURCES unit/api_access_test.cc DEPS brume_api LABELS unit)
brume_test(api_limits_test SOURCES unit/api_limits_test.cc DEPS brume_api LABELS unit)
brume_test(api_test SOURCES unit/api_test.cc DEPS brume_api LABELS unit)
brume_test(api_resources_test SOURCES unit/api_volume_test.cc unit/api_network_interface_test.cc
           unit/api_options_test.cc unit/api_security_group_rule_test.cc unit/api_route_test.cc
           unit/api_launch_template_test.cc DEPS brume_api LABELS unit)
brume_test(api_bad_input_test SOURCES unit/api_bad_input_test.cc DEPS brume_api LABELS unit)
brume_test(grpc_test SOURCES unit/grpc_server_test.cc unit/grpc_access_test.cc unit/grpc_console_test.cc
           DEPS brume_frontend_grpc PkgConfig::GRPC LABELS unit)
brume_test(event_test SOURCES unit/event_test.cc DEPS brume_api LABELS unit)
