import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HostSimulator } from '../types.ts'
import type { ShownExchange, ShownLog } from './shown-log.ts'

const KEEP_ALIVE_MS = 20_000

/** One line of the live log: the rest of an exchange is fetched when somebody opens it. */
function summaryOf(exchange: ShownExchange): Record<string, unknown> {
  const { id, atMs, durationMs, direction, kind, site, line, status, verdict, opened } = exchange
  return { id, atMs, durationMs, direction, kind, site, line, status, verdict, opened }
}

/**
 * The live log and every change of state as server-sent events. Starts with what the browser has not seen yet
 * (`Last-Event-ID`) and lives until the browser goes or the server closes.
 */
export function streamEvents(
  host: HostSimulator,
  log: ShownLog,
  request: IncomingMessage,
  response: ServerResponse
): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff'
  })
  const sendExchange = (exchange: ShownExchange) => {
    response.write(`id: ${exchange.id}\nevent: exchange\ndata: ${JSON.stringify(summaryOf(exchange))}\n\n`)
  }
  const seen = Number(request.headers['last-event-id'] ?? 0) || 0
  response.write('retry: 1500\n\n')
  for (const exchange of log.list) if (exchange.id > seen) sendExchange(exchange)

  const stops = [log.listen(sendExchange), host.onStateChange(() => response.write('event: state\ndata: {}\n\n'))]
  const keepAlive = setInterval(() => response.write(': still here\n\n'), KEEP_ALIVE_MS)
  keepAlive.unref()
  response.on('close', () => {
    clearInterval(keepAlive)
    for (const stop of stops) stop()
  })
}
