add_executable(libvirt_holder ec2/compute/libvirt_holder.cc)
target_link_libraries(libvirt_holder PRIVATE brume_compute_libvirt)

brume_test(libvirt_embed_test
  SOURCES ec2/compute/libvirt_embed_test.cc ec2/compute/libvirt_survival_test.cc
          ec2/compute/libvirt_acceleration_test.cc ec2/compute/libvirt_support.cc ec2/compute/hypervisor_contract.cc
  DEPS brume_compute_libvirt
  LABELS integration)
target_compile_definitions(libvirt_embed_test PRIVATE LIBVIRT_HOLDER="$<TARGET_FILE:libvirt_holder>")
add_dependencies(libvirt_embed_test libvirt_holder)

brume_test(libvirt_mini_test
  SOURCES ec2/compute/libvirt_mini_test.cc ec2/compute/libvirt_support.cc ec2/compute/hypervisor_contract.cc
  DEPS brume_compute_libvirt
  LABELS integration
  PROPERTIES FIXTURES_REQUIRED mini ENVIRONMENT BRUME_MINI=${BRUME_MINI} RESOURCE_LOCK guests)
target_compile_definitions(libvirt_mini_test PRIVATE LIBVIRT_HOLDER="$<TARGET_FILE:libvirt_holder>")
add_dependencies(libvirt_mini_test libvirt_holder)

brume_test(libvirt_system_test
  SOURCES ec2/compute/libvirt_system_test.cc ec2/compute/libvirt_support.cc ec2/compute/hypervisor_contract.cc
  DEPS brume_compute_libvirt
  LABELS integration)
target_compile_definitions(libvirt_system_test PRIVATE LIBVIRT_HOLDER="$<TARGET_FILE:libvirt_holder>")
