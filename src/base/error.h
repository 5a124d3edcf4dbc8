// SPDX-License-Identifier: Apache-2.0
// Expected failures as values.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <system_error>
#include <utility>

namespace bellhop {

// The kind of failure. src/wire/reply maps it to the error classes of the wire.
enum class ErrorCode {
  failed,             // the operation was tried and failed
  invalid_request,    // the request or its arguments are malformed
  command_not_found,  // no such command here
  command_disabled,   // the command exists, but policy or a freeze forbids it
};

// A failure that is returned to the caller. `message` names the operation, the object and the
// reason.
struct Error {
  ErrorCode code = ErrorCode::failed;
  std::string message;
  std::error_code system = {};  // the operating system's error, when there was one
};

template <class T>
using Result = std::expected<T, Error>;

// A failure whose message is complete: `return failure("handle '{}' has not been found", handle);`
template <class... Args>
std::unexpected<Error> failure(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(
      Error{ErrorCode::failed, fmt::format(format, std::forward<Args>(args)...)});
}

// Same as failure(), for invalid requests.
template <class... Args>
std::unexpected<Error> invalid(fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(
      Error{ErrorCode::invalid_request, fmt::format(format, std::forward<Args>(args)...)});
}

// A failure of the operating system: appends ": " and the text of `system`. On Windows that is a
// value of GetLastError() in std::system_category(). Compare with std::errc, which fits both.
template <class... Args>
std::unexpected<Error> system_failure(const std::error_code& system,
                                      fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(
      Error{ErrorCode::failed,
            fmt::format(format, std::forward<Args>(args)...) + ": " + system.message(), system});
}

// The same for an errno value.
template <class... Args>
std::unexpected<Error> system_failure(int error_number, fmt::format_string<Args...> format,
                                      Args&&... args) {
  return system_failure(std::error_code(error_number, std::generic_category()), format,
                        std::forward<Args>(args)...);
}

}  // namespace bellhop

// NOLINTBEGIN(bugprone-macro-parentheses): `target` may be a declaration.

// Evaluates an expression of type Result, or another std::expected, and returns its error from the
// calling function, if it is one: `TRY(file.close());`
#define TRY(...) BELLHOP_TRY(BELLHOP_TRY_NAME(__COUNTER__), (__VA_ARGS__))

// The same, and gives the value to `target`, a declaration without a comma or a place:
// `TRY_ASSIGN(const auto table, read_proc_table(root, "proc/stat"));` Two statements: not to be
// used after an `if` without braces.
#define TRY_ASSIGN(target, ...) \
  BELLHOP_TRY_ASSIGN(BELLHOP_TRY_NAME(__COUNTER__), target, (__VA_ARGS__))

#define BELLHOP_TRY(result, expression)                  \
  do {                                                   \
    if (auto result = expression; !result) {             \
      return std::unexpected(std::move(result).error()); \
    }                                                    \
  } while (false)

#define BELLHOP_TRY_ASSIGN(result, target, expression)            \
  auto result = expression;                                       \
  if (!result) return std::unexpected(std::move(result).error()); \
  target = *std::move(result)

#define BELLHOP_TRY_NAME(number) BELLHOP_TRY_JOIN(number)
#define BELLHOP_TRY_JOIN(number) try_result_##number

// NOLINTEND(bugprone-macro-parentheses)
