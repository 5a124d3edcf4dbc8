// SPDX-License-Identifier: Apache-2.0
#include "platform/process/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "platform/io/handle.h"
#include "unit/environment_variable.h"
#include "unit/temporary_directory.h"

namespace bellhop::platform {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// The socket of a service manager. `name` is a path, or an abstract name after "@".
class Manager {
 public:
  explicit Manager(std::string name) : address(std::move(name)) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    address.copy(local.sun_path, sizeof local.sun_path);
    if (address[0] == '@') local.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&local), size), 0);
  }

  std::string received() const {
    std::array<char, 1000> bytes{};
    const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(bytes.data(), static_cast<std::size_t>(size));
  }

  std::string address;

 private:
  Handle socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

std::string error_at(const std::string& address) {
  const auto sent = notify_service_manager(address, ServiceState::ready, "");
  return sent ? "sent" : sent.error().message;
}

class ServiceManagerTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
};

TEST_F(ServiceManagerTest, ReceivesStatesAndTexts) {
  const Manager manager(directory_ / "notify");
  ASSERT_TRUE(notify_service_manager(manager.address, ServiceState::ready, "serving"));
  EXPECT_EQ(manager.received(), "READY=1\nSTATUS=serving");
  ASSERT_TRUE(notify_service_manager(manager.address, ServiceState::reloading, ""));
  EXPECT_THAT(manager.received(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+\n"));
  ASSERT_TRUE(notify_service_manager(manager.address, ServiceState::stopping, ""));
  EXPECT_EQ(manager.received(), "STOPPING=1\n");
  ASSERT_TRUE(notify_service_manager(manager.address, ServiceState::unchanged, "frozen"));
  EXPECT_EQ(manager.received(), "STATUS=frozen");
}

TEST_F(ServiceManagerTest, ReceivesNoAssignmentFromAText) {
  const Manager manager(directory_ / "notify");
  ASSERT_TRUE(notify_service_manager(manager.address, ServiceState::unchanged, "a\nMAINPID=1"));
  EXPECT_EQ(manager.received(), "STATUS=a MAINPID=1");
}

TEST_F(ServiceManagerTest, MayHaveAnAbstractAddress) {
  const Manager manager("@bellhop-test-" + std::to_string(::getpid()));
  EXPECT_EQ(error_at(manager.address), "sent");
  EXPECT_EQ(manager.received(), "READY=1\n");
}

TEST_F(ServiceManagerTest, IsNamedByErrors) {
  EXPECT_EQ(error_at(""), "sent");  // there is none
  EXPECT_EQ(error_at(directory_ / "x"), "cannot notify the service manager at '" +
                                            directory_ / "x" + "': No such file or directory");
  EXPECT_THAT(error_at("vsock:2:1"), HasSubstr("'vsock:2:1': not a unix socket"));
  EXPECT_THAT(error_at("/" + std::string(108, 'x')), HasSubstr("not a unix socket"));
}

TEST_F(ServiceManagerTest, IsNotInheritedByPrograms) {
  bellhop::testing::EnvironmentVariable variable("NOTIFY_SOCKET");
  variable.set("/run/systemd/notify");
  EXPECT_EQ(claim_service_manager(), "/run/systemd/notify");
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_EQ(claim_service_manager(), "");
}

}  // namespace
}  // namespace bellhop::platform
