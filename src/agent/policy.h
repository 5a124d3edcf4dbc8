// The commands that the guest's administrator allows.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bellhop::agent {

// The block list and the allow list. Immutable and thread-safe.
class Policy {
 public:
  // Without an allow list, commands that are not blocked are allowed. Unknown names have no effect.
  explicit Policy(const std::vector<std::string>& blocked,
                  const std::optional<std::vector<std::string>>& allowed = std::nullopt);

  // True if the lists allow `command`. The block list takes precedence.
  bool allows(std::string_view command) const;

 private:
  using Names = std::set<std::string, std::less<>>;

  Names blocked_;
  std::optional<Names> allowed_;
};

}  // namespace bellhop::agent
