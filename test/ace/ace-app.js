'use strict'
const ace = require('atlassian-connect-express')
const express = require('express')

/**
 * A real app on ACE, as its template makes one: it installs tenants, serves a page, and does what its parent asks of
 * its store: `{ id, calls: [[method, ...arguments], ...] }`, one after the other, with `forge:<id>` for the store of a
 * Forge installation and `row` to write a row as two installs at the same moment leave it.
 */
const { store, installKeyHost, port } = JSON.parse(process.argv[2])
const quiet = { info() {}, warn() {}, error: console.error, debug() {} }

process.chdir(__dirname)
process.env.AC_OPTS = 'no-reg'
process.env.CONNECT_KEYS_CDN_URL = installKeyHost
const app = express()
app.set('env', 'development')
const config = { development: { localBaseUrl: `http://127.0.0.1:${port}`, store: { ...store, logging: false } } }
const addon = ace(app, { config }, quiet)
app.use(express.urlencoded({ extended: false }))
app.use(express.json())
app.use(addon.middleware())
app.get('/page', addon.authenticate(), (request, response) => {
  response.json({ tenant: request.context.clientKey })
})

async function call([method, ...values]) {
  if (method === 'row') {
    const [key, val, clientKey] = values
    const table = await addon.settings.connectionPromise
    await table.create({ key, val, clientKey })
    return null
  }
  const [kind, installationId] = method.split(/:(.*)/s)
  if (kind === 'forge') return addon.settings.forForgeInstallation(installationId).set(...values)
  return addon.settings[method](...values)
}

process.on('message', async ({ id, calls }) => {
  try {
    const answers = []
    for (const one of calls) answers.push((await call(one)) ?? null)
    process.send({ id, answers })
  } catch (error) {
    process.send({ id, error: String(error) })
  }
})
process.on('disconnect', () => process.exit(0))

addonReady().then(() => app.listen(port, '127.0.0.1', () => process.send({ ready: true })))

/** Its tables are made while it starts. */
async function addonReady() {
  const { connectionPromise, installationMappingPromise, forgeSettingsPromise } = addon.settings
  await Promise.all([connectionPromise, installationMappingPromise, forgeSettingsPromise])
}
