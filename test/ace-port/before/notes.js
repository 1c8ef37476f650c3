'use strict'

/** Notes of a site, kept in ACE's own store. */
module.exports = (addon) => ({
  async list(clientKey) {
    return (await addon.settings.get('notes', clientKey)) || []
  },
  async add(clientKey, note) {
    const notes = [...(await this.list(clientKey)), note].slice(-addon.config.noteLimit())
    await addon.settings.set('notes', notes, clientKey)
    return notes
  }
})
