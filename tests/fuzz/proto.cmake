hub_fuzz(fuzz_frame LINK proto)
