#include "platform/io/edge_poll.h"
#include "platform/unsupported.h"

namespace bellhop::platform {

struct EdgePoll::Set {};

EdgePoll::EdgePoll(std::unique_ptr<Set> set) : set_(std::move(set)) {}
EdgePoll::EdgePoll(EdgePoll&&) noexcept = default;
EdgePoll& EdgePoll::operator=(EdgePoll&&) noexcept = default;
EdgePoll::~EdgePoll() = default;

Result<EdgePoll> EdgePoll::create() {
  return unsupported();
}

NativeHandle EdgePoll::descriptor() const {
  return no_handle;
}

Result<void> EdgePoll::add(NativeHandle, std::uint64_t) {
  return unsupported();
}

void EdgePoll::await_writable(NativeHandle, std::uint64_t, bool) {}

void EdgePoll::remove(NativeHandle) {}

std::span<EdgeEvent> EdgePoll::take(std::span<EdgeEvent>) {
  return {};
}

}  // namespace bellhop::platform
