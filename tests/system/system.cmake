# Guests boot here for real.
foreach(module launch network metadata lifecycle ends image console restart full_disk libvirtd)
  brume_python_test(system_${module} system ${module}_test TIMEOUT 600 LABELS system GUESTS)
endforeach()
brume_python_test(system_refusal system refusal_test TIMEOUT 300 LABELS system)
brume_python_test(system_simulate system simulate_test TIMEOUT 300 LABELS system)
brume_python_test(system_service system service_test TIMEOUT 120 LABELS system)
brume_python_test(system_harness system harness_test TIMEOUT 120 LABELS system)
