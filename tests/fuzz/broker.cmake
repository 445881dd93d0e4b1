hub_fuzz(fuzz_core SOURCES fuzz_core.c ../unit/kit_store.c LINK broker_core)
