# All the build machinery there is. Warnings, hardening and sanitizers are set here and nowhere else.
#
# A folder's CMakeLists.txt lists its files and says which arrows leave it:
#
#   hub_module(broker_core SOURCES core.c room.c LINK proto PkgConfig::CZMQ)
#   hub_program(hubbubd SOURCES main.c loop.c LINK broker_core base PkgConfig::ZMQ)
#
# A test is one line in tests/<floor>/<area>.cmake (proto, base, broker, client or bridge); the source is
# <name>.c beside it unless SOURCES says otherwise, and it runs in the root of the tree:
#
#   hub_test(test_room LINK broker_core)      in tests/unit/broker.cmake
#   hub_fuzz(fuzz_walk LINK proto)            in tests/fuzz/proto.cmake, corpus in tests/fuzz/corpus/walk/
#
# Libraries: PkgConfig::ZMQ CZMQ MSGPACK UTF8PROC SODIUM EDIT JANSSON SQLITE3 OPENSSL SECCOMP, in tests also PkgConfig::CMOCKA.

add_library(hub_flags INTERFACE)
target_compile_definitions(hub_flags INTERFACE _GNU_SOURCE HUB_VERSION="${PROJECT_VERSION}")
target_compile_options(hub_flags INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla
    $<$<BOOL:${HUB_WERROR}>:-Werror>)
target_include_directories(hub_flags INTERFACE ${PROJECT_SOURCE_DIR})

if(HUB_HARDEN)
    target_compile_options(hub_flags INTERFACE -fstack-protector-strong -fstack-clash-protection)
    target_compile_definitions(hub_flags INTERFACE _FORTIFY_SOURCE=2)
    target_link_options(hub_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
# Across files, in the programs only: objects hold both kinds of code, and what is quick to link stays so.
if(HUB_LTO)
    target_compile_options(hub_flags INTERFACE -flto=auto -ffat-lto-objects)
    add_link_options(-fno-lto)
endif()
if(HUB_SANITIZE)
    target_compile_options(hub_flags INTERFACE -fsanitize=${HUB_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(hub_flags INTERFACE -fsanitize=${HUB_SANITIZE})
endif()
if(HUB_SANITIZE STREQUAL "thread")
    add_library(tsan_zmq STATIC ${PROJECT_SOURCE_DIR}/tests/tsan_zmq.c)
    target_compile_options(tsan_zmq PRIVATE -fsanitize=thread -fPIC)
    target_link_libraries(tsan_zmq PUBLIC PkgConfig::ZMQ)
    target_link_libraries(hub_flags INTERFACE tsan_zmq)
    target_link_options(hub_flags INTERFACE
        -Wl,--wrap=zmq_msg_send,--wrap=zmq_msg_recv -Wl,-u,__wrap_zmq_msg_send,-u,__wrap_zmq_msg_recv)
endif()
if(HUB_COVERAGE)
    target_compile_options(hub_flags INTERFACE --coverage)
    target_link_options(hub_flags INTERFACE --coverage)
endif()
if(HUB_FUZZ)
    target_compile_options(hub_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# hub_module(NAME SOURCES files... LINK targets...): a folder as a static library.
function(hub_module name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE hub_flags PUBLIC ${arg_LINK})
endfunction()

# hub_program(NAME SOURCES files... LINK targets... [OUTPUT file name] [INTERNAL]): built into bin/, and installed
# unless INTERNAL.
function(hub_program name)
    cmake_parse_arguments(arg "INTERNAL" "OUTPUT" "SOURCES;LINK" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE hub_flags ${arg_LINK})
    if(HUB_LTO)
        target_link_options(${name} PRIVATE -flto=auto -O2)
    endif()
    if(arg_OUTPUT)
        set_target_properties(${name} PROPERTIES OUTPUT_NAME ${arg_OUTPUT})
    endif()
    if(NOT arg_INTERNAL)
        install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
endfunction()

# hub_test(NAME [SOURCES files...] LINK targets...): a cmocka program in ctest.
function(hub_test name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
    if(NOT arg_SOURCES)
        set(arg_SOURCES ${name}.c)
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE hub_flags ${arg_LINK} PkgConfig::CMOCKA)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/tests)
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()

# hub_fuzz(fuzz_NAME [SOURCES files...] LINK targets...): an LLVMFuzzerTestOneInput. ctest replays the corpus
# with any compiler; the preset `fuzz` links libFuzzer.
function(hub_fuzz name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
    if(NOT arg_SOURCES)
        set(arg_SOURCES ${name}.c)
    endif()
    string(REGEX REPLACE "^fuzz_" "" entry ${name})
    set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${entry})
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE hub_flags ${arg_LINK})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/tests)
    if(HUB_FUZZ)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        add_test(NAME ${name} COMMAND ${name} -runs=0 ${corpus})
    else()
        target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
        add_test(NAME ${name} COMMAND ${name} ${corpus})
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()
