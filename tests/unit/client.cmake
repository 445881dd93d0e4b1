hub_test(test_label LINK client_core)
hub_test(test_client_link SOURCES test_client_link.c client_fixture.c LINK client_core)
hub_test(test_client_login SOURCES test_client_login.c client_fixture.c LINK client_core)
hub_test(test_client_repair SOURCES test_client_repair.c client_fixture.c LINK client_core)
hub_test(test_client_sockets
    SOURCES test_client_sockets.c ${PROJECT_SOURCE_DIR}/client/lib/sockets.c LINK proto base_keys PkgConfig::ZMQ)

# The library against the real broker.
hub_test(test_hubbub LINK hubbub)
target_compile_definitions(test_hubbub PRIVATE HUBBUBD="$<TARGET_FILE:hubbubd>" HUBBUBCTL="$<TARGET_FILE:hubbubctl>")
add_dependencies(test_hubbub hubbubd hubbubctl)
