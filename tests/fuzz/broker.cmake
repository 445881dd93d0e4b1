hub_fuzz(fuzz_core LINK broker_core)
