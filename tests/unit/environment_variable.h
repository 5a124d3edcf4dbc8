// An environment variable that a test changes for a while.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace bellhop::testing {

// Puts the variable back as it was when it goes. The environment is the whole process's: no other
// thread may be using it.
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
