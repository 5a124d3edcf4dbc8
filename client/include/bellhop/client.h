// SPDX-License-Identifier: Apache-2.0
// A connection from the host to a guest agent: sends commands and returns their replies.
//
//   auto client = Client::connect({UnixSocket{"/run/vm/agent.sock"}});
//   if (!client) return report(client.error());
//   auto info = client->call("guest-info");
//   if (info) print((*info)["version"]);
//
// Works with Bellhop and with qemu-ga 1.1 and newer, which have guest-sync-delimited.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "bellhop/endpoint.h"
#include "bellhop/error.h"

namespace bellhop::client {

struct Options {
  // Total time for connect(), and for each call().
  std::chrono::milliseconds timeout = std::chrono::seconds(5);
  // Maximum length of a reply on the wire. The default fits the longest reply of guest-file-read
  // (48 MiB, which are 64 MiB in base64). A reply of many small values needs about twenty times its
  // length in memory.
  std::size_t max_reply_bytes = std::size_t{65} << 20;
};

// One connection to one agent. Not thread-safe. The guest's bytes are not trusted: for any input, a
// call returns a value or an error within its timeout.
//
// The guest does not see connections on a channel, so the agent may still be answering a client
// that has disconnected. The client therefore first sends 0xFF, which makes the agent discard an
// incomplete request, and guest-sync-delimited with a random id. It drops all input before 0xFF and
// that id. It synchronises in the same way before the next call if a call did not receive a
// complete reply.
class Client {
 public:
  // Connects and synchronises.
  // Errors: cannot_connect, timeout (also if the agent is serving another client: it serves one at
  // a time), connection_lost, agent_error if the agent does not allow guest-sync-delimited.
  static std::expected<Client, Error> connect(const Endpoint& endpoint,
                                              const Options& options = {});

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Runs `command`, for example "guest-file-open", and returns the member `return` of the reply.
  // `arguments` must be an object, or null for none. `timeout` replaces Options::timeout.
  // Commands that send no reply on success (success-response is false in guest-info:
  // guest-shutdown, guest-suspend-*) end with timeout or connection_lost.
  // Errors: all except cannot_connect.
  std::expected<nlohmann::json, Error> call(
      std::string_view command, const nlohmann::json& arguments = nullptr,
      std::optional<std::chrono::milliseconds> timeout = std::nullopt);

 private:
  class Implementation;
  explicit Client(std::unique_ptr<Implementation> implementation);

  std::unique_ptr<Implementation> implementation_;
};

}  // namespace bellhop::client
