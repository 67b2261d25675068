# Cargo compiles; here that becomes the targets procession::procession, the shared library, and procession::static.

if(NOT CMAKE_SIZEOF_VOID_P EQUAL 8)
  message(FATAL_ERROR "procession needs a target of 64 bits")
endif()

find_program(CARGO cargo HINTS ENV CARGO_HOME PATH_SUFFIXES bin HINTS $ENV{HOME}/.cargo/bin REQUIRED)
get_filename_component(cargo_bin ${CARGO} DIRECTORY)
find_program(RUSTC rustc HINTS ${cargo_bin} REQUIRED)

file(STRINGS Cargo.toml rust_version REGEX "^rust-version = " LIMIT_COUNT 1)
string(REGEX MATCH "[0-9.]+" rust_version "${rust_version}")
execute_process(COMMAND ${RUSTC} --version OUTPUT_VARIABLE rustc_version ERROR_VARIABLE note RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${RUSTC} does not run: ${note}")
endif()
string(REGEX MATCH "[0-9.]+" rustc_version "${rustc_version}")
if(rustc_version VERSION_LESS rust_version)
  message(FATAL_ERROR "procession needs Rust ${rust_version} or newer, and ${RUSTC} is ${rustc_version}. https://rustup.rs has newer ones.")
endif()

# Cargo is always told which machine it is for, so that no configuration of the user's (`build.target`) is. For another one than this, which a
# toolchain file tells, Rust has a name of its own.
if(CMAKE_CROSSCOMPILING)
  set(processor ${CMAKE_SYSTEM_PROCESSOR})
  string(REGEX REPLACE "^arm64$" "aarch64" processor ${processor})
  string(REGEX REPLACE "^amd64$" "x86_64" processor ${processor})
  string(REGEX REPLACE "^riscv64$" "riscv64gc" processor ${processor})
  string(REGEX REPLACE "^ppc64le$" "powerpc64le" processor ${processor})
  set(machine ${processor}-unknown-linux-gnu)
else()
  execute_process(COMMAND ${RUSTC} -vV OUTPUT_VARIABLE machine COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCH "host: ([^\n]*)" machine "${machine}")
  set(machine ${CMAKE_MATCH_1})
endif()
set(PROCESSION_RUST_TARGET ${machine} CACHE STRING "What Rust calls the machine that is built for")
set(rust_target --target ${PROCESSION_RUST_TARGET})
execute_process(COMMAND ${RUSTC} ${rust_target} --print target-libdir
    OUTPUT_VARIABLE target_libdir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_VARIABLE note RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "Rust does not know ${PROCESSION_RUST_TARGET} (PROCESSION_RUST_TARGET): ${note}")
endif()
find_program(RUSTUP rustup HINTS ${cargo_bin})
if(NOT EXISTS ${target_libdir} AND RUSTUP)
  execute_process(COMMAND ${RUSTUP} target add ${PROCESSION_RUST_TARGET})
endif()
if(NOT EXISTS ${target_libdir})
  message(FATAL_ERROR "Rust's standard library for ${PROCESSION_RUST_TARGET} is not installed: rustup target add ${PROCESSION_RUST_TARGET}")
endif()
# Rust brings an unwinder for musl, where the compiler may have none that fits. It becomes a part of the library.
set(unwinder ${target_libdir}/self-contained/libunwind.a)
if(EXISTS ${unwinder})
  set(unwinder_environment UNWINDER=${unwinder})
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(default_profile dev)
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  set(default_profile release-with-debuginfo)
else()
  set(default_profile release)
endif()
set(PROCESSION_CARGO_PROFILE ${default_profile} CACHE STRING "Cargo profile of the library")
set(PROCESSION_CARGO_TARGET_DIR ${CMAKE_CURRENT_BINARY_DIR}/cargo CACHE PATH "Where cargo builds")

# The directory of a profile bears its name, but for the two whose names are older than profiles.
if(PROCESSION_CARGO_PROFILE STREQUAL "dev")
  set(cargo_output ${PROCESSION_CARGO_TARGET_DIR}/${PROCESSION_RUST_TARGET}/debug)
else()
  set(cargo_output ${PROCESSION_CARGO_TARGET_DIR}/${PROCESSION_RUST_TARGET}/${PROCESSION_CARGO_PROFILE})
endif()

# Panic messages and debug information name source files: an installed library must not tell where this machine keeps its sources
# and crates. A debugger, on the other hand, must find them.
if(NOT PROCESSION_CARGO_PROFILE STREQUAL "dev")
  if(DEFINED ENV{CARGO_HOME})
    set(cargo_home $ENV{CARGO_HOME})
  else()
    set(cargo_home $ENV{HOME}/.cargo)
  endif()
  # Of several that fit rustc takes the last, and a build directory is often one in the sources.
  set(remap --remap-path-prefix=${cargo_home}=cargo --remap-path-prefix=${CMAKE_CURRENT_SOURCE_DIR}=procession
            --remap-path-prefix=${PROCESSION_CARGO_TARGET_DIR}=build)
  set(c_flags "'-ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}=procession'")
endif()
if(CMAKE_SYSROOT)
  string(APPEND c_flags " '--sysroot=${CMAKE_SYSROOT}'")
endif()
list(APPEND cargo_environment CC_SHELL_ESCAPED_FLAGS=1 "CFLAGS=${CMAKE_C_FLAGS} ${c_flags}")

# Flags in the environment take the place of any in cargo's configuration, so then ours must be there too.
if(DEFINED ENV{RUSTFLAGS})
  list(JOIN remap " " flags)
  list(APPEND cargo_environment "RUSTFLAGS=$ENV{RUSTFLAGS} ${flags}")
elseif(remap)
  list(JOIN remap "','" flags)
  list(APPEND cargo_arguments --config "target.'cfg(all())'.rustflags=['${flags}']")
endif()

# The static library alone: the shared one is linked from it, for cargo gives symbols no versions. Without the rlib, which is for tests in
# Rust: for its sake, functions that code in Rust might call would be kept apart, be called through a table, and not be inlined. A run of a
# group of two took 6 % more instructions.
string(REPLACE "-" "_" c_of_target CC_${PROCESSION_RUST_TARGET})
list(APPEND cargo_environment ${c_of_target}=${CMAKE_C_COMPILER})
list(APPEND cargo_arguments ${rust_target} --crate-type staticlib --locked --lib --profile ${PROCESSION_CARGO_PROFILE}
     --manifest-path ${CMAKE_CURRENT_SOURCE_DIR}/Cargo.toml --target-dir ${PROCESSION_CARGO_TARGET_DIR})

# Names of functions stay, for valgrind and debuggers.
if(PROCESSION_CARGO_PROFILE STREQUAL "release")
  set(strip --strip-debug)
endif()

# Cargo alone knows what is stale, so it is asked at every build. It is called where the sources are, whose configuration (a directory of
# vendored crates, say) it looks for there.
set(object ${CMAKE_CURRENT_BINARY_DIR}/procession.o)
add_custom_target(procession_cargo ALL
  COMMAND ${CMAKE_COMMAND} -E env ${cargo_environment} ${CARGO} rustc ${cargo_arguments}
  COMMAND ${CMAKE_COMMAND} -E env ${unwinder_environment} LD=${CMAKE_LINKER} OBJCOPY=${CMAKE_OBJCOPY} READELF=${CMAKE_READELF}
          sh ${CMAKE_CURRENT_SOURCE_DIR}/cmake/relocatable.sh ${cargo_output}/libprocession.a ${object} ${strip}
  WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
  BYPRODUCTS ${object}
  COMMENT "cargo build"
  USES_TERMINAL VERBATIM)
set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)

# What a program needs beside libprocession.a is known to rustc. It names libgcc_s, which every C compiler adds by itself in the form
# that suits the link; named here, it would forbid `-static`.
execute_process(
  COMMAND ${RUSTC} ${rust_target} --crate-type staticlib --crate-name empty --print native-static-libs -o ${CMAKE_CURRENT_BINARY_DIR}/empty.a -
  INPUT_FILE /dev/null OUTPUT_QUIET ERROR_VARIABLE note COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE ${CMAKE_CURRENT_BINARY_DIR}/empty.a)
string(REGEX MATCH "native-static-libs: ([^\n]*)" note "${note}")
string(REGEX REPLACE "-l(gcc_s|unwind)" "" native "${CMAKE_MATCH_1}")
string(STRIP "${native}" PROCESSION_NATIVE_LIBRARIES)
separate_arguments(PROCESSION_NATIVE_LINK NATIVE_COMMAND "${PROCESSION_NATIVE_LIBRARIES}")

set(PROCESSION_SONAME libprocession.so.${PROCESSION_ABI})
add_library(procession_shared SHARED ${object})
add_library(procession_static STATIC ${object})
set_target_properties(procession_shared procession_static PROPERTIES
  OUTPUT_NAME procession LINKER_LANGUAGE C LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/lib
  ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/lib)
set_target_properties(procession_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROCESSION_ABI}
  LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cmake/procession.map)
# The library's threads outlive any dlclose, so its code must stay mapped. The static one sees to that itself.
target_link_options(procession_shared PRIVATE
  LINKER:--version-script=${CMAKE_CURRENT_SOURCE_DIR}/cmake/procession.map
  LINKER:-z,nodelete LINKER:-z,relro LINKER:-z,now LINKER:--gc-sections LINKER:--as-needed)
target_link_libraries(procession_shared PRIVATE ${PROCESSION_NATIVE_LINK})
target_link_libraries(procession_static INTERFACE ${PROCESSION_NATIVE_LINK})
foreach(library shared static)
  target_include_directories(procession_${library} SYSTEM INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/include)
  add_dependencies(procession_${library} procession_cargo)
endforeach()
add_library(procession::procession ALIAS procession_shared)
add_library(procession::static ALIAS procession_static)

# The same for programs in C++, as find_package has it.
add_library(procession::cxx INTERFACE IMPORTED GLOBAL)
set_target_properties(procession::cxx PROPERTIES
  INTERFACE_LINK_LIBRARIES procession::procession INTERFACE_COMPILE_FEATURES cxx_std_17)
