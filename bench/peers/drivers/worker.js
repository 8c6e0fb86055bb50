'use strict'

// Two threads of one process: a value in a SharedArrayBuffer, under a lock of Atomics, which nobody gives back for who dies with it.

const HEAD = 64

function lockedValue (memory) {
  const words = new Int32Array(memory, 0, 2) // the lock: 0 free, 1 held, 2 held and waited for; the length
  const bytes = Buffer.from(memory, HEAD)
  const acquire = () => {
    if (Atomics.compareExchange(words, 0, 0, 1) === 0) return
    while (Atomics.exchange(words, 0, 2) !== 0) Atomics.wait(words, 0, 2)
  }
  const release = () => { if (Atomics.exchange(words, 0, 0) === 2) Atomics.notify(words, 0, 1) }
  return {
    write (value) {
      acquire()
      bytes.set(value)
      words[1] = value.length
      release()
    },
    read (target) {
      acquire()
      const length = words[1]
      bytes.copy(target, 0, 0, length)
      release()
      return target.subarray(0, length)
    }
  }
}

module.exports = {
  threads: true,
  /** What a worker gets of its parent with the specification. */
  shared: ({ size, back = 0 }) => ({ memory: new SharedArrayBuffer(HEAD + size), back: new SharedArrayBuffer(HEAD + back) }),

  place (spec) {
    return { ...lockedValue(spec.shared.memory), end () {} }
  },

  link (spec, side, channel) {
    const [there, here] = [spec.shared.memory, spec.shared.back].map(lockedValue)
    const [to, from, size] = side === 'a' ? [there, here, spec.back] : [here, there, spec.size]
    const target = Buffer.alloc(size)
    return {
      send (bytes) {
        to.write(bytes)
        channel.sendValue(1)
      },
      listen: onValue => channel.onValue(() => onValue(from.read(target))),
      end () {}
    }
  }
}
