// Parts of tests that run as somebody else.
#pragma once

#include <sys/prctl.h>
#include <unistd.h>

#include "child.hpp"
#include "tap.hpp"

inline constexpr uid_t kNobody = 65534;

// Runs the body, with its checks, as nobody. Skips the test where this user cannot become another.
template <class Body>
void AsNobody(Body body) {
  if (geteuid() != 0) tap::Skip("not root");
  Child child([&body] {
    tap::Require(setegid(kNobody) == 0 && seteuid(kNobody) == 0, "become nobody");
    body();
    tap::Require(seteuid(0) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0, "become root again");  // for the leak sanitizer's sake
    return 0;
  });
  tap::Check(child.Succeeds(), "as nobody");
}
