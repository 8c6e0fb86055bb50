/* The lock of include/shmnode/turnstile_lock.hpp: processes that lock for ever, shared or exclusive, patient or with a
 * deadline, and can be killed wherever they hold something. Who has a deadline may also be next to the one behind the gate, but need
 * not: so do those that do not know of that place. What one semop does is one step here. The kernel gives back what a killed
 * process took (SEM_UNDO), some time after its death; another process takes its place.
 *
 * A definition such as WITHOUT_UNDO breaks one step, to show that the check would find it. */

#ifndef PROCESSES
#define PROCESSES 3
#endif
#ifndef KILLS
#define KILLS 2
#endif

byte writer, readers, gate;  /* the semaphores */
byte writing, reading;       /* who is inside */
byte kills;
bool at_gate[PROCESSES];     /* behind it, or next */

#define BEHIND 1  /* the bits of the gate */
#define NEXT 2
#define FREE_FOR(exclusive) (writer == 0 && (!exclusive || readers == 0))
#ifdef WITHOUT_TURNSTILE
#define GATE_IS_OPEN true
#else
#define GATE_IS_OPEN (gate == 0)
#endif
#ifdef WITH_MANY_NEXT
#define NEXT_IS_FREE (gate > 0)
#else
#define NEXT_IS_FREE (gate == BEHIND)
#endif
#ifdef WITH_OVERTAKING
#define IS_MY_TURN true
#else
#define IS_MY_TURN (place == BEHIND || gate == NEXT)
#endif
#ifdef WITH_WRONG_PLACE_LEFT
#define LEFT BEHIND
#else
#define LEFT place
#endif

/* Ends at killed: if SIGKILL comes here. */
inline Mortal() {
  if
  :: kills < KILLS -> kills++; goto killed
  :: true
  fi
}

inline Take() {
  if
  :: exclusive -> writer++
  :: else -> readers++
  fi
}

inline Give() {
  if
  :: exclusive -> writer--
  :: else -> readers--
  fi
}

inline Come(which) {
  gate = gate + which;
  place = which;
  at_gate[_pid] = true;
  assert(gate <= BEHIND + NEXT)
}

inline Go(which) {
  gate = gate - which;
  place = 0;
  at_gate[_pid] = false
}

inline Work() {
  d_step {
    writing = writing + exclusive;
    reading = reading + !exclusive;
    assert(writing == 0 || (writing == 1 && reading == 0))
  }
  inside = true;
  Mortal();
  d_step {
    writing = writing - exclusive;
    reading = reading - !exclusive;
    inside = false
  }
}

active [PROCESSES] proctype Process() {
  bool exclusive, patient, holds, inside;
  byte place;
begin:
  atomic {
    if :: exclusive = true :: exclusive = false fi;
    if :: patient = true :: patient = false fi
  }
  /* TryAcquire */
#ifdef WITH_TWO_STEPS
  if
  :: GATE_IS_OPEN && FREE_FOR(exclusive) -> d_step { Take(); holds = true } goto held
#else
  if
  :: atomic { GATE_IS_OPEN && FREE_FOR(exclusive) -> Take(); holds = true; goto held }
#endif
  :: else
  fi;
  /* EnterGate */
  if
  :: atomic { gate == 0 -> Come(BEHIND) }
  :: atomic { !patient && NEXT_IS_FREE -> Come(NEXT) }
  :: !patient -> goto begin
  fi;
  Mortal();
  /* TakeFrom */
  if
  :: atomic { FREE_FOR(exclusive) && IS_MY_TURN -> Take(); Go(place); holds = true }
#ifdef WITH_FORGOTTEN_GATE
  :: !patient -> place = 0; goto begin
#else
  :: !patient -> Mortal(); d_step { Go(LEFT) } goto begin
#endif
  fi;
held:
  Mortal();
  Work();
  Mortal();
  atomic { Give(); holds = false; goto begin }
killed:
  atomic {  /* dead, and still holding */
    writing = writing - (inside && exclusive);
    reading = reading - (inside && !exclusive);
    inside = false
  }
  atomic {  /* the kernel */
#ifndef WITHOUT_UNDO
    if :: holds -> Give() :: else fi;
    Go(place);
#endif
    holds = false;
    place = 0;
    at_gate[_pid] = false;
    goto begin
  }
}

/* Who is behind the gate gets the lock, and so does who is next: nobody overtakes there. Who gets the gate next is the kernel's
 * choice, but it opens again and again, however many come to be next. */
ltl served { [] (at_gate[0] -> <> !at_gate[0]) }
ltl opens { [] <> (gate == 0) }
