hub_fuzz(fuzz_core SOURCES fuzz_core.c ../unit/kit_store.c LINK broker_core)
hub_fuzz(fuzz_record
    SOURCES fuzz_record.c ../../broker/shell/mask.c ../../broker/shell/recording.c
    LINK broker_core)
hub_fuzz(fuzz_restore LINK broker_core)
hub_fuzz(fuzz_store_row LINK broker_store)
