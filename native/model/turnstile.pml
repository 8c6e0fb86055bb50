/* The lock of include/shmnode/turnstile_lock.hpp: processes that lock for ever, shared or exclusive, patient or with a
 * deadline, and can be killed wherever they hold something. What one semop does is one step here. The kernel gives back what a killed
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
bool behind_gate[PROCESSES];

#define FREE_FOR(exclusive) (writer == 0 && (!exclusive || readers == 0))
#ifdef WITHOUT_TURNSTILE
#define GATE_IS_OPEN true
#else
#define GATE_IS_OPEN (gate == 0)
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
  bool exclusive, patient, holds, holds_gate, inside;
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
  /* PassGate */
  if
  :: atomic { gate == 0 -> gate++; holds_gate = true; behind_gate[_pid] = true }
  :: !patient -> goto begin
  fi;
  Mortal();
  /* TakeFromGate */
  if
  :: atomic { FREE_FOR(exclusive) -> Take(); gate--; holds = true; holds_gate = false; behind_gate[_pid] = false }
#ifdef WITH_FORGOTTEN_GATE
  :: !patient -> goto begin
#else
  :: !patient -> Mortal(); d_step { gate--; holds_gate = false; behind_gate[_pid] = false } goto begin
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
    gate = gate - holds_gate;
#endif
    holds = false;
    holds_gate = false;
    behind_gate[_pid] = false;
    goto begin
  }
}

/* Who is through the gate gets the lock: nobody overtakes there. Who gets the gate next is the kernel's choice. */
ltl served { [] (behind_gate[0] -> <> !behind_gate[0]) }
