// The one way to the simulator's own endpoints. The header is what an app's page in a frame cannot send across origins.

/** POSTs JSON to /sim/api/{name}; resolves with the parsed answer, rejects with its `message`. */
export async function post(name, body = {}) {
  const response = await fetch(`/sim/api/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-simulator-control': '1' },
    body: JSON.stringify(body)
  })
  return read(response)
}

/** GETs JSON from /sim/api/{name}. */
export async function get(name) {
  return read(await fetch(`/sim/api/${name}`, { headers: { 'x-simulator-control': '1' } }))
}

async function read(response) {
  const answer = await response.json().catch(() => ({ message: `the simulator answered ${response.status}` }))
  if (!response.ok) throw new Error(answer.message ?? `the simulator answered ${response.status}`)
  return answer
}
