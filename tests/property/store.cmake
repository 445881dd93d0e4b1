hub_test(prop_store SOURCES prop_store.c store_model.c ../unit/store_kit.c LINK broker_store)
