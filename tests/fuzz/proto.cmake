hub_fuzz(fuzz_frame LINK proto)
hub_fuzz(fuzz_network LINK proto)
hub_fuzz(fuzz_zmtp LINK proto)
