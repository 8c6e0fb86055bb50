import { ApiError, read, write } from './api.mjs'

export const TEXT_TYPE = 'text/plain; charset=utf-8'
export const JSON_TYPE = 'application/json'

/**
 * What a person is about to write: a text or a file, and the version that it was made from.
 *
 * While `base` is what the segment holds, writing replaces nothing that the person has not seen. `theirs` is the value of somebody
 * else that stood in the way; `outcome` tells how the last try ended.
 */
export class Draft {
  #resource
  #onChange
  text = ''
  file = null
  mediaType = TEXT_TYPE
  base = null
  isGuarded = true
  isBusy = false
  theirs = null
  outcome = null

  /**
   * @param {import('./resource.mjs').Resource} resource
   * @param {() => void} onChange
   */
  constructor (resource, onChange) {
    this.#resource = resource
    this.#onChange = onChange
  }

  get isEmpty () {
    return this.text === '' && this.file === null
  }

  /**
   * The text as it is after a key was pressed.
   * @param {{ etag: string, version: number } | null} current what the segment holds: who begins to write has seen that
   */
  type (text, current) {
    if (this.isEmpty || this.base === null) this.base = baseOf(current)
    this.#set({ text, outcome: null })
  }

  /** @param {File | null} file null takes it back */
  attach (file, current) {
    if (this.isEmpty || this.base === null) this.base = baseOf(current)
    this.#set({ file, outcome: null, ...(file !== null && { mediaType: file.type === '' ? 'application/octet-stream' : file.type }) })
  }

  /** Goes on from a value; from nothing if it is no text. @param {import('./value.mjs').Value} value */
  takeOver (value) {
    const isText = value.isWhole && value.text !== null
    this.#set({ text: isText ? value.text : '', file: null, base: baseOf(value), theirs: null, outcome: null })
    if (isText && value.version > 0) this.#set({ mediaType: value.mediaType })
  }

  /** Says what the text is, or whether it may replace what somebody else wrote meanwhile. */
  choose (choice) {
    this.#set(choice)
  }

  /**
   * Writes it, if the segment still holds what it was made from. An empty value never replaces one that the person does not see.
   * @param {{ etag: string, version: number } | null} current what the person sees; null: there is no such segment
   */
  async write (current) {
    this.base ??= baseOf(current) ?? NOTHING
    await this.#try(this.isGuarded || this.isEmpty ? this.base.etag : undefined)
  }

  /** Writes it over the value that stood in the way; not over one that the person has not seen. */
  async overwrite () {
    await this.#try(this.theirs.etag)
  }

  /** Goes on editing; the next try asks again. */
  async back () {
    this.#set({ theirs: null })
  }

  async #try (etag) {
    const { mediaType } = this
    this.#set({ isBusy: true, outcome: null })
    try {
      const written = await write(this.#resource, this.file ?? this.text, { mediaType, etag })
      this.#set({ base: written, theirs: null, outcome: { version: written.version } })
    } catch (error) {
      await this.#explain(error).catch(error => this.#set({ outcome: { error } }))
    }
    this.#set({ isBusy: false })
  }

  async #explain (error) {
    const isConflict = error instanceof ApiError && error.code === 'ERR_SHM_VERSION_CONFLICT'
    if (isConflict) this.#set({ theirs: await read(this.#resource) })
    else this.#set({ outcome: { error } })
  }

  #set (changes) {
    Object.assign(this, changes)
    this.#onChange()
  }
}

/** Where there is no segment, nobody else may have made one. */
const NOTHING = Object.freeze({ etag: null, version: 0 })

const baseOf = current => current === null ? null : { etag: current.etag, version: current.version }
