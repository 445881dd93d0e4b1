hub_fuzz(fuzz_shell_line LINK client_shell proto)
