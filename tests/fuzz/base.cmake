hub_fuzz(fuzz_key_file LINK base_keys)
