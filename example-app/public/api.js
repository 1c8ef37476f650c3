// How the script of a page proves who asks. There are two ways, and this example uses both.

const app = new URL('..', import.meta.url)

/** 1. A context token: the host makes one for each call. It is the only way for a page that came without a token. */
export async function callWithContext(path, options) {
  return read(await send(path, options, await AP.context.getToken()))
}

/** 2. A session token: it came with the page, so the call needs no word from the host. */
let session = document.querySelector('meta[name="session-token"]')?.content

export async function callWithSession(path, options) {
  const response = await send(path, options, session)
  if (response.status !== 401) return read(response)
  // It ends after 15 minutes, and at once when the host changes its secret. The host vouches for the user again.
  const fresh = await callWithContext('atlassian/session', { method: 'POST' })
  session = fresh.token
  return read(await send(path, options, session))
}

function send(path, { method = 'GET', body } = {}, token) {
  const headers = { accept: 'application/json', authorization: `JWT ${token}` }
  const isFile = body instanceof Blob
  if (body !== undefined) headers['content-type'] = isFile ? 'application/octet-stream' : 'application/json'
  return fetch(new URL(path, app), { method, headers, body: isFile ? body : JSON.stringify(body) })
}

async function read(response) {
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.message)
  return answer
}
