# libprocession-sim.so, by which programs that know nothing of the library are simulated: it takes the place of functions of glibc. It is preloaded
# by procession-sim, or linked by its path (procession::sim), so it has no SONAME.
include(CheckCSourceCompiles)
check_c_source_compiles("#include <features.h>\n#if !__GLIBC_PREREQ(2, 30)\n#error\n#endif\nint main(void) { return 0; }" PROCESSION_IS_GLIBC)
option(PROCESSION_SIMULATION "Build libprocession-sim.so, which needs glibc 2.30" ${PROCESSION_IS_GLIBC})
if(NOT PROCESSION_SIMULATION)
  return()
endif()

file(GLOB sim_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/sim/*.c)
add_library(procession_sim SHARED ${sim_sources})
# Exceptions and cancellations go through it, and it asks for data of threads at every call.
target_compile_options(procession_sim PRIVATE -Wall -Wextra -fexceptions -ftls-model=initial-exec)
target_compile_definitions(procession_sim PRIVATE _GNU_SOURCE)
target_link_options(procession_sim PRIVATE LINKER:-z,nodelete LINKER:-z,relro LINKER:-z,now)
target_link_libraries(procession_sim PRIVATE procession::procession ${CMAKE_DL_LIBS})
# Where every loader looks anyway, it is not told to find the library.
if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set_target_properties(procession_sim PROPERTIES INSTALL_RPATH "$ORIGIN/..")
endif()
# Room is left in it for the way to the build directory, so that one told from where it stands itself makes the same bytes in all.
set_target_properties(procession_sim PROPERTIES BUILD_RPATH_USE_ORIGIN ON
  OUTPUT_NAME procession-sim C_STANDARD 11 C_VISIBILITY_PRESET hidden NO_SONAME ON
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/lib/procession)
add_library(procession::sim ALIAS procession_sim)
