// How many descriptors the agent may have open.
#pragma once

#include <sys/resource.h>

#include <algorithm>

namespace bellhop::platform {

// The soft limit of open descriptors, which can be raised for as long as this object lives. A job
// takes up to four, and the usual limit of 1,024 is meant for programs that use select(2): children
// should get the one that was in force when this object was made.
class DescriptorLimit {
 public:
  DescriptorLimit() {
    if (::getrlimit(RLIMIT_NOFILE, &former_) != 0) former_ = {RLIM_INFINITY, RLIM_INFINITY};
  }
  ~DescriptorLimit() {
    if (raised_) ::setrlimit(RLIMIT_NOFILE, &former_);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

  const rlimit& former() const { return former_; }
  // For a program that begins with what another one has raised.
  void set_former(rlim_t soft) { former_.rlim_cur = std::min(soft, former_.rlim_max); }

  // As far as is allowed. Not being able to is no error: it only means fewer jobs at once.
  void raise() {
    rlimit limit;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const rlim_t wanted = std::min(limit.rlim_max, max_raised_limit);
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    raised_ = ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  }

 private:
  // Not the hard limit: that may be a thousand million, and old kernels close one by one.
  static constexpr rlim_t max_raised_limit = 65536;

  rlimit former_;
  bool raised_ = false;
};

}  // namespace bellhop::platform
