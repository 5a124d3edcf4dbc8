# SPDX-License-Identifier: Apache-2.0
# Settings shared by all targets of Bellhop.

find_program(BELLHOP_CCACHE ccache)
if(BELLHOP_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # So that a clone in another directory can reuse the cached objects.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${BELLHOP_CCACHE})
endif()

add_library(bellhop-options INTERFACE)
target_compile_options(bellhop-options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety;-Werror=thread-safety>
  $<$<BOOL:${BELLHOP_WERROR}>:-Werror>)
target_include_directories(bellhop-options INTERFACE ${PROJECT_SOURCE_DIR}/src)
# Asio decides for each file whether std::aligned_alloc exists, and decides differently when one of
# its headers is the first in a file. One file would then free what another allocated with new.
target_compile_definitions(bellhop-options INTERFACE
  ASIO_STANDALONE ASIO_DISABLE_STD_ALIGNED_ALLOC BELLHOP_VERSION="${PROJECT_VERSION}")
if(BELLHOP_SANITIZE)
  target_compile_options(bellhop-options INTERFACE
    -fsanitize=${BELLHOP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(bellhop-options INTERFACE -fsanitize=${BELLHOP_SANITIZE})
  if(BELLHOP_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC warns about Asio's fences, which the sanitizer does not support. Asio also locks there.
    target_compile_options(bellhop-options INTERFACE -Wno-tsan)
  endif()
endif()
if(BELLHOP_FUZZ)
  target_compile_options(bellhop-options INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(bellhop-fmt INTERFACE)
target_link_libraries(bellhop-fmt INTERFACE fmt::fmt)
if(BELLHOP_STATIC)
  add_link_options(-static)
  target_compile_definitions(bellhop-options INTERFACE BELLHOP_STATIC)
  get_target_property(fmt_type fmt::fmt TYPE)
  if(NOT fmt_type STREQUAL "STATIC_LIBRARY")  # Debian has only the shared one
    set_target_properties(bellhop-fmt PROPERTIES INTERFACE_LINK_LIBRARIES fmt::fmt-header-only)
  endif()
endif()

# bellhop_library(NAME SOURCE… [DEPENDS LIBRARY…]): a static library of the agent.
function(bellhop_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC bellhop-options ${arg_DEPENDS})
endfunction()

# bellhop_test_options(NAME): settings of a test program. Test code is not optimised, because
# compiling it takes most of the build time; the code under test is optimised.
function(bellhop_test_options name)
  target_compile_options(${name} PRIVATE -O0 -g1)
endfunction()
