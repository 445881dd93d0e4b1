#The durable store.
foreach (part sqlite filed failure origin damage upkeep owner)
hub_test(test_store_${part} SOURCES test_store_${part}.c store_kit.c store_vfs.c LINK broker_store)
    endforeach()
hub_test(test_wal SOURCES test_wal.c LINK broker_store)
