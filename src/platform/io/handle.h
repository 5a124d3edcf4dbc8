// SPDX-License-Identifier: Apache-2.0
// Ownership of an operating system resource.
#pragma once

#include <cstdint>
#include <utility>

namespace bellhop::platform {

// The operating system's name of an open resource: a file descriptor (fd), or a HANDLE on Windows.
// handle_number() stays the same when the process executes another program in place.
#ifdef _WIN32
using NativeHandle = void*;
inline const NativeHandle no_handle = reinterpret_cast<NativeHandle>(-1);  // INVALID_HANDLE_VALUE
inline std::int64_t handle_number(NativeHandle handle) {
  return reinterpret_cast<std::intptr_t>(handle);
}
#else
using NativeHandle = int;
inline constexpr NativeHandle no_handle = -1;
inline std::int64_t handle_number(NativeHandle handle) {
  return handle;
}
#endif

// Closes a resource; does nothing for no_handle. Errors are ignored.
void close_handle(NativeHandle handle);

// Owns one resource, or none. Closes it on destruction. Move-only.
class Handle {
 public:
  Handle() = default;
  explicit Handle(NativeHandle handle) : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(other.release()) {}
  Handle& operator=(Handle&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~Handle() { reset(); }

  NativeHandle get() const { return handle_; }
  explicit operator bool() const { return handle_ != no_handle; }
  // Transfers ownership: the caller must close the resource.
  NativeHandle release() { return std::exchange(handle_, no_handle); }
  void reset(NativeHandle handle = no_handle) {
    const NativeHandle old = std::exchange(handle_, handle);
    if (old != no_handle) close_handle(old);
  }

 private:
  NativeHandle handle_ = no_handle;
};

}  // namespace bellhop::platform
