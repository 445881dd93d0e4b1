# The core's parts, each alone.
foreach(part slab lookup deadlines ring journal backoff bucket flood cids members refs sids numbers epochs mint pipeline outbox session room)
    hub_test(test_${part} LINK broker_core)
endforeach()

# The core as a whole, driven as the shell drives it.
foreach(part gate hello resume links say tell commit rooms private presence idle heads who
             history stats restore stored keys accounts limits login rights operated moderation)
    hub_test(test_core_${part} SOURCES test_core_${part}.c broker_kit.c kit_store.c broker_notation.c LINK broker_core)
endforeach()
hub_test(test_inside SOURCES test_inside.c ../../broker/shell/inside.c LINK proto)

# The shell's flight recorder, but for its file.
hub_test(test_recording SOURCES test_recording.c ../../broker/shell/mask.c ../../broker/shell/recording.c
    LINK broker_core)

hub_test(test_hasher SOURCES test_hasher.c ../../broker/shell/hasher.c LINK broker_core)
hub_test(test_topics SOURCES test_topics.c ../../broker/shell/topics.c LINK broker_core)
hub_test(test_lanes SOURCES test_lanes.c ../../broker/shell/lanes.c ../../broker/shell/topics.c LINK broker_core bridge_shell)
hub_test(test_chosen_names
    SOURCES test_chosen_names.c broker_kit.c kit_store.c broker_notation.c ../../broker/shell/keyring.c
    LINK broker_core base dl)
