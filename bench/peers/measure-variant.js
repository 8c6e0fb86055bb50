'use strict'

const { Skipped, Subject } = require('./subject')
const { summary } = require('./summary')

const WARM_UP = 0.5 // of a round

/**
 * Measures one variant of a case: all its drivers by turns, round by round, so that a machine whose speed drifts favours none.
 * @param {object} plan
 * @param {string} plan.module of ./cases
 * @param {import('./cases').Metric[]} plan.metrics
 * @param {import('./drivers').Driver[]} plan.drivers
 * @param {(driver: object) => object} plan.specOf
 * @param {number} plan.rounds
 * @param {number} plan.milliseconds of a round
 * @param {boolean} plan.alone
 * @param {(word: string) => void} tell after each round of each driver, and each driver that is left out
 */
async function measureVariant (plan, tell) {
  const outcomes = new Map(plan.drivers.map(driver => [driver.name, { driver, rounds: [], skipped: undefined }]))
  const run = plan.alone ? alone : together
  await run(plan, outcomes, tell)
  return summary([...outcomes.values()], plan.metrics)
}

/** What fails is told of, and not tried again. */
async function attempt (outcome, fn) {
  try {
    return await fn()
  } catch (error) {
    if (!(error instanceof Skipped)) throw error
    outcome.skipped = error.message
  }
}

const begin = ({ module, specOf, milliseconds }, outcome) => attempt(outcome, async () => {
  const { driver } = outcome
  const subject = await Subject.start({ module, driver, spec: specOf(driver) })
  try {
    await subject.round(milliseconds * WARM_UP)
  } catch (error) {
    await subject.end()
    throw error
  }
  return subject
})

/** All processes live at the same time; those that are not asked sleep. */
async function together (plan, outcomes, tell) {
  const subjects = new Map()
  try {
    for (const [name, outcome] of outcomes) subjects.set(name, await begin(plan, outcome))
    for (let round = 0; round < plan.rounds; round++) {
      for (const [name, outcome] of outcomes) {
        tell(outcome.driver.title)
        if (outcome.skipped === undefined) await attempt(outcome, async () => outcome.rounds.push(await subjects.get(name).round(plan.milliseconds)))
      }
    }
  } finally {
    for (const subject of subjects.values()) await subject?.end()
  }
}

/** New processes for each round, and nobody else's meanwhile. */
async function alone (plan, outcomes, tell) {
  for (let round = 0; round < plan.rounds; round++) {
    for (const outcome of outcomes.values()) {
      tell(outcome.driver.title)
      if (outcome.skipped !== undefined) continue
      const subject = await begin(plan, outcome)
      if (subject === undefined) continue
      try {
        await attempt(outcome, async () => outcome.rounds.push(await subject.round(plan.milliseconds)))
      } finally {
        await subject.end()
      }
    }
  }
}

module.exports = { measureVariant }
