/* Memory of the release and acquire orders of C++, as views over histories of stores. A store is appended to its
 * location's history. A thread's view tells, for each location, the oldest store that it may still load: it may load
 * any from there on, so loads and stores are seen in every order that the language allows.
 *
 * Exact where the stores to a location are in one order of happens-before, as those under one lock are, and where no
 * thread stores what depends on an unlocked load: then nothing is lost by leaving out promises (load buffering).
 *
 * The includer defines LOCATIONS, HISTORY (stores to one location, at most) and THREADS. */

#define RELAXED 0
#define ACQUIRE 1
#define RELEASE 1

#define AT(location, time) ((location) * HISTORY + (time))

typedef View { byte oldest[LOCATIONS] }

byte value_of[LOCATIONS * HISTORY];
View view_of[LOCATIONS * HISTORY];  /* what a load of that store with ACQUIRE brings along */
byte last[LOCATIONS];               /* the time of the newest store */

View seen[THREADS];      /* the view of each thread */
View loaded[THREADS];    /* what an acquire fence would add to it */
View released[THREADS];  /* the view at its last release fence */

hidden byte i;

inline Join(to, from) {
  for (i : 0 .. LOCATIONS - 1) {
    if
    :: to.oldest[i] < from.oldest[i] -> to.oldest[i] = from.oldest[i]
    :: else
    fi
  }
  i = 0
}

inline Append(me, location, value, order) {
  last[location]++;
  assert(last[location] < HISTORY);
  value_of[AT(location, last[location])] = value;
  seen[me].oldest[location] = last[location];
  loaded[me].oldest[location] = last[location];
  if
  :: order == RELEASE -> Join(view_of[AT(location, last[location])], seen[me])
  :: else -> Join(view_of[AT(location, last[location])], released[me])
  fi;
  view_of[AT(location, last[location])].oldest[location] = last[location]
}

inline Store(me, location, value, order) {
  d_step { Append(me, location, value, order) }
}

inline See(me, location, time, order) {
  seen[me].oldest[location] = time;
  Join(loaded[me], view_of[AT(location, time)]);
  if
  :: order == ACQUIRE -> Join(seen[me], view_of[AT(location, time)])
  :: else
  fi
}

inline Load(me, location, order, result) {
  atomic {
    time = seen[me].oldest[location];
    do
    :: time < last[location] -> time++
    :: break
    od;
    d_step {
      See(me, location, time, order);
      result = value_of[AT(location, time)];
      time = 0
    }
  }
}

/* An atomic exchange of one value by another goes by the newest store, and carries on what that store released. */
inline CompareAndSwap(me, location, expected, value, order, done) {
  d_step {
    done = value_of[AT(location, last[location])] == expected;
    if
    :: done ->
      See(me, location, last[location], order);
      Append(me, location, value, order);
      Join(view_of[AT(location, last[location])], view_of[AT(location, last[location] - 1)])
    :: else
    fi
  }
}

inline AcquireFence(me) {
  d_step { Join(seen[me], loaded[me]) }
}

inline ReleaseFence(me) {
  d_step { Join(released[me], seen[me]) }
}
