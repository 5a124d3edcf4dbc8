// SPDX-License-Identifier: Apache-2.0
#include "bellhop/endpoint.h"

#include <gtest/gtest.h>

#include <string>

namespace bellhop::client {
namespace {

TEST(Endpoint, ParsesItsText) {
  const auto endpoint = Endpoint::parse("unix:/run/vm:1/agent.sock");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(std::get<UnixSocket>(endpoint->address).path, "/run/vm:1/agent.sock");
  EXPECT_EQ(endpoint->to_string(), "unix:/run/vm:1/agent.sock");
}

TEST(Endpoint, QuotesInvalidTextInTheError) {
  for (const char* text : {"", "/run/agent.sock", "UNIX:/x", "tcp:localhost:1", "vsock:3:1"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().kind, ErrorKind::invalid_argument);
    EXPECT_EQ(endpoint.error().message,
              "'" + std::string(text) +
                  "' is not the address of an agent (expected unix:PATH, for example "
                  "unix:/run/vm/agent.sock)");
  }
}

TEST(Endpoint, RequiresAValidSocketPath) {
  EXPECT_EQ(Endpoint::parse("unix:").error().message, "'unix:' lacks the path of the socket");
  EXPECT_TRUE(Endpoint::parse("unix:/" + std::string(106, 'x')));
  const auto endpoint = Endpoint::parse("unix:/" + std::string(107, 'x'));
  ASSERT_FALSE(endpoint);
  EXPECT_NE(endpoint.error().message.find("longer than the 107 bytes"), std::string::npos);
  EXPECT_FALSE(Endpoint::parse(std::string_view("unix:/a\0b", 9)));
}

}  // namespace
}  // namespace bellhop::client
