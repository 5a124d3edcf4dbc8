# SPDX-License-Identifier: Apache-2.0
# Functions shared by the tools, which source this file from the top of the repository.

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$0: $*"
  exit 1
}

# Bellhop requires std::expected: GCC 12 or newer. Ubuntu 22.04's default g++ is 11, but its g++-12
# works.
choose_compiler() {
  [[ -n ${CXX:-} ]] && return
  local candidate
  for candidate in g++ g++-14 g++-13 g++-12; do
    if command -v "$candidate" >/dev/null &&
      [[ $("$candidate" -dumpversion | cut -d. -f1) -ge 12 ]]; then
      export CXX=$candidate
      return
    fi
  done
}
