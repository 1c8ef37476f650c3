'use strict'
const { DatabaseSync } = require('node:sqlite')

/**
 * As much of the package sqlite3 as Sequelize uses, on the SQLite that Node brings along: the package itself has to be
 * compiled or downloaded when it is installed.
 */
class Database {
  #database

  constructor(filename, _mode, opened) {
    this.filename = filename
    this.#database = new DatabaseSync(filename)
    this.#database.exec('PRAGMA busy_timeout = 5000')
    setImmediate(opened, null)
  }

  serialize(work) {
    work()
  }

  exec(sql, done) {
    this.#settle(done, () => {
      this.#database.exec(sql)
      return { self: {} }
    })
  }

  run(sql, parameters, done) {
    this.#settle(done, () => {
      const { lastInsertRowid, changes } = this.#prepared(sql, parameters, 'run')
      return { self: { lastID: Number(lastInsertRowid), changes: Number(changes) } }
    })
  }

  all(sql, parameters, done) {
    const [values, then] = typeof parameters === 'function' ? [[], parameters] : [parameters, done]
    this.#settle(then, () => ({ self: {}, rows: this.#prepared(sql, values, 'all').map((row) => ({ ...row })) }))
  }

  close(done) {
    this.#settle(done, () => {
      this.#database.close()
      return { self: {} }
    })
  }

  #prepared(sql, parameters, method) {
    const statement = this.#database.prepare(sql)
    // Sequelize names every value of a statement, also those that it wrote into the text.
    statement.setAllowUnknownNamedParameters(true)
    return Array.isArray(parameters) || !parameters
      ? statement[method](...(parameters ?? []))
      : statement[method](parameters)
  }

  #settle(done, work) {
    let outcome
    try {
      outcome = work()
    } catch (error) {
      outcome = { self: {}, error }
    }
    setImmediate(() => done?.call(outcome.self, outcome.error ?? null, outcome.rows))
  }
}

module.exports = { Database, OPEN_READWRITE: 2, OPEN_CREATE: 4, verbose: () => module.exports }
