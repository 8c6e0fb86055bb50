import { html, useEffect, useRef } from './vendor/preact.mjs'

/** Asks for the token that the server wants. */
export function TokenForm ({ isRefused, onToken }) {
  const input = useRef(null)
  useEffect(() => input.current.focus(), [])
  const submit = event => {
    event.preventDefault()
    const token = input.current.value.trim()
    if (token !== '') onToken(token)
  }
  return html`
    <form class="card token" onSubmit=${submit}>
      <h2>This server wants a token</h2>
      <p>It stays in this tab until you close it.</p>
      <label for="token">Token</label>
      <input id="token" ref=${input} type="password" autocomplete="off" spellcheck="false" required
        aria-invalid=${isRefused} aria-describedby=${isRefused ? 'token-refused' : null} />
      ${isRefused && html`<p id="token-refused" class="problem" role="alert">The server does not accept this token.</p>`}
      <button class="primary">Go on</button>
    </form>`
}
