// When a thread looks before it sleeps, and when it leaves that.
#include "shmnode/eager_look.hpp"

#include "tap.hpp"

namespace {

using shmnode::EagerLook;

// How many of so many waits began with a look, where what they wait for comes at once or does not come.
int Looks(EagerLook& eager, int waits, bool comes) {
  int looks = 0;
  for (int i = 0; i < waits; i++) {
    bool looked = false;
    const bool came = eager.For([&] {
      looked = true;
      return comes;
    });
    tap::Equal(came, looked && comes, "came, if it was looked for");
    looks += looked ? 1 : 0;
  }
  return looks;
}

const tap::Test kPays("eager look: before each wait while it pays", [] {
  EagerLook eager;
  tap::Equal(Looks(eager, 1000, true), 1000, "looks");
});

const tap::Test kDoesNotPay("eager look: ever more rarely while it does not pay", [] {
  EagerLook eager;
  tap::Equal(Looks(eager, 4, false), 2, "the first, and the one after one without");
  Looks(eager, 4 * EagerLook::kMostSkipped, false);
  tap::Equal(Looks(eager, 4 * (EagerLook::kMostSkipped + 1), false), 4, "one in so many");
});

const tap::Test kPaysAgain("eager look: soon again once it pays", [] {
  EagerLook eager;
  Looks(eager, 4 * EagerLook::kMostSkipped, false);
  tap::Check(Looks(eager, EagerLook::kMostSkipped + 1, true) > 0, "it was tried");
  tap::Equal(Looks(eager, 1000, true), 1000, "looks");
});

}  // namespace
