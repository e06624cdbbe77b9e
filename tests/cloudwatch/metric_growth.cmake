brume_test(metric_growth_test SOURCES cloudwatch/metric_growth_test.cc DEPS brume_cloudwatch LABELS unit)
