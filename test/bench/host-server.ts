import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A host that answers every call with the same small issue: what is measured is the caller. */
const body = JSON.stringify({ id: '10001', key: 'TEA-1', fields: { summary: 'Signed calls', labels: ['bench'] } })
const headers = { 'content-type': 'application/json;charset=UTF-8', 'content-length': Buffer.byteLength(body) }

const server = createServer((request, response) => {
  request.resume()
  response.writeHead(200, headers).end(body)
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit(0))
