hub_test(prop_bridge_outlet LINK bridge_core)
hub_test(prop_bridge_hall LINK bridge_shell)
