# The durable store.
foreach(part sqlite)
    hub_test(test_store_${part} SOURCES test_store_${part}.c store_kit.c LINK broker_store)
endforeach()
