// How the script of a page reaches the app. In a Connect frame and on Forge the calls are the same.
import { createClient } from './client/index.js'

const baseUrl = new URL('..', import.meta.url).href
const token = document.querySelector('meta[name="session-token"]')?.content
// In life a bundler puts the bridge of Forge into the files that Atlassian serves; a Connect page never asks for it.
const forge = () => import('@forge/bridge')

/** 1. With a token of the host for each call: the only way for a Connect page that came without one of ours. */
const withContext = createClient({ baseUrl, forge })

/** 2. In Connect with a session token that came with the page: the call needs no word from the host. */
const withSession = createClient({ baseUrl, forge, session: { token } })

export const callWithContext = async (path, options) => read(await withContext.request(path, options))
export const callWithSession = async (path, options) => read(await withSession.request(path, options))

/** A file goes as it is, which the client does not do: Forge could not. */
export async function sendFile(path, file) {
  const headers = {
    accept: 'application/json',
    'content-type': 'application/octet-stream',
    authorization: `JWT ${await AP.context.getToken()}`
  }
  return read(await fetch(new URL(path, baseUrl), { method: 'POST', headers, body: file }))
}

async function read(response) {
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.message)
  return answer
}
