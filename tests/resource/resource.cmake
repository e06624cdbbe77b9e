brume_test(domain_test SOURCES resource/domain_test.cc ec2/storage/volume_performance_test.cc resource/domain_rules_test.cc resource/user_id_range_test.cc resource/error_codes_test.cc resource/kinds_test.cc resource/arn_test.cc resource/ipv6_test.cc DEPS brume_compute_model brume_network_model brume_storage_model LABELS unit)

# Compiled with the rest, so that it is not found out in the rare build with a sanitizer.
add_library(sanitized_ids OBJECT resource/sanitized_ids.cc)
target_link_libraries(sanitized_ids PRIVATE brume_resource)
target_compile_options(sanitized_ids PRIVATE -fsanitize=undefined)
