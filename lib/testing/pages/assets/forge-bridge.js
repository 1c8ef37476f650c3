// What @forge/bridge is in life: a front end of the app imports it and calls its backend through the host's page.
// Security: it answers only to window.parent, and after the greeting only to the origin that greeted back.

const MARK = 'simulated-host'
const framed = window.parent !== window
const waiting = []
const answers = new Map()
let hostOrigin = null
let lastId = 0

// How Forge marks its frames.
if (framed) globalThis.__bridge ??= {}

function post(message) {
  if (hostOrigin === null) waiting.push(message)
  else window.parent.postMessage({ mark: MARK, ...message }, hostOrigin)
}

/** Asks the host for one thing; a promise for its answer. */
function call(method, ...args) {
  if (!framed) return Promise.reject(new Error('The bridge works only inside a frame of the host.'))
  lastId += 1
  const id = lastId
  return new Promise((resolve, reject) => {
    answers.set(id, { resolve, reject })
    post({ id, method, args })
  })
}

window.addEventListener('message', (event) => {
  const message = event.data
  if (event.source !== window.parent || message?.mark !== MARK) return
  if (message.welcome && hostOrigin === null) {
    hostOrigin = event.origin
    for (const early of waiting.splice(0)) post(early)
    return
  }
  const waitingCall = event.origin === hostOrigin ? answers.get(message.id) : undefined
  if (waitingCall === undefined) return
  answers.delete(message.id)
  if (message.ok) waitingCall.resolve(message.value)
  else waitingCall.reject(new Error(message.error))
})

function watchHeight() {
  let last = 0
  new ResizeObserver(() => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height)
    if (height !== last) call('resize', '100%', String(height)).catch(() => {})
    last = height
  }).observe(document.documentElement)
}

if (framed) {
  window.parent.postMessage({ mark: MARK, hello: true }, '*')
  watchHeight()
}

/** Calls the backend through the host: resolves with `{ status, headers, body }`. */
export function invokeRemote({ path, method, headers, body }) {
  return call('forgeInvoke', { path, method, headers, body })
}

/** Calls the backend as a request of the browser: resolves with a `Response`. */
export async function requestRemote(_remoteKey, { path, method, headers, body }) {
  const answer = await call('forgeRequest', { path, method, headers, body })
  const empty = [204, 205, 304].includes(answer.status)
  return new Response(empty ? null : answer.body, { status: answer.status, headers: answer.headers })
}

export const view = {
  /** What the page is about. Nothing here is proven: the backend believes the invocation token only. */
  getContext: () => call('forgeContext')
}
