hub_test(prop_bridge_outlet LINK bridge_core)
