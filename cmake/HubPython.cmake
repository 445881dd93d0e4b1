# Sets HUB_PYTHON to an interpreter that has what the tests import. Debian's comes first: a `python3` earlier on
# PATH (pyenv, conda) often lacks the packages.

set(needs zmq msgpack pytest)
list(JOIN needs ", " needs_text)
unset(HUB_PYTHON)
foreach(candidate /usr/bin/python3 python3)
    execute_process(COMMAND ${candidate} -c "import ${needs_text}"
        RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
    if(status EQUAL 0)
        set(HUB_PYTHON ${candidate})
        break()
    endif()
endforeach()
if(NOT HUB_PYTHON)
    message(FATAL_ERROR "The tests need a python3 that can import ${needs_text}. On Debian: "
        "apt-get install python3 python3-zmq python3-msgpack python3-pytest (or ./dev test, which does it). "
        "Without tests: -DHUB_TESTS=OFF")
endif()
