hub_test(test_settings LINK base)
hub_test(test_log LINK base)
hub_test(test_base LINK base)
