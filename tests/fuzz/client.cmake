hub_fuzz(fuzz_client_link LINK client_core)
