// Puts the program that is installed now in the place of the running one.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/workers.h"
#include "base/error.h"
#include "platform/process.h"
#include "state/handover.h"

namespace bellhop::agent {

// The program that runs, and how it came to run.
struct Program {
  std::string path = {};                    // where it is installed, absolute; empty: not known
  std::vector<std::string> arguments = {};  // as it was called, its name first
  std::string working_directory = {};       // which relative paths among them mean
  bool socket_was_passed = false;           // by the service manager
  // A file of it has a relative path, and a daemon is in another directory by now.
  bool configuration_is_lost = false;
  std::int64_t replacements = 0;  // how many programs this process has run before
};

// What the environment variable is called by which the next program finds what it takes over.
inline constexpr const char* handover_variable = "BELLHOP_HANDOVER";

// What a program says that is asked, by --can-take-over, whether it would run with these options.
std::string take_over_answer();

// One replacement at a time: asks the new program whether it is one, has the agent come to rest,
// hands over what it holds, and runs the new program in the same process. When something is in the
// way, the agent goes on as before. Used on the loop's thread.
class Replacement {
 public:
  // The agent that is to be replaced.
  class Subject {
   public:
    virtual ~Subject() = default;
    // Begins nothing new, and ends what it has begun, until go_on().
    virtual void come_to_rest() = 0;
    // What keeps it from being at rest, in words for the log; nothing when it is.
    virtual std::optional<std::string> unrest() = 0;
    // Writes down all that it holds. From then on it is still, until go_on(). False when something
    // has begun by itself.
    virtual bool hand_over(state::HandoverWriter& writer) = 0;
    virtual void go_on() = 0;
    virtual void replacement_failed(const Error& error) = 0;
  };

  // How long the agent may take to come to rest.
  static constexpr std::chrono::seconds patience{5};
  // For so long at a time it begins nothing new; then it serves for as long. Clients wait no
  // longer.
  static constexpr std::chrono::milliseconds round{500};

  // All must outlive the replacement.
  Replacement(asio::io_context& loop, const Program& program, Workers& workers,
              platform::Processes& processes, Subject& subject);

  // Returns only when there was no replacement, or not yet.
  void begin();

 private:
  void ask_program();
  void answered(const Result<void>& answer);
  void begin_round();
  void try_now();
  void look_again();
  void handle_pending_events(int times);
  void replace_if_at_rest();
  Result<void> replace();
  void give_up(const Error& error);

  asio::io_context& loop_;
  const Program& program_;
  Workers& workers_;
  platform::Processes& processes_;
  Subject& subject_;
  bool under_way_ = false;
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point end_of_round_;
  asio::steady_timer timer_;
};

}  // namespace bellhop::agent
