// SPDX-License-Identifier: Apache-2.0
#include "scripted_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

namespace bellhop::client::test {

Peer::Peer(int fd) : fd_(fd) {
  const timeval timeout{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

Peer::~Peer() {
  ::close(fd_);
}

bool Peer::receive() {
  std::string piece(std::size_t{64} * 1024, '\0');
  const ssize_t count = ::recv(fd_, piece.data(), piece.size(), 0);
  EXPECT_FALSE(count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "nothing arrived";
  if (count > 0) received_.append(piece, 0, static_cast<std::size_t>(count));
  return count > 0;
}

std::string Peer::read_line() {
  std::size_t searched = 0;
  auto end = received_.find('\n');
  while (end == received_.npos) {
    searched = received_.size();
    if (!receive()) return {};
    end = received_.find('\n', searched);
  }
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 1);
  return line;
}

void Peer::wait_for_input() {
  if (received_.empty()) receive();
}

std::int64_t Peer::read_sync() {
  std::string line = read_line();
  if (!line.starts_with('\xFF')) return -1;
  const auto request = nlohmann::json::parse(line.substr(1), nullptr, false);
  if (!request.is_object() || request.value("execute", "") != "guest-sync-delimited") return -1;
  return request["arguments"].value("id", std::int64_t{-1});
}

void Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Peer::answer_sync(std::string_view before) {
  const std::int64_t id = read_sync();
  EXPECT_GE(id, 0) << "the client did not begin with 0xFF and guest-sync-delimited";
  send(std::string(before) + sync_reply(id));
}

void Peer::wait_for_close() {
  while (!read_line().empty()) {
  }
}

std::string sync_reply(std::int64_t id) {
  return "\xFF{\"return\": " + std::to_string(id) + "}\n";
}

ScriptedServer::ScriptedServer(Script script, int backlog) {
  char directory[] = "/tmp/bellhop-client-test-XXXXXX";
  if (::mkdtemp(directory) == nullptr) std::abort();
  directory_ = directory;
  path_ = directory_ + "/agent.sock";
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path_.copy(name.sun_path, sizeof name.sun_path - 1);
  const auto* pointer = reinterpret_cast<const sockaddr*>(&name);
  if (::bind(listener_, pointer, sizeof name) != 0 || ::listen(listener_, backlog) != 0) {
    std::abort();
  }
  if (!script) return;
  thread_ = std::thread([this, script = std::move(script)] {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) return;  // the test ended before a client connected
    Peer peer(fd);
    script(peer);
  });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  if (thread_.joinable()) thread_.join();
  ::close(listener_);
  ::unlink(path_.c_str());
  ::rmdir(directory_.c_str());
}

}  // namespace bellhop::client::test
