brume_test(libvirt_test
  SOURCES ec2/compute/libvirt_domain_xml_test.cc ec2/compute/libvirt_qemu_monitor_test.cc ec2/compute/libvirt_console_log_test.cc ec2/compute/libvirt_deadline_pool_test.cc
          ec2/compute/libvirt_embed_state_test.cc ec2/compute/libvirt_simulated_test.cc ec2/compute/hypervisor_contract.cc
  DEPS brume_compute_libvirt PkgConfig::PUGIXML
  LABELS unit)

# A program of its own: being a subreaper is a property of the process.
brume_test(libvirt_subreaper_test
  SOURCES ec2/compute/libvirt_subreaper_test.cc ec2/compute/hypervisor_contract.cc
  DEPS brume_compute_libvirt
  LABELS unit)
