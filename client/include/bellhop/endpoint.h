// SPDX-License-Identifier: Apache-2.0
// The address of an agent.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "bellhop/error.h"

namespace bellhop::client {

// A unix stream socket on this host: of QEMU's chardev, or of an agent that listens itself.
struct UnixSocket {
  std::string path;
};

// An address of any supported kind. std::visit must handle every kind, so the compiler finds all
// places that a new kind affects.
struct Endpoint {
  std::variant<UnixSocket> address;

  // Parses "unix:PATH". Errors: invalid_argument.
  static std::expected<Endpoint, Error> parse(std::string_view text);

  // The inverse of parse().
  std::string to_string() const;
};

}  // namespace bellhop::client
