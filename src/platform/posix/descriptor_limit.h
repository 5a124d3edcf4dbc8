// How many descriptors the agent may have open.
#pragma once

#include <sys/resource.h>

#include <algorithm>

namespace bellhop::platform {

// Raises the process's soft limit of open descriptors as long as it lives. A job takes up to four,
// and the usual limit of 1,024 is for programs that use select(2), so children get the former one.
class RaisedDescriptorLimit {
 public:
  RaisedDescriptorLimit() {
    if (::getrlimit(RLIMIT_NOFILE, &former_) != 0) former_ = {RLIM_INFINITY, RLIM_INFINITY};
    rlimit raised = former_;
    raised.rlim_cur = std::max(former_.rlim_cur, std::min<rlim_t>(former_.rlim_max, enough));
    raised_ = raised.rlim_cur != former_.rlim_cur && ::setrlimit(RLIMIT_NOFILE, &raised) == 0;
  }
  ~RaisedDescriptorLimit() {
    if (raised_) ::setrlimit(RLIMIT_NOFILE, &former_);
  }
  RaisedDescriptorLimit(const RaisedDescriptorLimit&) = delete;
  RaisedDescriptorLimit& operator=(const RaisedDescriptorLimit&) = delete;

  const rlimit& former() const { return former_; }

 private:
  // Not the hard limit: that may be a thousand million, and old kernels close one by one.
  static constexpr rlim_t enough = 65536;

  rlimit former_;
  bool raised_ = false;
};

}  // namespace bellhop::platform
