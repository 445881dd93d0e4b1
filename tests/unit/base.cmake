hub_test(test_settings LINK base)
hub_test(test_log LINK base)
hub_test(test_base LINK base)
hub_test(test_keys LINK base_keys PkgConfig::CZMQ PkgConfig::ZMQ)
