// expect: the wire name must be the member's name
#include "rpc/field.h"

struct Arguments {
  std::int64_t handle;
  static constexpr auto fields() {
    return bellhop::fields(bellhop::field<"handel", &Arguments::handle>("Handle."));
  }
};

constexpr auto list = Arguments::fields();
