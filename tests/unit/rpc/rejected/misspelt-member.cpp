// expect: handel
#include "rpc/field.h"

struct Arguments {
  std::int64_t handle;
  static constexpr auto fields() {
    return bellhop::fields(bellhop::field<"handle", &Arguments::handel>("Handle."));
  }
};

constexpr auto list = Arguments::fields();
