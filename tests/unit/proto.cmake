foreach(name test_err test_tables test_buffer test_backlog test_walk test_encode test_decode test_names test_payload test_network test_zmtp test_duration test_vectors)
    hub_test(${name} LINK proto)
endforeach()
add_test(NAME vectors_are_up_to_date
    COMMAND ${HUB_PYTHON} -B ${PROJECT_SOURCE_DIR}/tests/vectors/make.py --check)
