// SPDX-License-Identifier: Apache-2.0
// An environment variable that a test changes temporarily.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace bellhop::testing {

// Restores the variable in the destructor. The environment belongs to the whole process: no other
// thread may use it in the meantime.
class EnvironmentVariable {
 public:
  explicit EnvironmentVariable(const char* name) : name_(name) {
    if (const char* value = std::getenv(name)) before_ = value;
  }
  ~EnvironmentVariable() {
    if (before_) {
      set(before_->c_str());
    } else {
      ::unsetenv(name_);
    }
  }
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

  void set(const char* value) { ::setenv(name_, value, 1); }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace bellhop::testing
