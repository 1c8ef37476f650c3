import { compileAllowedHosts } from 'fastify-atlassian/core'
import t from 'tap'
import { compileCors, varyByOrigin } from '../../lib/cors.ts'

const hosts = compileAllowedHosts(['*.atlassian.net'])

t.test('in production a list holds https addresses elsewhere only', async (t) => {
  for (const entry of ['http://front.example.com', 'localhost:3000', 'https://127.0.0.1:1']) {
    t.throws(() => compileCors([entry], 'cors', hosts, true), { code: 'ATL_OPTION' }, entry)
    t.doesNotThrow(() => compileCors([entry], 'cors', hosts, false), entry)
  }
  t.ok(compileCors(['http://localhost:3000'], 'cors', hosts, false).allows('http://localhost:3000'))
  t.ok(compileCors(['*.example.com'], 'cors', hosts, true).allows('https://one.example.com'))
})

t.test('Vary is completed and never repeated', async (t) => {
  t.equal(varyByOrigin(undefined), 'Origin')
  t.equal(varyByOrigin('accept'), 'accept, Origin')
  t.equal(varyByOrigin(['accept', 'cookie']), 'accept, cookie, Origin')
  for (const present of ['*', 'origin', 'accept, Origin', 'Origin,accept']) t.equal(varyByOrigin(present), present)
})
