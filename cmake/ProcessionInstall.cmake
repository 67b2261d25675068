# What is installed finds itself from where it stands: the tree may be moved as a whole.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/procession)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(FILES ${PROCESSION_LIBRARY_DIR}/${PROCESSION_SHARED} ${PROCESSION_LIBRARY_DIR}/${PROCESSION_SONAME}
              ${PROCESSION_LIBRARY_DIR}/libprocession.so ${PROCESSION_LIBRARY_DIR}/libprocession.a
        DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES LICENSE-MIT LICENSE-APACHE DESTINATION ${CMAKE_INSTALL_DOCDIR})

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

file(RELATIVE_PATH prefix_from_pkgconfig
     ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" prefix_from_pkgconfig "${prefix_from_pkgconfig}")
configure_file(cmake/procession.pc.in procession.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/procession.pc DESTINATION ${pkgconfig_dir})

configure_package_config_file(cmake/processionConfig.cmake.in processionConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(processionConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/processionConfig.cmake cmake/ProcessionAsio.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/processionConfigVersion.cmake
        DESTINATION ${package_dir})
