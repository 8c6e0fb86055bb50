/**
 * Reads an event stream. EventSource could do so, but sends no token.
 * @param {AsyncIterable<Uint8Array>} body
 * @returns {AsyncGenerator<{ event: string, id: string, data: string }>}
 */
export async function * eventsOf (body) {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunksOf(body)) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop()
    for (const block of blocks) {
      const event = parseBlock(block)
      if (event.data !== undefined) yield event
    }
  }
}

// Not every browser can iterate over a stream.
async function * chunksOf (body) {
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

function parseBlock (block) {
  const event = { event: 'message', id: '', data: undefined }
  for (const line of block.split('\n')) {
    const [, field, value] = /^(event|id|data): ?(.*)$/.exec(line) ?? []
    if (field === 'data' && event.data !== undefined) event.data += `\n${value}`
    else if (field !== undefined) event[field] = value
  }
  return event
}
