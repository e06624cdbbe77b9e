brume_test(libvirt_test
  SOURCES unit/libvirt_domain_xml_test.cc unit/libvirt_console_log_test.cc unit/libvirt_deadline_pool_test.cc
          unit/libvirt_embed_state_test.cc unit/libvirt_simulated_test.cc contract/hypervisor_contract.cc
  DEPS brume_compute_libvirt PkgConfig::PUGIXML
  LABELS unit)

# A program of its own: being a subreaper is a property of the process.
brume_test(libvirt_subreaper_test
  SOURCES unit/libvirt_subreaper_test.cc contract/hypervisor_contract.cc
  DEPS brume_compute_libvirt
  LABELS unit)
