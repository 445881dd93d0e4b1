hub_test(prop_walk LINK proto)
hub_test(prop_codec LINK proto)
