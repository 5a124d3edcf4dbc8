// The envelope of a request: which command, with what, and how to label its reply.
#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "wire/value.h"

namespace bellhop::wire {

// Views into the message, which must outlive it.
struct Request {
  std::string_view execute;
  std::optional<Value> arguments;  // an object
  std::optional<Value> id;         // any value, echoed in the reply
};

// A message that is no request. The reply carries the id all the same.
struct InvalidRequest {
  Error error;
  std::optional<Value> id;
};

// Checks a message's envelope, with qemu-ga's errors. Where several apply, members that are
// unexpected come first, in the order in which they were sent.
std::expected<Request, InvalidRequest> read_request(const Document& message);

}  // namespace bellhop::wire
