# SPDX-License-Identifier: Apache-2.0
# Compiles SOURCE, which must fail with an error that matches its first line's "// expect: REGEX".
file(STRINGS ${SOURCE} first LIMIT_COUNT 1)
string(REGEX REPLACE "^// expect: " "" expected "${first}")
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND ${COMPILER} -std=c++2b -fsyntax-only ${flags} ${SOURCE}
  RESULT_VARIABLE status ERROR_VARIABLE errors OUTPUT_VARIABLE output)
if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles, it must not")
endif()
if(NOT errors MATCHES "error: [^\n]*${expected}")
  message(FATAL_ERROR "${SOURCE} fails, but not with an error that matches '${expected}':\n${errors}")
endif()
