# Settings that all of Bellhop's targets share.

find_program(BELLHOP_CCACHE ccache)
if(BELLHOP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${BELLHOP_CCACHE})
endif()

add_library(bellhop-options INTERFACE)
target_compile_options(bellhop-options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wno-missing-field-initializers
  $<$<BOOL:${BELLHOP_WERROR}>:-Werror>)
target_include_directories(bellhop-options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(bellhop-options INTERFACE
  ASIO_STANDALONE BELLHOP_VERSION="${PROJECT_VERSION}")
if(BELLHOP_SANITIZE)
  target_compile_options(bellhop-options INTERFACE
    -fsanitize=${BELLHOP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(bellhop-options INTERFACE -fsanitize=${BELLHOP_SANITIZE})
endif()
if(BELLHOP_FUZZ)
  target_compile_options(bellhop-options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# bellhop_library(NAME SOURCE… [DEPENDS LIBRARY…]): a static library of the agent.
function(bellhop_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC bellhop-options ${arg_DEPENDS})
endfunction()
