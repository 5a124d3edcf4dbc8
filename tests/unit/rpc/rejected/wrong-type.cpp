// expect: this member's type has no form on the wire
#include "rpc/field.h"

struct Arguments {
  int handle;  // int64_t is meant
  static constexpr auto fields() {
    return bellhop::fields(bellhop::field<"handle", &Arguments::handle>("Handle."));
  }
};

constexpr auto list = Arguments::fields();
