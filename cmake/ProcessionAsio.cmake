# The target procession::asio, for programs that include procession/asio.hpp, if there is an Asio: the one without Boost, or, where there is none or
# PROCESSION_ASIO_BOOST is set, Boost's. PROCESSION_ASIO_INCLUDE_DIR and PROCESSION_BOOST_ASIO_INCLUDE_DIR say where these are, if not found.
find_path(PROCESSION_ASIO_INCLUDE_DIR asio/version.hpp)
find_path(PROCESSION_BOOST_ASIO_INCLUDE_DIR boost/asio/version.hpp)
mark_as_advanced(PROCESSION_ASIO_INCLUDE_DIR PROCESSION_BOOST_ASIO_INCLUDE_DIR)

set(procession_asio_include ${PROCESSION_ASIO_INCLUDE_DIR})
set(procession_asio_define "")
if(PROCESSION_ASIO_BOOST OR NOT procession_asio_include)
  set(procession_asio_include ${PROCESSION_BOOST_ASIO_INCLUDE_DIR})
  set(procession_asio_define PROCESSION_ASIO_BOOST)
endif()

if(procession_asio_include AND NOT TARGET procession::asio)
  find_package(Threads REQUIRED)
  add_library(procession::asio INTERFACE IMPORTED GLOBAL)
  set_target_properties(procession::asio PROPERTIES
    INTERFACE_LINK_LIBRARIES "procession::cxx;${CMAKE_THREAD_LIBS_INIT}"
    INTERFACE_INCLUDE_DIRECTORIES "${procession_asio_include}"
    INTERFACE_COMPILE_DEFINITIONS "${procession_asio_define}")
endif()
