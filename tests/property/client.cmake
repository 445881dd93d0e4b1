hub_test(prop_client_link LINK client_core)
