// SPDX-License-Identifier: Apache-2.0
// Compares a command's reply on a recorded system with what a real qemu-ga answered there.
#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "unit/commands/command_fixture.h"
#include "unit/recorded_tree.h"

namespace bellhop::testing {

// tests/recorded/NAME.tree has the system, NAME.json the replies of qemu-ga 11.1.3 on it, and in
// `differs` where Bellhop deliberately answers otherwise: the name of the difference in
// docs/compatibility.json, the command, the entry, and what to merge into it.
class RecordedTest : public CommandTest {
 protected:
  using Json = nlohmann::json;
  using Entries = std::map<std::string, Json>;

  static std::string content(const std::string& name) {
    std::ifstream file(std::string(BELLHOP_RECORDED) + "/" + name, std::ios::binary);
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // The reply's entries by the member that tells them apart.
  static Entries entries(const Json& reply, const std::string& key) {
    Entries found;
    for (const Json& entry : reply) found.emplace(entry[key], entry);
    EXPECT_EQ(found.size(), reply.size());
    return found;
  }

  // That the reply to a command is what Bellhop should answer on a recorded system.
  void expect_recorded(const std::string& name, const std::string& command,
                       const std::string& key) {
    const Json recorded = Json::parse(content(name + ".json"));
    Entries expected = entries(recorded[command], key);
    for (const Json& differs : recorded.value("differs", Json::array())) {
      if (differs["command"] == command) {
        expected.at(differs["entry"]).merge_patch(differs["merge"]);
      }
    }
    const RecordedTree tree(content(name + ".tree"));
    Entries actual = entries(reply_on(tree, command), key);
    for (auto& [entry, reply] : expected) {
      EXPECT_EQ(sorted(actual[entry]), sorted(reply)) << name;
    }
    EXPECT_EQ(actual.size(), expected.size()) << name;
  }

  // Lists that are in the order of a directory, which is that of this machine's filesystem, are
  // put into that of their text: nlohmann-json 3.10 does not order objects in C++20.
  static Json sorted(Json entry) {
    const auto by_text = [](const Json& left, const Json& right) {
      return left.dump() < right.dump();
    };
    for (const char* list : {"disk", "dependencies"}) {
      if (entry.contains(list)) std::sort(entry[list].begin(), entry[list].end(), by_text);
    }
    return entry;
  }

  Json reply_on(const RecordedTree& tree, const std::string& command) {
    services.system_root = tree.root();
    return Json::parse(call(command))["return"];
  }
};

}  // namespace bellhop::testing
