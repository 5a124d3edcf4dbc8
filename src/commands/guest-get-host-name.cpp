// SPDX-License-Identifier: Apache-2.0
#include <asio/ip/host_name.hpp>

#include "rpc/command.h"

namespace bellhop::commands {
namespace {

struct Reply {
  std::string host_name;
};

constexpr auto fields_of(const Reply*) {
  return fields<"GuestHostName">(field<"host-name", &Reply::host_name>(
      "The name as set in the guest, with or without a domain."));
}

Result<Reply> run(CommandContext&, const Nothing&) {
  std::error_code error;
  std::string name = asio::ip::host_name(error);
  if (error) return system_failure(error, "cannot get hostname");
  return Reply{.host_name = std::move(name)};
}

}  // namespace

extern constinit const Command guest_get_host_name = declare<run>({
    .name = "guest-get-host-name",
    .documentation = "Returns the host name of the guest.",
    .since = "2.10",
    .access = Access::inspect,
    .runs = Runs::inline_on_loop,
});

}  // namespace bellhop::commands
