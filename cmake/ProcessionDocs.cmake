# What there is to read, laid out as in the source, so that links in it lead on: a part of its own, procession-doc. Man pages (in
# procession-dev) and the manual as a site are made by Doxygen and Python where they are asked for.
option(PROCESSION_DOCS "Make the man pages and the manual as a site (needs Doxygen and Python), and install them" OFF)

install(FILES README.md CHANGELOG.md SECURITY.md SUPPORT.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT procession-doc)
install(DIRECTORY docs c-examples ffi-examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT procession-doc
        PATTERN docs/site EXCLUDE PATTERN c-examples/test EXCLUDE
        PATTERN node_modules EXCLUDE PATTERN venv EXCLUDE PATTERN target EXCLUDE PATTERN __pycache__ EXCLUDE)

if(PROCESSION_DOCS)
  find_package(Doxygen REQUIRED)
  find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
  set(manual ${CMAKE_CURRENT_BINARY_DIR}/manual)
  file(GLOB_RECURSE manual_sources CONFIGURE_DEPENDS README.md CHANGELOG.md docs/*.md docs/*.svg docs/site/* tools/manual/*.py)
  add_custom_command(OUTPUT ${manual}/html/index.html
    COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/tools/manual/build.sh ${manual}
    DEPENDS include/procession.h tools/manual/build.sh ${manual_sources}
    COMMENT "Making the man pages and the manual" VERBATIM)
  add_custom_target(procession_docs ALL DEPENDS ${manual}/html/index.html)
  install(DIRECTORY ${manual}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(DIRECTORY ${manual}/html DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT procession-doc)
endif()

get_filename_component(documents ${CMAKE_INSTALL_DOCDIR} ABSOLUTE BASE_DIR "\${CMAKE_INSTALL_PREFIX}")
install(CODE "set(documents \"\$ENV{DESTDIR}${documents}\")" COMPONENT procession-doc)
install(SCRIPT cmake/ProcessionLinks.cmake COMPONENT procession-doc)
