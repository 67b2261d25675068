# What is installed finds itself from where it stands: the tree may be moved as a whole.
# Its parts, each for a package of a distribution: procession-runtime, procession-dev, procession-trace and procession-licences;
# procession-doc is in ProcessionDocs.cmake.
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME procession-dev)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/procession)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp" PATTERN "*.cppm")
# Some distributions have CMake install shared libraries that are not executable, and others take those for broken.
install(TARGETS procession_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT procession-runtime NAMELINK_COMPONENT procession-dev
        PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(TARGETS procession_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
# The header without comments, macros and attributes: what cffi, LuaJIT and the like read of C.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS include/procession.h)
execute_process(
  COMMAND ${CMAKE_C_COMPILER} -E -P -undef -nostdinc -I${CMAKE_CURRENT_SOURCE_DIR}/cmake/cdef
          ${CMAKE_CURRENT_SOURCE_DIR}/include/procession.h
  OUTPUT_FILE ${CMAKE_CURRENT_BINARY_DIR}/procession.cdef COMMAND_ERROR_IS_FATAL ANY)
# And what the header does not say to machines: whose a pointer is, from which threads a function may be called, where fields are.
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/procession.cdef include/procession.json cmake/procession.tsan.supp
        DESTINATION ${CMAKE_INSTALL_DATADIR}/procession)
# A source tarball has the licences of the crates in it, too.
install(FILES LICENSE-MIT LICENSE-APACHE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT procession-licences)
install(FILES THIRD-PARTY-NOTICES DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT procession-licences OPTIONAL)

# procession-trace is a program in Python, with its modules beside it. The one in bin is a link to it: Python looks behind links.
set(program_dir ${CMAKE_INSTALL_DATADIR}/procession)
configure_file(tools/procession_trace/version.py.in procession_trace/version.py @ONLY)
file(RELATIVE_PATH program_from_bin
     ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR}/procession/procession-trace)
file(CREATE_LINK ${program_from_bin} ${CMAKE_CURRENT_BINARY_DIR}/procession-trace SYMBOLIC)
install(PROGRAMS tools/procession-trace DESTINATION ${program_dir} COMPONENT procession-trace)
install(DIRECTORY tools/procession_trace ${CMAKE_CURRENT_BINARY_DIR}/procession_trace DESTINATION ${program_dir}
        COMPONENT procession-trace FILES_MATCHING PATTERN "*.py" PATTERN __pycache__ EXCLUDE)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/procession-trace DESTINATION ${CMAKE_INSTALL_BINDIR}
        COMPONENT procession-trace)
install(FILES tools/procession-trace.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT procession-trace)

# procession-sim is a program in Python, too, and asks the loader for the library, or looks for it from where it stands itself.
if(PROCESSION_SIMULATION)
  install(TARGETS procession_sim LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/procession
          PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  file(RELATIVE_PATH program_from_bin ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR}/procession/procession-sim)
  file(CREATE_LINK ${program_from_bin} ${CMAKE_CURRENT_BINARY_DIR}/procession-sim SYMBOLIC)
  install(PROGRAMS tools/procession-sim DESTINATION ${program_dir} COMPONENT procession-trace)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/procession-sim DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT procession-trace)
  install(FILES tools/procession-sim.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT procession-trace)
endif()

# With a directory of libraries that is told from the root, pkg-config's file cannot tell from there where the rest is.
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  set(pkgconfig_prefix ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  string(REGEX REPLACE "/$" "" pkgconfig_prefix "\${pcfiledir}/${prefix}")
endif()
foreach(directory LIBDIR INCLUDEDIR DATADIR)
  set(pkgconfig_${directory} ${CMAKE_INSTALL_${directory}})
  if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_${directory}})
    string(PREPEND pkgconfig_${directory} "\${prefix}/")
  endif()
endforeach()
# Where every compiler looks anyway it is not told to: that would change in which order it looks.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(pkgconfig_cflags "-I\${includedir}")
  set(pkgconfig_search "-L\${libdir} ")
endif()
if(PROJECT_HOMEPAGE_URL)
  set(pkgconfig_url "\nURL: ${PROJECT_HOMEPAGE_URL}")
endif()
configure_file(cmake/procession.pc.in procession.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/procession.pc DESTINATION ${pkgconfig_dir})

configure_package_config_file(cmake/processionConfig.cmake.in processionConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(processionConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/processionConfig.cmake cmake/ProcessionAsio.cmake cmake/ProcessionModule.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/processionConfigVersion.cmake
        DESTINATION ${package_dir})
