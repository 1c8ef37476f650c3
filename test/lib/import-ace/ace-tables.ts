import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import type { Test } from 'tap'

export const APP = 'ace-app'

/** An empty folder that goes with the test. */
export function newFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'atl-ace-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A SQLite file with the tables as ACE's Sequelize makes them, and a hand to write rows. */
export function aceFile(t: Test, table = 'AddonSettings') {
  const path = join(newFolder(t), 'ace.sqlite')
  const file = new BetterSqlite(path)
  t.teardown(() => file.close())
  file.exec(`
    CREATE TABLE \`${table}\` (\`id\` INTEGER PRIMARY KEY AUTOINCREMENT, \`clientKey\` VARCHAR(255), \`key\` VARCHAR(255), \`val\` JSON);
    CREATE TABLE \`InstallationClientKeys\` (\`id\` INTEGER PRIMARY KEY AUTOINCREMENT, \`installationId\` VARCHAR(255) NOT NULL, \`clientKey\` VARCHAR(255) NOT NULL);
    CREATE TABLE \`ForgeSettings\` (\`id\` INTEGER PRIMARY KEY AUTOINCREMENT, \`installationId\` VARCHAR(255) NOT NULL, \`key\` VARCHAR(255) NOT NULL, \`val\` JSON NOT NULL);
  `)
  const row = file.prepare(`insert into \`${table}\` (clientKey, key, val) values (?, ?, ?)`)
  return {
    path,
    url: `sqlite:${path}`,
    exec: (statements: string): void => void file.exec(statements),
    journalMode: (): unknown => file.pragma('journal_mode'),
    /** A row with the JSON text of the value, or with the text as it is. */
    row: (clientKey: string | null, key: string | null, value: unknown) =>
      row.run(clientKey, key, typeof value === 'string' ? value : JSON.stringify(value)),
    installed: (clientKey: string, members: object = {}) =>
      row.run(clientKey, 'clientInfo', JSON.stringify(clientInfo(clientKey, members))),
    changed: (clientKey: string, members: object) =>
      file
        .prepare(`update \`${table}\` set val = ? where clientKey = ?`)
        .run(JSON.stringify(clientInfo(clientKey, members)), clientKey),
    link: (installationId: string, clientKey: string) =>
      file
        .prepare('insert into InstallationClientKeys (installationId, clientKey) values (?, ?)')
        .run(installationId, clientKey)
  }
}

/** The body of an `installed` call as ACE kept it. */
export function clientInfo(clientKey: string, members: object = {}): object {
  return {
    key: APP,
    clientKey,
    publicKey: 'MIGf',
    sharedSecret: secretOf(clientKey),
    serverVersion: '100215',
    pluginsVersion: '1001.0.0',
    baseUrl: `https://${clientKey}.atlassian.net`,
    displayUrl: `https://${clientKey}.atlassian.net`,
    productType: 'jira',
    description: 'Jira',
    eventType: 'installed',
    ...members
  }
}

export function secretOf(clientKey: string, generation = 1): string {
  return `SECRET-${clientKey}-${generation}-`.padEnd(80, 'x')
}
