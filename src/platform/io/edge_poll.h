// Edge-triggered readiness of file descriptors.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/error.h"

namespace bellhop::platform {

// What changed on a descriptor since the last time it was reported.
struct EdgeEvent {
  std::uint64_t token = 0;  // as given to add()
  bool readable = false;    // data, or the end of it
  bool writable = false;
  bool input_ends = false;  // nothing comes after what can be read now
  bool hung_up = false;     // the other side is gone in both directions
};

// A set of descriptors, each reported once for every change. Unlike level-triggered waiting it does
// not spin on a virtio-serial port whose host end is closed, which is "hung up" for as long as it
// lasts. The set is itself a descriptor that is readable while changes wait to be taken, so it can
// be waited for through another loop.
class EdgePoll {
 public:
  static Result<EdgePoll> create();
  EdgePoll(EdgePoll&&) noexcept;
  EdgePoll& operator=(EdgePoll&&) noexcept;
  ~EdgePoll();

  // Readable while there are changes. Owned by this object.
  int descriptor() const;

  // Watches `fd`, which stays the caller's, for input and its end. Reports its present state first.
  Result<void> add(int fd, std::uint64_t token);
  // Begins or stops to watch it for room to write too; reports its present state once more. Not
  // for good, because who reads at the other end makes room with every read.
  void await_writable(int fd, std::uint64_t token, bool wanted);
  void remove(int fd);

  // Takes waiting changes, without waiting. Returns those that it wrote to `events`; when they fill
  // it there may be more.
  std::span<EdgeEvent> take(std::span<EdgeEvent> events);

 private:
  struct Set;
  explicit EdgePoll(std::unique_ptr<Set> set);
  std::unique_ptr<Set> set_;
};

}  // namespace bellhop::platform
