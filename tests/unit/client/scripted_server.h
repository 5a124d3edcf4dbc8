// SPDX-License-Identifier: Apache-2.0
// A fake agent: a unix socket with a script.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "bellhop/endpoint.h"

namespace bellhop::client::test {

// The server's end of one connection. Reads time out after 20 s, so that the test of a broken
// client fails instead of hanging.
class Peer {
 public:
  explicit Peer(int fd);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  // The next line without its line feed; empty if the client has closed.
  std::string read_line();
  // Waits for input and leaves it for the next read.
  void wait_for_input();
  // Reads 0xFF and guest-sync-delimited. Returns its id, or -1 for any other input.
  std::int64_t read_sync();
  void send(std::string_view bytes);
  // Reads guest-sync-delimited, and sends `before` and the correct reply.
  void answer_sync(std::string_view before = "");
  // Waits until the client has closed.
  void wait_for_close();

 private:
  bool receive();

  int fd_;
  std::string received_;
};

// The correct reply to guest-sync-delimited.
std::string sync_reply(std::int64_t id);

// Listens once constructed, and runs `script` for one connection in a separate thread.
// Must outlive its client.
class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  // Without a script, connections are queued and never accepted.
  explicit ScriptedServer(Script script = {}, int backlog = 4);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  Endpoint endpoint() const { return {UnixSocket{path_}}; }

 private:
  std::string directory_;
  std::string path_;
  int listener_;
  std::thread thread_;
};

}  // namespace bellhop::client::test
