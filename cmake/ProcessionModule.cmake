# The target procession::module, for programs that `import procession;`. What a compiler makes of a module is for that compiler and its flags alone,
# so it is built with the program. It takes CMake 3.28 or newer with a generator that knows modules (Ninja), and a compiler that does (clang 16 or newer).
#
# PROCESSION_MODULE_SOURCE says where procession.cppm is.
if(NOT CMAKE_VERSION VERSION_GREATER_EQUAL 3.28)
  set(procession_module_missing "CMake ${CMAKE_VERSION} knows no modules: 3.28 or newer does")
elseif(NOT CMAKE_GENERATOR MATCHES "Ninja")
  set(procession_module_missing "the generator ${CMAKE_GENERATOR} builds no modules: Ninja does")
elseif(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  set(procession_module_missing "the compiler is ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}: clang 16 or newer is needed")
elseif(NOT TARGET procession::module)
  add_library(procession_module STATIC)
  get_filename_component(procession_module_directory "${PROCESSION_MODULE_SOURCE}" DIRECTORY)
  target_sources(procession_module PUBLIC FILE_SET procession_module TYPE CXX_MODULES
    BASE_DIRS "${procession_module_directory}" FILES "${PROCESSION_MODULE_SOURCE}")
  target_compile_features(procession_module PUBLIC cxx_std_20)
  target_link_libraries(procession_module PUBLIC procession::cxx)
  add_library(procession::module ALIAS procession_module)
endif()
