hub_fuzz(fuzz_shell_line LINK client_shell proto)
hub_fuzz(fuzz_json LINK client_shell PkgConfig::JANSSON)
