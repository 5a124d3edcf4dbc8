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

// A failure of the operating system: appends ": " and the text of `error_number` (an errno value).
template <class... Args>
std::unexpected<Error> system_failure(int error_number, fmt::format_string<Args...> format,
                                      Args&&... args) {
  const std::error_code system(error_number, std::generic_category());
  return std::unexpected(
      Error{ErrorCode::failed,
            fmt::format(format, std::forward<Args>(args)...) + ": " + system.message(), system});
}

}  // namespace bellhop
