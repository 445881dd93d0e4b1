# The core's parts, each alone.
foreach(part slab lookup deadlines ring journal bucket cids members refs mint pipeline outbox session room)
    hub_test(test_${part} LINK broker_core)
endforeach()

