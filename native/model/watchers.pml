/* Who sleeps until the next commit, and who wakes whom: include/shmnode/watchers.hpp, between writers that can be killed.
 * Both sides' steps are in full order, so memory is what every process sees at once; what a missing fence would let happen is a
 * definition that moves a step. Values do not wrap.
 *
 * A definition such as WITH_LATE_ANNOUNCEMENT breaks one step, to show that the check would find it. */

#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef WRITES
#define WRITES 2 /* of each writer */
#endif
#ifndef KILLS
#define KILLS 1
#endif
#define WRITERS 2

bool locked;
byte commit, notify, awaited, woken;
bool sleeps[WAITERS];
byte told[WAITERS];
byte kills;
byte owed; /* the last commit whose writer died before its wake, if no other has committed and come that far since */

/* SIGKILL may come here; `version` is what was committed and not told, or 0. */
inline Mortal(version, locks) {
  if
  :: kills < KILLS ->
    atomic {
      kills++;
      if
      :: version > owed -> owed = version
      :: else
      fi;
      if
      :: locks -> locked = false
      :: else
      fi;
      goto killed
    }
  :: true
  fi
}

inline Settle() {
  if
  :: own > owed -> owed = 0
  :: else
  fi
}

/* As Announce: raised only. */
inline Announce(me) {
  last = awaited;
#ifdef WITH_LOWERING
  awaited = seen;
#else
  do
  :: atomic { last < seen && awaited == last -> awaited = seen; break }
  :: atomic { last < seen && awaited != last -> last = awaited }
  :: last >= seen -> break
  od;
#endif
}

inline WakeAll() {
  d_step {
    i = 0;
    do
    :: i < WAITERS -> sleeps[i] = false; i++
    :: else -> break
    od;
    i = 0;
    Settle()
  }
}

proctype Waiter(byte me) {
  byte seen, last;
again:
  seen = notify;
#ifndef WITH_LATE_ANNOUNCEMENT
  Announce(me);
#endif
  if
  :: atomic { commit > told[me] -> told[me] = commit }; goto again
  :: atomic { commit <= told[me] -> skip }
  fi;
#ifdef WITH_LATE_ANNOUNCEMENT
  atomic { notify == seen -> sleeps[me] = true };
  Announce(me);
#else
  /* The kernel looks once more. */
  if
  :: atomic { notify == seen -> sleeps[me] = true }
  :: atomic { notify != seen -> goto again }
  fi;
#endif
end:
  !sleeps[me] -> goto again
}

proctype Writer() {
  byte writes, own, now, looked, i;
  do
  :: writes < WRITES ->
    writes++;
    atomic { !locked -> locked = true };
    Mortal(0, true);
#ifdef WITHOUT_FENCE
    looked = awaited;
#endif
    atomic { commit++; own = commit };
    Mortal(own, true);
    notify = commit;
    Mortal(own, true);
    locked = false;
    Mortal(own, false);
#ifndef WITHOUT_FENCE
    looked = awaited;
#endif
    now = notify;
#ifdef WITHOUT_WOKEN
    if
    :: looked + 1 == now -> WakeAll()
    :: else -> d_step { Settle() }
    fi
#else
    if
    :: looked >= woken -> Mortal(own, false); WakeAll(); Mortal(0, false); woken = now
    :: looked < woken -> d_step { Settle() }
    fi
#endif
  :: else -> break
  od;
killed:
  skip
}

/* Nobody can take a step any more. */
proctype Check() {
  byte i;
  timeout;
  do
  :: i < WAITERS -> assert(owed > 0 || !sleeps[i] || told[i] == commit); i++
  :: else -> break
  od
}

init {
  atomic {
    byte n;
    do
    :: n < WAITERS -> run Waiter(n); n++
    :: else -> break
    od;
    run Writer();
    run Writer();
    run Check()
  }
}
