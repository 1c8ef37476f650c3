'use strict'
const { createRequire, isBuiltin, registerHooks } = require('node:module')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')

/** Loaded before the app on ACE. Its packages are those of the folder where ACE is installed for the tests. */
const before = pathToFileURL(join(__dirname, '../before/')).href
const besideAce = createRequire(join(__dirname, '../../ace/package.json'))
registerHooks({
  resolve(specifier, context, next) {
    const isPackage = /^[@a-z][^:]*$/i.test(specifier) && !isBuiltin(specifier)
    if (!isPackage || !context.parentURL?.startsWith(before)) return next(specifier, context)
    return { url: pathToFileURL(besideAce.resolve(specifier)).href, shortCircuit: true }
  }
})

/** ACE knows Atlassian's authorization server by heart, and a test must not leave this machine. */
const OAuth2 = require('atlassian-connect-express/lib/internal/oauth2')
OAuth2.prototype.getAuthorizationServer = () => process.env.SIMULATED_AUTHORIZATION_SERVER

process.on('disconnect', () => process.exit(0))
