hub_test(prop_broker_parts LINK broker_core)
