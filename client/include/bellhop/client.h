// The host's end of a guest agent's connection: send a command, get its reply.
//
//   auto client = Client::connect({UnixSocket{"/run/vm/agent.sock"}});
//   if (!client) return report(client.error());
//   auto info = client->call("guest-info");
//   if (info) print((*info)["version"]);
//
// Works with Bellhop and with every qemu-ga that has guest-sync-delimited (1.1 and newer).
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
  // How long connect(), and each call(), may take in all.
  std::chrono::milliseconds timeout = std::chrono::seconds(5);
  // The longest reply that is accepted, as it goes over the wire. The default has room for what
  // guest-file-read can return at most (48 MiB, in base64 64 MiB). A reply of many small values
  // takes some twenty times its length in memory.
  std::size_t max_reply_bytes = std::size_t{65} << 20;
};

// One connection to one agent. Not for use by several threads at once. Bytes that the guest sends
// are not trusted: whatever they are, a call ends with a value or an error, within its time.
//
// A channel has no connections on the guest's side: the agent may still be answering somebody who
// has left. So the first thing that is sent is 0xFF, which makes the agent forget half a request,
// and guest-sync-delimited with a random number; all that arrives before 0xFF and that number is
// dropped. The same happens before the next call after one that ended without a whole reply.
class Client {
 public:
  // Connects and synchronises.
  // Errors: cannot_connect, timeout (an agent serves one client at a time: it may be another's
  // turn), connection_lost, agent_error when the agent does not allow guest-sync-delimited.
  static std::expected<Client, Error> connect(const Endpoint& endpoint,
                                              const Options& options = {});

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Runs `command`, for example "guest-file-open", and returns the `return` of the agent's reply.
  // `arguments` must be an object, or null for none. `timeout` replaces Options::timeout.
  // Commands that say nothing when they succeed (guest-shutdown, guest-suspend-*: guest-info has
  // success-response false for them) end with timeout or connection_lost.
  // Errors: all but cannot_connect.
  std::expected<nlohmann::json, Error> call(
      std::string_view command, const nlohmann::json& arguments = nullptr,
      std::optional<std::chrono::milliseconds> timeout = std::nullopt);

 private:
  class Implementation;
  explicit Client(std::unique_ptr<Implementation> implementation);

  std::unique_ptr<Implementation> implementation_;
};

}  // namespace bellhop::client
