# By hand: tests/isolated bin/sampling_bench.
add_executable(sampling_bench ${CMAKE_CURRENT_SOURCE_DIR}/bench/sampling_bench.cc
               ${CMAKE_CURRENT_SOURCE_DIR}/ec2/compute/libvirt_support.cc
               ${CMAKE_CURRENT_SOURCE_DIR}/ec2/compute/hypervisor_contract.cc)
target_link_libraries(sampling_bench PRIVATE brume_test_main brume_cloudwatch brume_compute_libvirt brume_network_linux
                      PkgConfig::JEMALLOC)  # brumed's heap
target_compile_definitions(sampling_bench PRIVATE LIBVIRT_HOLDER="$<TARGET_FILE:libvirt_holder>")
