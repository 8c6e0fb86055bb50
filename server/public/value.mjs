import { tokensOf } from './json.mjs'

const IMAGE = /^image\/(?:png|jpeg|gif|webp|avif|bmp|svg\+xml)$/
/** Of a text, nothing but what one can read, and line ends. */
// eslint-disable-next-line no-control-regex
const UNREADABLE = /[\x00-\x08\x0e-\x1f\x7f]/

/** One version of a segment, or the first bytes of it, and what it can be shown as. */
export class Value {
  #text
  #tokens

  /**
   * @param {Uint8Array} bytes
   * @param {Headers} headers of the answer that had them
   */
  constructor (bytes, headers) {
    this.bytes = bytes
    this.length = Number(/\/(\d+)$/.exec(headers.get('content-range'))?.[1] ?? bytes.length)
    this.version = Number(headers.get('shm-version'))
    this.etag = headers.get('etag')
    this.mediaType = headers.get('content-type') ?? 'application/octet-stream'
  }

  get isWhole () {
    return this.bytes.length === this.length
  }

  /** The media type without its parameters. */
  get essence () {
    return this.mediaType.split(';', 1)[0].trim().toLowerCase()
  }

  /** As UTF-8; null if it is not. */
  get text () {
    this.#text ??= { value: decode(this.bytes, this.isWhole) }
    return this.#text.value
  }

  /** The tokens of a JSON text; null if it is none. */
  get tokens () {
    this.#tokens ??= { value: this.isWhole && this.text !== null ? tokensOf(this.text) : null }
    return this.#tokens.value
  }

  get isReadable () {
    return this.text !== null && !UNREADABLE.test(this.text)
  }

  /** What it can be shown as: the best first. */
  get kinds () {
    const isImage = IMAGE.test(this.essence)
    const isText = this.text !== null && this.isReadable
    return [
      ...(isImage && this.isWhole ? ['image'] : []),
      ...(this.tokens !== null ? ['json'] : []),
      ...(isText ? ['text'] : []),
      'hex',
      ...(this.text !== null && !isText ? ['text'] : [])
    ]
  }
}

// The last character of a part may be cut in two.
function decode (bytes, isWhole) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !isWhole })
  } catch {
    return null
  }
}
