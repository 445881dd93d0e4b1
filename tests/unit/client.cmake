hub_test(test_client_link SOURCES test_client_link.c client_fixture.c LINK client_core)
hub_test(test_client_repair SOURCES test_client_repair.c client_fixture.c LINK client_core)
