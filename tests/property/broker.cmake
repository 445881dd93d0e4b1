hub_test(prop_broker_parts LINK broker_core)
hub_test(prop_broker_core
    SOURCES prop_broker_core.c broker_model.c ../unit/broker_kit.c ../unit/kit_store.c ../unit/broker_notation.c
    LINK broker_core)
hub_test(prop_broker_rights
    SOURCES prop_broker_rights.c ../unit/broker_kit.c ../unit/kit_store.c ../unit/broker_notation.c
    LINK broker_core)
hub_test(prop_broker_accounts
    SOURCES prop_broker_accounts.c ../unit/broker_kit.c ../unit/kit_store.c ../unit/broker_notation.c
    LINK broker_core)
