# hub_public_library(NAME SOURCES files... EMBED modules... LINK targets... HEADERS files...): lib<NAME>.so and
# lib<NAME>.a from the same objects, the modules inside, and a pkg-config file. Both show NAME_* symbols only: an
# application may have a `buffer_new` of its own. Targets: NAME (static, for our programs) and NAME_shared.

include_guard(GLOBAL)

function(hub_public_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;EMBED;LINK;HEADERS" ${ARGN})
    add_library(${name}_objects OBJECT ${arg_SOURCES})
    target_link_libraries(${name}_objects PRIVATE hub_flags ${arg_LINK} ${arg_EMBED})
    set(objects $<TARGET_OBJECTS:${name}_objects>)
    foreach(module ${arg_EMBED})
        list(APPEND objects $<TARGET_OBJECTS:${module}>)
    endforeach()
    hub_shared_library(${name} "${objects}" "${arg_LINK}")
    hub_static_library(${name} "${objects}" "${arg_LINK}")
    hub_install_library(${name} "${arg_HEADERS}")
endfunction()

function(hub_shared_library name objects link)
    set(exports ${CMAKE_CURRENT_BINARY_DIR}/${name}.map)
    file(CONFIGURE OUTPUT ${exports} CONTENT "{ global: ${name}_*; local: *; };\n")
    add_library(${name}_shared SHARED ${objects})
    target_link_libraries(${name}_shared PRIVATE hub_flags ${link})
    target_link_options(${name}_shared PRIVATE -Wl,--version-script=${exports})
    set_target_properties(${name}_shared PROPERTIES OUTPUT_NAME ${name} LINKER_LANGUAGE C
        LINK_DEPENDS ${exports} VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
    target_include_directories(${name}_shared INTERFACE ${PROJECT_SOURCE_DIR}/include)
endfunction()

# One object, its other symbols made local; an archive keeps them all global. What is there for optimising across files would not
# survive the merging.
function(hub_static_library name objects link)
    set(merged ${CMAKE_CURRENT_BINARY_DIR}/${name}_merged.o)
    add_custom_command(OUTPUT ${merged}
        COMMAND ${CMAKE_LINKER} -r -o ${merged} ${objects}
        COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=${name}_*
            --remove-section=.gnu.lto_* --remove-section=.gnu.debuglto_* ${merged}
        DEPENDS ${objects} COMMAND_EXPAND_LISTS VERBATIM)
    set_source_files_properties(${merged} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    add_library(${name} STATIC ${merged})
    set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
    target_link_libraries(${name} PRIVATE hub_flags PUBLIC ${link})
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR}/include)
endfunction()

function(hub_install_library name headers)
    file(RELATIVE_PATH HUB_PC_TO_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
    configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
    install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    install(TARGETS ${name} ${name}_shared
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()
