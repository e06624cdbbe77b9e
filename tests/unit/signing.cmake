brume_test(signing_test SOURCES unit/sigv4_test.cc unit/access_key_test.cc DEPS brume_identity LABELS unit)
