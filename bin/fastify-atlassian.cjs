#!/usr/bin/env node
'use strict'
// Plain old syntax on purpose: it has to run on the Node that is too old.
var parts = process.versions.node.split('.').map(Number)
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 18)) {
  console.error('fastify-atlassian needs Node 22.18 or newer, and this is Node ' + process.versions.node + '.')
  console.error('In a project: npm install --save-dev node@24, then npx runs that one.')
  process.exit(1)
}
require('#cli').run(process)
