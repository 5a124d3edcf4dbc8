// SPDX-License-Identifier: Apache-2.0
// For tests of the commands that work on a user's authorized_keys.
#pragma once

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "unit/commands/command_fixture.h"

namespace bellhop::testing {

// There is one user, alice, who is whoever runs the test, with a home in the test's directory.
class SshCommandTest : public CommandTest {
 protected:
  SshCommandTest() {
    services.system_root = directory.path();
    for (const char* name : {"etc", "home", "home/alice"}) {
      ::mkdir((directory / name).c_str(), 0755);
    }
    directory.file("etc/passwd",
                   fmt::format("alice:x:{}:{}::/home/alice:/bin/sh\n", ::geteuid(), ::getegid()));
  }

  void keys(const std::string& text) {
    std::filesystem::create_directory(directory / "home/alice/.ssh");
    directory.file("home/alice/.ssh/authorized_keys", text);
  }
  std::string keys() const { return directory.content("home/alice/.ssh/authorized_keys"); }

  void turn_selinux_on() {
    std::filesystem::create_directories(directory / "sys/fs/selinux");
    directory.file("sys/fs/selinux/enforce", "0");
  }
  // The system has one that tells of its being run, and then does that.
  void restorecon(const std::string& script) {
    std::filesystem::create_directories(directory / "sbin");
    directory.file("sbin/restorecon",
                   fmt::format("#!/bin/sh\necho $* >{}/restored\n{}\n", directory.path(), script));
    ::chmod((directory / "sbin/restorecon").c_str(), 0755);
  }
  bool restored() const { return std::filesystem::exists(directory / "restored"); }

  std::string path() const { return directory / "home/alice/.ssh/authorized_keys"; }
};

}  // namespace bellhop::testing
