// SPDX-License-Identifier: Apache-2.0
// The envelope of a request: command, arguments and id.
#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "wire/value.h"

namespace bellhop::wire {

// Refers to the message, which must outlive it.
struct Request {
  std::string_view execute;
  std::optional<Value> arguments;  // an object
  std::optional<Value> id;         // any value, echoed in the reply
};

// A message that is not a valid request. The error reply echoes the id, too.
struct InvalidRequest {
  Error error;
  std::optional<Value> id;
};

// Checks the envelope of a message, with qemu-ga's errors. If several apply, the first unexpected
// member in the message is reported.
std::expected<Request, InvalidRequest> read_request(const Document& message);

}  // namespace bellhop::wire
