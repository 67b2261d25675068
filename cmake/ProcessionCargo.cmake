# Cargo compiles; here its two libraries become the targets procession::procession and procession::static.

if(NOT CMAKE_SIZEOF_VOID_P EQUAL 8)
  message(FATAL_ERROR "procession needs a target of 64 bits")
endif()

find_program(CARGO cargo HINTS ENV CARGO_HOME PATH_SUFFIXES bin HINTS $ENV{HOME}/.cargo/bin REQUIRED)
get_filename_component(cargo_bin ${CARGO} DIRECTORY)
find_program(RUSTC rustc HINTS ${cargo_bin} REQUIRED)

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(default_profile dev)
else()
  set(default_profile release)
endif()
set(PROCESSION_CARGO_PROFILE ${default_profile} CACHE STRING "Cargo profile of the library")
set(PROCESSION_CARGO_TARGET_DIR ${CMAKE_CURRENT_BINARY_DIR}/cargo CACHE PATH "Where cargo builds")

# The directory of a profile bears its name, but for the two whose names are older than profiles.
if(PROCESSION_CARGO_PROFILE STREQUAL "dev")
  set(cargo_output ${PROCESSION_CARGO_TARGET_DIR}/debug)
else()
  set(cargo_output ${PROCESSION_CARGO_TARGET_DIR}/${PROCESSION_CARGO_PROFILE})
endif()

# Panic messages and debug information name source files: an installed library must not tell where this machine keeps its sources
# and crates. A debugger, on the other hand, must find them.
if(NOT PROCESSION_CARGO_PROFILE STREQUAL "dev")
  if(DEFINED ENV{CARGO_HOME})
    set(cargo_home $ENV{CARGO_HOME})
  else()
    set(cargo_home $ENV{HOME}/.cargo)
  endif()
  set(remap --remap-path-prefix=${cargo_home}=cargo --remap-path-prefix=${CMAKE_CURRENT_SOURCE_DIR}=procession)
  list(APPEND cargo_environment CC_SHELL_ESCAPED_FLAGS=1
       "CFLAGS=$ENV{CFLAGS} '-ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}=procession'")
endif()

# Flags in the environment take the place of any in cargo's configuration, so then ours must be there too.
if(DEFINED ENV{RUSTFLAGS})
  list(JOIN remap " " flags)
  list(APPEND cargo_environment "RUSTFLAGS=$ENV{RUSTFLAGS} ${flags}")
elseif(remap)
  list(JOIN remap "','" flags)
  list(APPEND cargo_arguments --config "target.'cfg(all())'.rustflags=['${flags}']")
endif()

# Without the rlib, which is for tests in Rust: for its sake, functions that code in Rust might call would be kept apart, be called
# through a table, and not be inlined. A run of a group of two took 6 % more instructions.
list(APPEND cargo_environment CC=${CMAKE_C_COMPILER})
list(APPEND cargo_arguments --crate-type cdylib --crate-type staticlib --locked --lib --profile ${PROCESSION_CARGO_PROFILE}
     --manifest-path ${CMAKE_CURRENT_SOURCE_DIR}/Cargo.toml --target-dir ${PROCESSION_CARGO_TARGET_DIR})

set(PROCESSION_LIBRARY_DIR ${CMAKE_CURRENT_BINARY_DIR}/lib)
set(PROCESSION_SHARED libprocession.so.${PROJECT_VERSION})
set(PROCESSION_SONAME libprocession.so.${PROCESSION_ABI})

# Cargo alone knows what is stale, so it is asked at every build; what did not change is not copied, so nothing is relinked.
add_custom_target(procession_cargo ALL
  COMMAND ${CMAKE_COMMAND} -E env ${cargo_environment} ${CARGO} rustc ${cargo_arguments}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${PROCESSION_LIBRARY_DIR}
  COMMAND ${CMAKE_COMMAND} -E copy_if_different
          ${cargo_output}/libprocession.so ${PROCESSION_LIBRARY_DIR}/${PROCESSION_SHARED}
  COMMAND ${CMAKE_COMMAND} -E copy_if_different
          ${cargo_output}/libprocession.a ${PROCESSION_LIBRARY_DIR}/libprocession.a
  COMMAND ${CMAKE_COMMAND} -E create_symlink ${PROCESSION_SHARED} ${PROCESSION_LIBRARY_DIR}/${PROCESSION_SONAME}
  COMMAND ${CMAKE_COMMAND} -E create_symlink ${PROCESSION_SONAME} ${PROCESSION_LIBRARY_DIR}/libprocession.so
  BYPRODUCTS ${PROCESSION_LIBRARY_DIR}/${PROCESSION_SHARED} ${PROCESSION_LIBRARY_DIR}/libprocession.a
  COMMENT "cargo build"
  USES_TERMINAL VERBATIM)

# What a program needs beside libprocession.a is known to rustc. It names libgcc_s, which every C compiler adds by itself in the form
# that suits the link; named here, it would forbid `-static`.
execute_process(
  COMMAND ${RUSTC} --crate-type staticlib --crate-name empty --print native-static-libs -o ${CMAKE_CURRENT_BINARY_DIR}/empty.a -
  INPUT_FILE /dev/null OUTPUT_QUIET ERROR_VARIABLE note COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE ${CMAKE_CURRENT_BINARY_DIR}/empty.a)
string(REGEX MATCH "native-static-libs: ([^\n]*)" note "${note}")
string(REPLACE "-lgcc_s" "" native "${CMAKE_MATCH_1}")
string(STRIP "${native}" PROCESSION_NATIVE_LIBRARIES)
separate_arguments(PROCESSION_NATIVE_LINK NATIVE_COMMAND "${PROCESSION_NATIVE_LIBRARIES}")

add_library(procession::procession SHARED IMPORTED GLOBAL)
set_target_properties(procession::procession PROPERTIES
  IMPORTED_LOCATION ${PROCESSION_LIBRARY_DIR}/${PROCESSION_SHARED} IMPORTED_SONAME ${PROCESSION_SONAME})

add_library(procession::static STATIC IMPORTED GLOBAL)
set_target_properties(procession::static PROPERTIES IMPORTED_LOCATION ${PROCESSION_LIBRARY_DIR}/libprocession.a)
target_link_libraries(procession::static INTERFACE ${PROCESSION_NATIVE_LINK})

# The same for programs in C++, as find_package has it.
add_library(procession::cxx INTERFACE IMPORTED GLOBAL)
set_target_properties(procession::cxx PROPERTIES
  INTERFACE_LINK_LIBRARIES procession::procession INTERFACE_COMPILE_FEATURES cxx_std_17)

foreach(library procession::procession procession::static)
  target_include_directories(${library} INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/include)
  add_dependencies(${library} procession_cargo)
endforeach()
