'use strict'

// Those in this process who want the lock for applications, one after the other.

const { fromFailure } = require('./errors')
const { Call, Lane } = require('./lane')
const { LOCK } = require('./waiting-room')

/** Resolves to the addon's HeldLock. */
class LockCall extends Call {}

/** Of LockCalls. */
class LockLane extends Lane {
  constructor (handle, context) {
    super(handle, { ...context, lock: 'user lock' }, LOCK.USER)
  }

  fit () {
    return 1
  }

  travel ([call], slice, done) {
    this.handle.lock(slice, (failure, held) => {
      if (failure?.code === 'BUSY') return done([call], failure)
      if (failure !== undefined) call.reject(fromFailure(failure, this.context))
      else if (call.isDead) held.release()
      else call.resolve(held)
      done([])
    })
  }
}

module.exports = { LockCall, LockLane }
