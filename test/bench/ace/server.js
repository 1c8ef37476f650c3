'use strict'
const ace = require('atlassian-connect-express')
const express = require('express')

/** What the bench hands over: the tenant, and whether its settings come from a Map instead of the default store. */
const { clientKey, sharedSecret, baseUrl, map } = JSON.parse(process.argv[2])
const tenant = { key: 'bench-app', clientKey, sharedSecret, baseUrl, productType: 'jira' }

async function start() {
  const app = express()
  // The default store, but quiet: printing every SQL statement is not what is measured.
  const store = { adapter: 'sequelize', type: 'memory', logging: false }
  const addon = ace(app, { config: { production: { localBaseUrl: 'https://app.example.com', store } } })
  if (map) {
    const settings = new Map([[clientKey, tenant]])
    addon.settings = { get: async (_key, name) => settings.get(name) ?? null }
  } else {
    await addon.settings.set('clientInfo', tenant, clientKey)
  }
  app.use(express.urlencoded({ extended: false }))
  app.use(express.json())
  app.get('/panel', addon.authenticate(), (_request, response) => {
    response.json({ ok: true })
  })
  const server = app.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
  process.stdin.resume().once('end', () => process.exit(0))
}

start()
