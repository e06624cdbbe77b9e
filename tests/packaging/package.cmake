# The package's life, in a bare Debian: minutes, and the network for Debian's packages, so by hand.
option(BRUME_PACKAGE_TESTS "Make, install, upgrade and purge the Debian package" OFF)
if(BRUME_PACKAGE_TESTS)
  set(BRUME_PACKAGES ${CMAKE_BINARY_DIR}/package-repository)
  add_test(NAME package_repository_is_made COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/packaging/repository ${BRUME_PACKAGES})
  set_tests_properties(package_repository_is_made PROPERTIES FIXTURES_SETUP packages TIMEOUT 900 LABELS package)
  foreach(module package systemd)
    brume_python_test(${module}_life packaging ${module}_test TIMEOUT 3600 LABELS package
      ENVIRONMENT BRUME_BUILD=${CMAKE_BINARY_DIR} BRUME_PACKAGES=${BRUME_PACKAGES})
    set_tests_properties(${module}_life PROPERTIES FIXTURES_REQUIRED "mini;packages" PROCESSORS 2)
  endforeach()
  # packaging/install over a copy of this host, without the network.
  brume_python_test(package_install packaging install_test TIMEOUT 600 LABELS package ENVIRONMENT BRUME_BUILD=${CMAKE_BINARY_DIR})
endif()
