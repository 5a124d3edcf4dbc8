// The limit of open fds.
#pragma once

#include <sys/resource.h>

#include <algorithm>

namespace bellhop::platform {

// Raises the soft limit of open fds; restores it on destruction. The agent needs this because a job
// uses up to four fds. Children should get the limit that was in force at construction: the usual
// limit of 1,024 is meant for programs that use select(2).
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
  // For a successor, which inherits the raised limit of the previous program.
  void set_former(rlim_t soft) { former_.rlim_cur = std::min(soft, former_.rlim_max); }

  // Raises the limit as far as allowed. Failure is no error: fewer jobs can run at once.
  void raise() {
    rlimit limit;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const rlim_t wanted = std::min(limit.rlim_max, max_raised_limit);
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    raised_ = ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
  }

 private:
  // Not the hard limit: that may be 10^9, and on old kernels close_from() closes fds one by one.
  static constexpr rlim_t max_raised_limit = 65536;

  rlimit former_;
  bool raised_ = false;
};

}  // namespace bellhop::platform
