'use strict'

// Where lanes are whose lock somebody else holds. A few of them at a time wait for it in the kernel, on the pool threads that
// may be used for that, in slices and by turns; the locks of all the others are looked at every other millisecond, in one
// trip for all of them. So a lock that comes free is had soon, however many segments wait, and the pool is there for others.

const binding = require('./binding')
const { LONGEST_SLICE, PAUSE, now } = require('./time')

/** How long a wait in the kernel is while others want the place, in milliseconds. */
const CROWDED_SLICE = 20
/** Looks are this rare at most that they take a small part of the time: one more PAUSE for so many lanes. */
const LANES_PER_PAUSE = 500

/** What a lane waits for, as in native/addon/sweep.hpp. */
const LOCK = { EXCLUSIVE: 0, SHARED: 1, USER: 2, POSIX: 3 }

/**
 * One for each environment. Lanes have `semaphoreId` and `lockKind`, `expire(at)` and `depart(slice)`, and tell the room
 * with `enter` and `leave`.
 */
class WaitingRoom {
  /** In the order of their turns. */
  #lanes = new Set()
  /** Those in the kernel. */
  #seated = new Set()
  #seating = false
  #timer = null
  #looking = false

  get isEmpty () {
    return this.#lanes.size === 0 && this.#seated.size === 0
  }

  /** The lane has found its lock taken: it goes to the end of the row. */
  enter (lane) {
    this.#seated.delete(lane)
    this.#seat()
    this.#lanes.add(lane)
    this.#timer ??= setTimeout(() => this.#turn(), PAUSE * Math.ceil(this.#lanes.size / LANES_PER_PAUSE))
  }

  /** The lane has its lock, or waits no more. */
  leave (lane) {
    this.#lanes.delete(lane)
    if (this.#seated.delete(lane)) this.#seat()
  }

  #turn () {
    this.#timer = null
    const at = now()
    for (const lane of this.#lanes) lane.expire(at)
    this.#seat()
    if (this.#lanes.size === 0) return
    this.#look()
    this.#timer ??= setTimeout(() => this.#turn(), PAUSE * Math.ceil(this.#lanes.size / LANES_PER_PAUSE))
  }

  #seat () {
    // Who finds nothing to send leaves while it is being seated: thousands of them would fill the stack.
    if (this.#seating) return
    this.#seating = true
    while (this.#seated.size < binding.waitPlaces && this.#lanes.size > 0) {
      const [lane] = this.#lanes
      this.#lanes.delete(lane)
      this.#seated.add(lane)
      lane.depart(this.#lanes.size > 0 ? CROWDED_SLICE : LONGEST_SLICE)
    }
    this.#seating = false
  }

  #look () {
    if (this.#looking) return
    this.#looking = true
    const lanes = [...this.#lanes]
    const locks = new Int32Array(lanes.length * 2)
    lanes.forEach(({ semaphoreId, lockKind }, i) => {
      locks[2 * i] = semaphoreId
      locks[2 * i + 1] = lockKind
    })
    binding.sweep(locks, (_, free) => {
      this.#looking = false
      for (const i of free ?? []) {
        if (this.#lanes.delete(lanes[i])) lanes[i].depart(0)
      }
    })
  }
}

module.exports = { LOCK, waitingRoom: new WaitingRoom() }
