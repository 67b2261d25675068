# How tests and examples are registered. Every function bounds its test in time.
#
#   procession_add_executable(NAME SOURCES file... [LINK static] [LIBRARIES target...])
#       A program on the library, with the warnings (and sanitizers) of this build. No test. If PROCESSION_PROGRAMS names
#       another build, the program is taken from there, unless procession_compiles(NAME) says that it differs in this one.
#
#   procession_add_test(NAME SOURCES file... [LINK static] [LIBRARIES target...]
#                       [ARGS arg...] [NO_VALGRIND] [NO_SANITIZE] [TIMEOUT seconds])
#       The same, and a ctest case of that name which runs it: exit status 0 passes. NO_VALGRIND leaves it
#       out of the valgrind build, NO_SANITIZE out of that with sanitizers. LINK static takes procession::static instead of the shared library.
#
#   procession_add_command_test(NAME COMMAND word... [TIMEOUT seconds] [DEPENDS fixture] [SETUP fixture])
#       A ctest case that is not one program of ours, such as a script which drives a server. It is left out of the
#       valgrind build, which would watch the shell instead. "$<TARGET_FILE:name>" names a program.
#
#   procession_is_busy(TEST...)
#       Tests that compute. Most wait nearly all the time, so the gates run two of these for each processor; a busy one counts for
#       two. Under valgrind all compute, and each counts for one.
#
#   procession_misses(TEXT)
#       Something is not installed by which more would be tested: an error in the presets, by which the gates are run, and else a warning.
#
# More can be said with set_tests_properties(NAME PROPERTIES ...), guarded by `if(TEST NAME)`.
# C is C11 and C++ is C++17 unless the target says otherwise (set_target_properties after the call).

# The presets make warnings errors, which a stranger's newer compiler must not do. The tests cut long messages on purpose.
set(PROCESSION_WARNINGS -Wall -Wextra -Wpedantic $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>)
# Not optimized: what is watched takes five times as long to compile otherwise, and no access has been optimized away.
set(PROCESSION_SANITIZERS -O0 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)

# Blocks which glibc keeps for parked threads are "possibly lost" to valgrind, so only real leaks count. Valgrind runs one thread at
# a time; fair scheduling keeps one that waits for another from starving it. Which inlined functions a line is in, takes a tenth of a
# second to read for each program; the line is told all the same.
set(PROCESSION_VALGRIND_COMMAND
    valgrind --quiet --error-exitcode=99 --fair-sched=try --read-inline-info=no --leak-check=full
             --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect)

function(procession_misses text)
  if(CMAKE_COMPILE_WARNING_AS_ERROR)
    message(FATAL_ERROR "${text}")
  endif()
  message(WARNING "${text}")
endfunction()

function(procession_add_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LINK" "SOURCES;LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${name}: what is ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT arg_LINK)
    set(arg_LINK procession)
  endif()
  add_executable(${name} ${arg_SOURCES})
  if(PROCESSION_PROGRAMS)
    procession_takes_program(${name})
  endif()
  target_link_libraries(${name} PRIVATE procession::${arg_LINK} ${arg_LIBRARIES})
  # Which line it was is all that valgrind and the sanitizers tell.
  target_compile_options(${name} PRIVATE ${PROCESSION_WARNINGS} $<$<NOT:$<CONFIG:Debug>>:-g1>)
  set_target_properties(${name} PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  if(PROCESSION_SANITIZE)
    target_compile_options(${name} PRIVATE ${PROCESSION_SANITIZERS})
    target_link_options(${name} PRIVATE ${PROCESSION_SANITIZERS})
  endif()
endfunction()

function(procession_takes_program name)
  file(RELATIVE_PATH room ${PROJECT_BINARY_DIR} ${CMAKE_CURRENT_BINARY_DIR})
  set_target_properties(${name} PROPERTIES
    EXCLUDE_FROM_ALL ON RUNTIME_OUTPUT_DIRECTORY ${PROCESSION_PROGRAMS}/${room})
endfunction()

function(procession_compiles name)
  set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL OFF RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
endfunction()

function(procession_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_VALGRIND;NO_SANITIZE" "LINK;TIMEOUT" "SOURCES;LIBRARIES;ARGS")
  procession_add_executable(
    ${name} SOURCES ${arg_SOURCES} LINK ${arg_LINK} LIBRARIES ${arg_LIBRARIES} ${arg_UNPARSED_ARGUMENTS})
  if((PROCESSION_VALGRIND AND arg_NO_VALGRIND) OR (PROCESSION_SANITIZE AND arg_NO_SANITIZE))
    return()
  endif()
  if(PROCESSION_VALGRIND)
    set(launcher ${PROCESSION_VALGRIND_COMMAND})
  endif()
  add_test(NAME ${name} COMMAND ${launcher} $<TARGET_FILE:${name}> ${arg_ARGS})
  procession_bound(${name} "${arg_TIMEOUT}")
endfunction()

function(procession_add_command_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;DEPENDS;SETUP" "COMMAND")
  if(PROCESSION_VALGRIND)
    return()
  endif()
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  procession_bound(${name} "${arg_TIMEOUT}")
  set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED "${arg_DEPENDS}" FIXTURES_SETUP "${arg_SETUP}")
endfunction()

# Valgrind is some 30 times slower and runs one thread at a time, so its tests get three times as much.
function(procession_bound name seconds)
  if(NOT seconds)
    set(seconds 60)
  endif()
  if(PROCESSION_VALGRIND)
    math(EXPR seconds "${seconds} * 3")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${seconds})
endfunction()

function(procession_is_busy)
  foreach(name ${ARGV})
    if(TEST ${name} AND NOT PROCESSION_VALGRIND)
      set_tests_properties(${name} PROPERTIES PROCESSORS 2)
    endif()
  endforeach()
endfunction()
