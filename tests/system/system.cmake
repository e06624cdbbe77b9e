# Guests boot here for real.
foreach(module launch volume snapshot network metadata lifecycle ends image console restart previous_revision full_disk libvirtd doctor monitoring alarm scaling)
  brume_python_test(system_${module} system ${module}_test TIMEOUT 600 LABELS system GUESTS)
endforeach()
brume_python_test(system_refusal system refusal_test TIMEOUT 300 LABELS system)
brume_python_test(system_import system import_test TIMEOUT 300 LABELS system)
brume_python_test(system_simulate system simulate_test TIMEOUT 300 LABELS system)
brume_python_test(system_certificate system certificate_test TIMEOUT 120 LABELS system)
brume_python_test(system_service system service_test TIMEOUT 120 LABELS system)
brume_python_test(system_harness system harness_test TIMEOUT 120 LABELS system)
# The clients of system_concurrency, in one process.
add_executable(call_storm ${CMAKE_CURRENT_SOURCE_DIR}/system/call_storm.cc)
target_link_libraries(call_storm PRIVATE brume_options brume_proto PkgConfig::GRPC)
brume_python_test(system_concurrency system concurrency_test TIMEOUT 300 LABELS system)
