brume_test(libvirt_test
  SOURCES unit/libvirt_domain_xml_test.cc unit/libvirt_console_log_test.cc unit/libvirt_deadline_pool_test.cc
          unit/libvirt_simulated_test.cc contract/hypervisor_contract.cc
  DEPS brume_compute_libvirt PkgConfig::PUGIXML
  LABELS unit)
