import { connect, type Socket } from 'node:net'

/** One measurement, handed over by the parent process. */
export interface LoadOrder {
  readonly port: number
  readonly seconds: number
  readonly connections: number
  /** Whole HTTP requests; sent in turn, each connection waiting for its answer. Missing = those of the last order. */
  readonly requests?: readonly string[]
}

export interface LoadResult {
  readonly answers: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answers that were not 200, by status. Anything here makes the measurement worthless. */
  readonly refused: Readonly<Record<string, number>>
}

let requests: readonly Buffer[] = []

process.on('message', (order: LoadOrder) => {
  if (order.requests !== undefined) requests = order.requests.map((text) => Buffer.from(text, 'latin1'))
  measure(order).then(
    (result) => process.send?.(result),
    (error: Error) => process.send?.({ error: error.message })
  )
})
process.once('disconnect', () => process.exit(0))

async function measure({ port, seconds, connections }: LoadOrder): Promise<LoadResult> {
  const refused: Record<string, number> = {}
  const latencies: number[] = []
  let next = Math.floor(Math.random() * requests.length)
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000

  const finished = Array.from({ length: connections }, () =>
    drive(port, (socket) => {
      let sentAt = performance.now()
      const send = () => {
        sentAt = performance.now()
        next = (next + 1) % requests.length
        socket.write(requests[next] ?? '')
      }
      send()
      return (status: number) => {
        const now = performance.now()
        latencies.push(now - sentAt)
        if (status !== 200) refused[status] = (refused[status] ?? 0) + 1
        if (now >= endsAt) socket.end()
        else send()
      }
    })
  )
  await Promise.all(finished)
  const elapsed = (performance.now() - startedAt) / 1000
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { answers: sorted.length, seconds: elapsed, p50Ms: at(0.5), p99Ms: at(0.99), refused }
}

/** Keeps one connection busy until it is ended. `begin` gives what is called with the status of each answer. */
function drive(port: number, begin: (socket: Socket) => (status: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let answered: (status: number) => void = () => {}
    let held = ''
    socket.setEncoding('latin1')
    socket.once('connect', () => {
      answered = begin(socket)
    })
    socket.on('data', (chunk: string) => {
      held += chunk
      const length = lengthOfAnswer(held)
      if (length === null || held.length < length) return
      const status = Number(held.slice(9, 12))
      held = held.slice(length)
      answered(status)
    })
    socket.once('error', reject)
    socket.once('close', () => resolve())
  })
}

/** Bytes of the answer at the start of the text; `null` while its head is not complete. */
function lengthOfAnswer(text: string): number | null {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return null
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2))
  if (length === null) throw new Error(`an answer without a length: ${text.slice(0, 60)}`)
  return head + 4 + Number(length[1])
}
