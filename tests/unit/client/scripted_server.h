// A stand-in for an agent: a unix socket and a function that says what it does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "bellhop/endpoint.h"

namespace bellhop::client::test {

// The server's end of one connection. Every read gives up after 20 s, so that a broken client
// fails its test in place of hanging.
class Peer {
 public:
  explicit Peer(int fd);
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  // The next line without its line feed; empty when the client has gone.
  std::string read_line();
  // Returns when something has arrived, which the next read finds.
  void wait_for_input();
  // Reads 0xFF and guest-sync-delimited; returns the number in it, -1 when that is not what came.
  std::int64_t read_sync();
  void send(std::string_view bytes);
  // read_sync() and its proper reply, with `before` in front of the 0xFF.
  void answer_sync(std::string_view before = "");
  // Returns when the client has closed.
  void wait_for_close();

 private:
  bool receive();

  int fd_;
  std::string received_;
};

// The proper reply to guest-sync-delimited.
std::string sync_reply(std::int64_t id);

// Listens from its construction on; serves one connection with `script`, in a thread of its own.
// Must outlive the client that talks to it.
class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  // Without a script connections are queued, never accepted.
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
