brume_test(domain_test SOURCES unit/domain_test.cc unit/domain_rules_test.cc DEPS brume_domain LABELS unit)
