// SPDX-License-Identifier: Apache-2.0
#include "bellhop/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

#include "scripted_server.h"

namespace bellhop::client {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::Peer;
using test::ScriptedServer;

// Long where a reply is expected, short where the test waits for the timeout.
constexpr Options long_timeout{.timeout = 20s};
constexpr auto short_timeout = 50ms;
constexpr std::size_t large = std::size_t{4} << 20;  // far more than a socket buffers

Client connect(const ScriptedServer& server, const Options& options = long_timeout) {
  auto client = Client::connect(server.endpoint(), options);
  EXPECT_TRUE(client) << client.error().message;
  return *std::move(client);
}

std::string address_of(const ScriptedServer& server) {
  return server.endpoint().to_string();
}

TEST(Client, SendsOneLineAndReturnsTheValue) {
  std::string request;
  ScriptedServer server([&](Peer& peer) {
    peer.answer_sync();
    request = peer.read_line();
    peer.send("{\"return\": {\"pid\": 7}}\n");
    peer.wait_for_close();
  });
  {
    Client client = connect(server);
    const auto reply = client.call("guest-exec", {{"path", "/bin/true"}});
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(*reply, json({{"pid", 7}}));
  }
  EXPECT_EQ(json::parse(request),
            json({{"execute", "guest-exec"}, {"arguments", {{"path", "/bin/true"}}}}));
}

TEST(Client, OmitsEmptyArguments) {
  std::string requests;
  ScriptedServer server([&](Peer& peer) {
    peer.answer_sync();
    for (int i = 0; i < 2; ++i) {
      requests += peer.read_line() + '|';
      peer.send("{\"return\": {}}\n");
    }
    peer.wait_for_close();
  });
  Client client = connect(server);
  EXPECT_TRUE(client.call("guest-ping"));
  EXPECT_TRUE(client.call("guest-ping", json::object()));
  EXPECT_EQ(requests, "{\"execute\":\"guest-ping\"}|{\"execute\":\"guest-ping\"}|");
}

TEST(Client, RejectsInvalidArgumentsAndStaysUsable) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"return\": {}}\n");
    peer.wait_for_close();
  });
  Client client = connect(server);
  EXPECT_EQ(client.call("guest-ping", json::array()).error().kind, ErrorKind::invalid_argument);
  EXPECT_EQ(client.call("guest-ping", {{"text", "\xFF"}}).error().kind,
            ErrorKind::invalid_argument);
  EXPECT_TRUE(client.call("guest-ping"));
}

TEST(Client, ReturnsTheAgentsErrorWithoutSynchronising) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command x…\"}}\n");
    EXPECT_EQ(peer.read_line(), "{\"execute\":\"guest-ping\"}");  // no synchronisation
    peer.send("{\"return\": {}}\n");
    peer.wait_for_close();
  });
  Client client = connect(server);
  const auto reply = client.call("x");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::agent_error);
  EXPECT_EQ(reply.error().agent_class, "CommandNotFound");
  EXPECT_EQ(reply.error().agent_description, "The command x…");
  EXPECT_EQ(reply.error().message, "x: CommandNotFound: The command x…");
  EXPECT_TRUE(client.call("guest-ping"));
}

TEST(Client, AcceptsAReplyInPieces) {
  ScriptedServer server([](Peer& peer) {
    const std::string sync = test::sync_reply(peer.read_sync());
    for (const char byte : sync) peer.send(std::string_view(&byte, 1));
    peer.read_line();
    for (const char byte : std::string_view("{\"return\": \"abc\"}\n")) {
      peer.send(std::string_view(&byte, 1));
    }
    peer.wait_for_close();
  });
  Client client = connect(server);
  EXPECT_EQ(client.call("guest-get-host-name"), json("abc"));
}

TEST(Client, AcceptsAReplyLargerThanTheSocketBuffer) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"return\": {\"buf-b64\": \"" + std::string(large, 'A') + "\"}}\n");
  });
  Client client = connect(server);
  const auto reply = client.call("guest-file-read", {{"handle", 1}, {"count", large / 4 * 3}});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ((*reply)["buf-b64"].get_ref<const std::string&>(), std::string(large, 'A'));
}

TEST(Client, ReadsWhileItSends) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.wait_for_input();
    peer.send("{\"return\": \"" + std::string(large, 'x'));  // without reading the request
    peer.read_line();
    peer.send("\"}\n");
    peer.wait_for_close();
  });
  Client client = connect(server);
  const auto reply = client.call("guest-file-write", {{"buf-b64", std::string(large, 'A')}});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->get_ref<const std::string&>().size(), large);
}

TEST(Client, SynchronisesAfterAReplyToAPartlySentRequest) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.wait_for_input();
    peer.send("{\"error\": {\"class\": \"GenericError\", \"desc\": \"too long\"}}\n");
    const std::string rest = peer.read_line();
    const auto cut = rest.find('\xFF');
    EXPECT_LT(cut, large);
    EXPECT_NE(rest.find("guest-sync-delimited", cut), std::string::npos);
    peer.send(test::sync_reply(json::parse(rest.substr(cut + 1))["arguments"]["id"]));
    peer.read_line();
    peer.send("{\"return\": {}}\n");
    peer.wait_for_close();
  });
  Client client = connect(server);
  const auto reply = client.call("guest-file-write", {{"buf-b64", std::string(large, 'A')}});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().agent_description, "too long");
  EXPECT_TRUE(client.call("guest-ping"));
}

TEST(Client, ReportsATooLargeReplyAndStaysUsable) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"return\": \"" + std::string(2000, 'x') + "\"}\n");
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"return\": {}}\n");
    peer.wait_for_close();
  });
  Client client = connect(server, {.timeout = 20s, .max_reply_bytes = 1000});
  const auto reply = client.call("guest-file-read");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::reply_too_large);
  EXPECT_NE(reply.error().message.find("longer than the limit of 1000 bytes"), std::string::npos);
  EXPECT_TRUE(client.call("guest-ping"));
}

TEST(Client, NamesEndpointCommandAndTimeoutWhenTheAgentDoesNotAnswer) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.wait_for_close();
  });
  Client client = connect(server);
  const auto reply = client.call("guest-get-time", nullptr, short_timeout);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::timeout);
  EXPECT_TRUE(reply.error().message.starts_with(address_of(server) +
                                                " did not answer guest-get-time within 0.05 s ("))
      << reply.error().message;
  EXPECT_NE(reply.error().message.find("wait longer"), std::string::npos);
}

TEST(Client, TimesOutWhileTheAgentKeepsSending) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    for (int i = 0; i < 100'000; ++i) peer.send(std::string(4096, '\n'));
  });
  Client client = connect(server);
  EXPECT_EQ(client.call("guest-ping", nullptr, short_timeout).error().kind, ErrorKind::timeout);
}

TEST(Client, SynchronisesAfterATimeoutAndDropsTheLateReply) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.answer_sync(
        "{\"return\": \"late\"}\n{\"error\": {\"class\": \"GenericError\", \"desc\": "
        "\"1:1: JSON parse error\"}}\n");
    peer.read_line();
    peer.send("{\"return\": \"right\"}\n");
    peer.wait_for_close();
  });
  Client client = connect(server);
  EXPECT_EQ(client.call("guest-get-time", nullptr, short_timeout).error().kind, ErrorKind::timeout);
  EXPECT_EQ(client.call("guest-get-host-name"), json("right"));
}

TEST(Client, ReportsATimeoutBeforeTheCommandWasSent) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.wait_for_close();
  });
  Client client = connect(server);
  EXPECT_FALSE(client.call("guest-get-time", nullptr, short_timeout));
  const auto reply = client.call("guest-ping", nullptr, short_timeout);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::timeout);
  EXPECT_NE(reply.error().message.find("did not answer guest-sync-delimited within 0.05 s; "
                                       "guest-ping was not sent ("),
            std::string::npos)
      << reply.error().message;
}

TEST(Client, DropsInputBetweenCalls) {
  std::atomic<int> step = 0;
  const auto reach = [&](int next) {
    step = next;
    step.notify_all();
  };
  ScriptedServer server([&](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"return\": 1}\n");
    step.wait(0);
    peer.send("{\"return\": \"not asked for\"}\n");
    reach(2);
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"return\": 2}\n");
    peer.wait_for_close();
  });
  Client client = connect(server);
  EXPECT_EQ(client.call("a"), json(1));
  reach(1);
  step.wait(1);
  EXPECT_EQ(client.call("b"), json(2));
}

TEST(Client, DropsInputAfterTheReply) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"return\": 1}\n{\"return\": \"not asked for\"}\n");
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"return\": 2}\n");
    peer.wait_for_close();
  });
  Client client = connect(server);
  EXPECT_EQ(client.call("a"), json(1));
  EXPECT_EQ(client.call("b"), json(2));
}

TEST(Client, ReportsAnInvalidReplyAndSynchronises) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.send("vm login: \n");
    peer.answer_sync("{\"return\": 1}\n");
    peer.read_line();
    peer.send("{\"return\": 2}\n");
    peer.wait_for_close();
  });
  Client client = connect(server);
  const auto reply = client.call("a");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::protocol_violation);
  EXPECT_NE(reply.error().message.find("this is not JSON: 'vm login: '"), std::string::npos);
  EXPECT_EQ(client.call("b"), json(2));
}

TEST(Client, ReportsAConnectionThatEndsInTheMiddleOfAReply) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"return\":");
  });
  Client client = connect(server);
  const auto reply = client.call("guest-get-time");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::connection_lost);
  EXPECT_TRUE(reply.error().message.starts_with(
      address_of(server) +
      " closed the connection in the middle of its reply to guest-get-time, "
      "after 10 bytes ("))
      << reply.error().message;
  EXPECT_EQ(client.call("guest-ping").error().kind, ErrorKind::connection_lost);
}

TEST(Client, ReportsAConnectionThatEndsWithoutAReply) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
  });
  Client client = connect(server);
  const auto reply = client.call("guest-shutdown");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::connection_lost);
  EXPECT_NE(reply.error().message.find("without a reply to guest-shutdown"), std::string::npos);
}

TEST(Client, ReadsTheReplyOfAnAgentThatClosesRightAfterIt) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.send("{\"return\": {}}\n");
  });
  Client client = connect(server);
  EXPECT_TRUE(client.call("guest-ping"));
}

TEST(Client, CanCallGuestSyncDelimited) {
  ScriptedServer server([](Peer& peer) {
    peer.answer_sync();
    peer.read_line();
    peer.send(test::sync_reply(5));
    peer.wait_for_close();
  });
  Client client = connect(server);
  EXPECT_EQ(client.call("guest-sync-delimited", {{"id", 5}}), json(5));
}

}  // namespace
}  // namespace bellhop::client
