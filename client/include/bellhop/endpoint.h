// Where an agent can be reached.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "bellhop/error.h"

namespace bellhop::client {

// A unix stream socket on this host: the one that QEMU's chardev listens on, or an agent's own.
struct UnixSocket {
  std::string path;
};

// One address, of any of the kinds there are. Code that visits `address` must name them all, so
// the compiler finds every place that a new kind touches.
struct Endpoint {
  std::variant<UnixSocket> address;

  // From its written form, "unix:PATH"; an error of the kind invalid_argument when it is none.
  static std::expected<Endpoint, Error> parse(std::string_view text);

  // The written form.
  std::string to_string() const;
};

}  // namespace bellhop::client
