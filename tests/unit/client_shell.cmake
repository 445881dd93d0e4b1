foreach(part completion grammar json pending places reader screen show)
    hub_test(test_shell_${part} LINK client_shell)
endforeach()
