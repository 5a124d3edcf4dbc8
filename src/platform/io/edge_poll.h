// Edge-triggered readiness of file descriptors (fds).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/error.h"
#include "platform/io/handle.h"

namespace bellhop::platform {

// What has changed on an fd since its last report.
struct EdgeEvent {
  std::uint64_t token = 0;  // as given to add()
  bool readable = false;    // data or end of input
  bool writable = false;
  bool input_ends = false;  // no input follows what can be read now
  bool hung_up = false;     // the other end is closed in both directions
};

// A set of fds; reports each change of an fd once. Level-triggered polling would spin on a
// virtio-serial port whose host end is closed, because such a port stays "hung up". The set has an
// fd that is readable while changes are pending, so that another loop can wait for it.
class EdgePoll {
 public:
  static Result<EdgePoll> create();
  EdgePoll(EdgePoll&&) noexcept;
  EdgePoll& operator=(EdgePoll&&) noexcept;
  ~EdgePoll();

  // Readable while changes are pending. Owned by this object.
  NativeHandle descriptor() const;

  // Watches `fd` for input and end of input. Reports its current state first. The caller keeps
  // ownership of `fd`.
  Result<void> add(NativeHandle fd, std::uint64_t token);
  // Starts or stops watching `fd` for room to write as well, and reports its current state again.
  // Stop when room is no longer needed: every read at the other end makes room and causes a report.
  void await_writable(NativeHandle fd, std::uint64_t token, bool wanted);
  void remove(NativeHandle fd);

  // Consumes pending changes without blocking. Returns the front of `events` that it filled, at
  // most 16; if that is all of `events`, more may be pending.
  std::span<EdgeEvent> take(std::span<EdgeEvent> events);

 private:
  struct Set;
  explicit EdgePoll(std::unique_ptr<Set> set);
  std::unique_ptr<Set> set_;
};

}  // namespace bellhop::platform
