brume_test(schema_test SOURCES schema/schema_test.cc schema/declared_filters_test.cc DEPS brume_api LABELS unit)
target_compile_definitions(schema_test PRIVATE BRUME_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
brume_test(api_filters_test SOURCES gateway/api_filters_test.cc gateway/api_rows_read_test.cc DEPS brume_test_api LABELS unit)
brume_test(api_validate_test SOURCES gateway/api_validate_test.cc DEPS brume_api LABELS unit)
brume_test(api_access_test SOURCES gateway/api_access_test.cc DEPS brume_api LABELS unit)
brume_test(api_policy_test SOURCES gateway/api_policy_test.cc gateway/api_policy_spelling_test.cc gateway/api_endpoint_policy_test.cc gateway/api_policy_touched_test.cc gateway/api_policy_launch_test.cc DEPS brume_test_api LABELS unit)
brume_test(api_limits_test SOURCES gateway/api_limits_test.cc gateway/time_text_test.cc DEPS brume_api LABELS unit)
brume_test(api_test SOURCES gateway/api_test.cc DEPS brume_test_api LABELS unit)
brume_test(api_resources_test APART SOURCES ec2/storage/api_volume_test.cc ec2/storage/api_snapshot_test.cc ec2/storage/api_volume_life_test.cc ec2/storage/api_encryption_test.cc ec2/compute/api_block_device_test.cc ec2/network/api_network_interface_test.cc ec2/network/interface_making_test.cc ec2/compute/interface_attachment_test.cc
           ec2/compute/api_instance_filters_test.cc           ec2/compute/api_options_test.cc ec2/compute/api_launch_options_test.cc ec2/network/api_security_group_rule_test.cc ec2/network/api_route_test.cc ec2/network/api_vpc_test.cc ec2/network/api_address_test.cc ec2/network/api_network_acl_test.cc ec2/network/api_prefix_list_test.cc
           ec2/compute/api_launch_template_test.cc ec2/compute/launch_spec_test.cc DEPS brume_test_api LABELS unit)
brume_test(api_image_test APART SOURCES ec2/storage/api_image_state_test.cc ec2/storage/api_image_disks_test.cc ec2/storage/api_export_test.cc ec2/storage/api_snapshot_lock_test.cc ec2/storage/api_public_access_test.cc ec2/storage/api_fast_restore_test.cc DEPS brume_test_api LABELS unit)
brume_test(recycle_bin_test SOURCES ec2/storage/recycle_bin_test.cc ec2/storage/snapshot_block_test.cc DEPS brume_test_api LABELS unit)
brume_test(import_test SOURCES ec2/storage/import_source_test.cc ec2/storage/import_task_test.cc DEPS brume_test_api LABELS unit)
brume_test(api_bad_input_test SOURCES gateway/api_bad_input_test.cc gateway/api_error_texts_test.cc DEPS brume_test_api LABELS unit)
brume_test(grpc_test SOURCES frontend/grpc/grpc_server_test.cc frontend/grpc/grpc_access_test.cc frontend/grpc/grpc_console_test.cc
           DEPS brume_frontend_grpc PkgConfig::GRPC LABELS unit)
brume_test(event_test SOURCES gateway/event_test.cc DEPS brume_test_api LABELS unit)
brume_test(api_vpc_links_test APART SOURCES ec2/network/api_nat_gateway_test.cc ec2/network/api_vpc_endpoint_test.cc ec2/network/api_peering_test.cc ec2/network/api_insights_test.cc ec2/network/api_ipv6_test.cc ec2/network/api_ipv6_native_test.cc ec2/compute/api_launch_ipv6_test.cc ec2/network/api_flow_log_test.cc ec2/compute/connection_tracking_test.cc ec2/compute/instance_type_test.cc
           ec2/network/api_dhcp_options_test.cc ec2/network/vpc_names_test.cc
           DEPS brume_test_api LABELS unit)
