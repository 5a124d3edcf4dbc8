// Which commands the guest's administrator lets clients use.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop::agent {

// The block list and the allow list. Immutable: may be used from any thread.
class Policy {
 public:
  // Without an allow list, what is not blocked is allowed. Names of no command have no effect.
  explicit Policy(const std::vector<std::string>& blocked,
                  const std::optional<std::vector<std::string>>& allowed = std::nullopt);

  // Whether the lists let `command` run. To be blocked beats to be allowed.
  bool allows(std::string_view command) const;

 private:
  using Names = std::set<std::string, std::less<>>;

  Names blocked_;
  std::optional<Names> allowed_;
};

}  // namespace bellhop::agent
