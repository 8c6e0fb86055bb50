/* The write and read protocol of include/shmnode/cell.hpp: writers that can be killed before each step, and a reader
 * that first goes without the lock and then takes it. Step names are those of cell.hpp.
 *
 * A definition such as WITHOUT_RELEASE_FENCE breaks one step, to show that the check would find it. */

#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef KILLS
#define KILLS 2
#endif

#define WRITERS 2
#ifndef WRITES
#define WRITES 2  /* of each writer */
#endif
#ifndef ROUNDS
#define ROUNDS 2  /* of the reader, without the lock */
#endif

#define THREADS (WRITERS + 1)
#define READER WRITERS

#define COMMIT 0
#define VERSION(slot) (1 + (slot))
#define FIRST_WORD(slot) (1 + SLOTS + (slot))
#define SECOND_WORD(slot) (1 + 2 * SLOTS + (slot))
#define LOCATIONS (1 + 3 * SLOTS)
#define HISTORY (2 * WRITERS * WRITES + 2)

#include "memory.pml"

#ifdef WITH_RELAXED_MARK
#define MARK_ORDER RELAXED
#else
#define MARK_ORDER RELEASE
#endif
#ifdef WITH_RELAXED_COMMIT
#define COMMIT_ORDER RELAXED
#else
#define COMMIT_ORDER RELEASE
#endif
#ifdef WITH_RELAXED_READ_OF_COMMIT
#define READ_ORDER RELAXED
#else
#define READ_ORDER ACQUIRE
#endif
#ifdef WITH_RELAXED_FIRST_CHECK
#define CHECK_ORDER RELAXED
#else
#define CHECK_ORDER ACQUIRE
#endif
#ifdef WITHOUT_SLOTS
#define NEXT_SLOT (current % SLOTS)
#else
#define NEXT_SLOT (next % SLOTS)
#endif

#define MOST_VERSIONS (WRITERS * WRITES + 2)

bool locked;
View lock_view;                 /* the kernel orders one holder's steps before the next one's */
byte kills;
byte living = WRITERS;
byte writes;                    /* begun so far: makes every value another */
byte committed[MOST_VERSIONS];  /* the value of each version; for the checks alone */
byte told;                      /* the newest version that a writer has told of, as over a socket */
View told_view;

inline Lock(me) {
  atomic {
    !locked -> locked = true;
    d_step { Join(seen[me], lock_view) }
  }
}

inline Unlock(me) {
  d_step {
    Join(lock_view, seen[me]);
    locked = false
  }
}

/* SIGKILL may come here. */
inline Mortal() {
  if
  :: kills < KILLS -> kills++; goto killed
  :: true
  fi
}

inline Mark(me) { Store(me, VERSION(NEXT_SLOT), 0, MARK_ORDER) }

inline FillSlot(me) {
#ifndef WITH_LATE_MARK
  Mark(me);
  Mortal();
#endif
#ifndef WITHOUT_RELEASE_FENCE
  ReleaseFence(me);
#endif
  Store(me, FIRST_WORD(NEXT_SLOT), own, RELAXED);
  Mortal();
  Store(me, SECOND_WORD(NEXT_SLOT), own, RELAXED);
  Mortal();
#ifdef WITH_LATE_MARK
  Mark(me);
  Mortal();
#endif
  Store(me, VERSION(NEXT_SLOT), next, RELEASE);
  Mortal()
}

inline CommitNext(me) {
  Load(me, COMMIT, ACQUIRE, current);
  next = current + 1;
  d_step { writes++; own = writes + 1 }
  FillSlot(me);
  atomic {
    committed[next] = own;
    CompareAndSwap(me, COMMIT, current, next, COMMIT_ORDER, done);
    assert(done)  /* the lock kept everybody else away */
  }
}

inline Tell(me) {
  d_step {
    told = next;
    Join(told_view, seen[me])
  }
}

proctype Writer(byte me) {
  byte time, current, next, own, round;
  bool done;
  for (round : 1 .. WRITES) {
    Lock(me);
    Mortal();
    CommitNext(me);
    Mortal();
    Unlock(me);
    d_step { current = 0; next = (next > told -> next : 0); own = 0; done = false }
    if
    :: next != 0 -> Tell(me)
    :: else
    fi
  }
  goto end;
killed:
  Unlock(me);  /* by the kernel */
end:
  living--
}

/* One round. `whole` if it gave a value. */
inline ReadOnce() {
  Load(READER, COMMIT, READ_ORDER, version);
  Load(READER, VERSION(version % SLOTS), CHECK_ORDER, held);
  if
  :: held != version ->
    Load(READER, COMMIT, READ_ORDER, again);
    falsely_corrupt = again == version;
    assert(!falsely_corrupt)
  :: else ->
    Load(READER, FIRST_WORD(version % SLOTS), RELAXED, first);
    Load(READER, SECOND_WORD(version % SLOTS), RELAXED, second);
#ifndef WITHOUT_ACQUIRE_FENCE
    AcquireFence(READER);
#endif
#ifndef WITHOUT_SECOND_CHECK
    Load(READER, VERSION(version % SLOTS), RELAXED, held);
#endif
    whole = held == version
  fi
}

inline CheckValue() {
  d_step {
    torn = first != second || first != committed[version];
    stale = version < oldest;
    assert(!torn);
    assert(!stale);
    oldest = version
  }
}

/* Who was told of a version must read that one or a later one. */
inline HearOfVersion() {
  if
  :: d_step { told > oldest -> oldest = told; Join(seen[READER], told_view) }
  :: true
  fi
}

proctype Reader() {
  byte time, version, held, again, first, second, oldest, round;
  bool whole, torn, stale, falsely_corrupt, starved;
#ifndef INTERLEAVED
  living == 0;
#endif
  for (round : 1 .. ROUNDS) {
    HearOfVersion();
    ReadOnce();
    if
    :: whole -> CheckValue()
    :: else
    fi;
    d_step { version = 0; held = 0; again = 0; first = 0; second = 0; whole = false }
  }
  Lock(READER);
  ReadOnce();
  starved = !whole;
  assert(!starved);  /* who has the lock is served */
  CheckValue();
  Unlock(READER)
}

init {
  atomic {
    d_step {
      value_of[AT(COMMIT, 0)] = 1;
      value_of[AT(VERSION(1 % SLOTS), 0)] = 1;
      value_of[AT(FIRST_WORD(1 % SLOTS), 0)] = 1;
      value_of[AT(SECOND_WORD(1 % SLOTS), 0)] = 1;
      committed[1] = 1
    }
    run Writer(0);
    run Writer(1);
    run Reader()
  }
}
