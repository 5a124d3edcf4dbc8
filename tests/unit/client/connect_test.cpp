// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "bellhop/client.h"
#include "scripted_server.h"

namespace bellhop::client {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using test::ScriptedServer;

constexpr Options long_timeout{.timeout = 20s};
constexpr Options short_timeout{.timeout = 50ms};

Error connect_error(const Endpoint& endpoint, const Options& options = long_timeout) {
  const auto client = Client::connect(endpoint, options);
  EXPECT_FALSE(client);
  return client ? Error{} : client.error();
}

// Connects without blocking, which occupies an entry in the listener's queue. Returns the fd, or
// -1 if the queue is full.
int occupy_queue(const Endpoint& endpoint) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string& path = std::get<UnixSocket>(endpoint.address).path;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const auto* pointer = reinterpret_cast<const sockaddr*>(&name);
  if (::connect(fd, pointer, sizeof name) == 0) return fd;
  ::close(fd);
  return -1;
}

TEST(Connect, ExplainsAMissingSocket) {
  const Error error = connect_error({UnixSocket{"/nonexistent/agent.sock"}});
  EXPECT_EQ(error.kind, ErrorKind::cannot_connect);
  EXPECT_EQ(error.message,
            "cannot connect to unix:/nonexistent/agent.sock: No such file or directory (start the "
            "agent or the virtual machine that makes this socket, or correct the path)");
}

TEST(Connect, RejectsATooLongPath) {
  const Error error = connect_error({UnixSocket{"/" + std::string(200, 'x')}});
  EXPECT_EQ(error.kind, ErrorKind::cannot_connect);
  EXPECT_NE(error.message.find("File name too long"), std::string::npos);
}

TEST(Connect, TimesOutWhileTheQueueIsFull) {
  ScriptedServer server({}, 0);
  std::vector<int> queued;
  for (int fd = occupy_queue(server.endpoint()); fd >= 0; fd = occupy_queue(server.endpoint())) {
    queued.push_back(fd);
  }
  const Error error = connect_error(server.endpoint(), short_timeout);
  EXPECT_EQ(error.kind, ErrorKind::timeout);
  EXPECT_NE(error.message.find("did not accept a connection within 0.05 s"), std::string::npos)
      << error.message;
  for (const int fd : queued) ::close(fd);
}

TEST(Connect, TimesOutWhenTheServerDoesNotAnswer) {
  ScriptedServer server([](Peer& peer) { peer.wait_for_close(); });
  const Error error = connect_error(server.endpoint(), short_timeout);
  EXPECT_EQ(error.kind, ErrorKind::timeout);
  EXPECT_NE(error.message.find("did not answer guest-sync-delimited within 0.05 s ("),
            std::string::npos)
      << error.message;
}

TEST(Connect, DropsRepliesToAnEarlierClient) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync(
        "ial\"}\n{\"return\": {}}\n\xFF{\"return\": 1}\n{\"error\": {}}\n\xFFhalf\xFF");
    peer.read_line();
    peer.send("{\"return\": \"mine\"}\n");
    peer.wait_for_close();
  });
  auto client = Client::connect(server.endpoint(), long_timeout);
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(client->call("guest-get-host-name"), nlohmann::json("mine"));
}

TEST(Connect, DropsStaleInputOfAnyLength) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync("{\"return\": \"" + std::string(std::size_t{32} << 20, 'A') + "\"}\n");
    peer.wait_for_close();
  });
  Options options = long_timeout;
  options.max_reply_bytes = 100;  // does not limit the dropped input
  EXPECT_TRUE(Client::connect(server.endpoint(), options));
}

TEST(Connect, UsesADifferentIdEachTime) {
  std::set<std::int64_t> ids;
  for (int i = 0; i < 5; ++i) {
    ScriptedServer server([&](Peer& peer) {
      const std::int64_t id = peer.read_sync();
      ids.insert(id);
      peer.send(test::sync_reply(id));
    });
    EXPECT_TRUE(Client::connect(server.endpoint(), long_timeout));
  }
  EXPECT_EQ(ids.size(), 5U);
  EXPECT_GE(*ids.begin(), 0);
  EXPECT_LT(*ids.rbegin(), std::int64_t{1} << 53);
}

TEST(Connect, ReportsAServerThatClosesImmediately) {
  ScriptedServer server([](Peer& peer) { peer.read_line(); });
  const Error error = connect_error(server.endpoint());
  EXPECT_EQ(error.kind, ErrorKind::connection_lost);
  EXPECT_TRUE(error.message.starts_with(server.endpoint().to_string() + " closed the connection ("))
      << error.message;
}

TEST(Connect, ReportsAnAgentThatRefusesToSynchronise) {
  ScriptedServer server([](Peer& peer) {
    peer.read_sync();
    peer.send(
        "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"Command "
        "guest-sync-delimited has been disabled: the command is not allowed\"}}\n");
    peer.wait_for_close();
  });
  const Error error = connect_error(server.endpoint());
  EXPECT_EQ(error.kind, ErrorKind::agent_error);
  EXPECT_EQ(error.agent_class, "CommandNotFound");
  EXPECT_NE(error.message.find("refuses to synchronise"), std::string::npos);
}

}  // namespace
}  // namespace bellhop::client
