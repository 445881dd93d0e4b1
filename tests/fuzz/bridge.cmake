hub_fuzz(fuzz_bridge_lines LINK bridge_core)
hub_fuzz(fuzz_bridge_grammar LINK bridge_core)
hub_fuzz(fuzz_bridge_proxy LINK bridge_core)
hub_fuzz(fuzz_bridge_foreign LINK bridge_core)
