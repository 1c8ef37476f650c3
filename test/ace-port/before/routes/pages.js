'use strict'
const createNotes = require('../notes')

module.exports = (app, addon) => {
  const notes = createNotes(addon)

  app.get('/notes', addon.authenticate(), async (req, res) => {
    const list = await notes.list(req.context.clientKey)
    addon
      .httpClient(req)
      .asUserByAccountId(req.context.userAccountId)
      .get({ url: '/rest/api/3/myself', json: true }, (err, response, me) => {
        if (err || response.statusCode !== 200) return res.status(502).send('Jira does not say who you are')
        res.render('notes', { reader: me.displayName, notes: list, count: list.length })
      })
  })

  app.get('/issue-notes', addon.authenticate(), async (req, res) => {
    const issueKey = req.query.issueKey
    const list = (await notes.list(req.context.clientKey)).filter((note) => note.issueKey === issueKey)
    res.render('issue-notes', { issueKey, notes: list, count: list.length })
  })

  app.get('/settings', [addon.authenticate(), addon.authorizeJira({ global: ['ADMINISTER'] })], async (req, res) => {
    const info = await addon.loadClientInfo(req.context.clientKey)
    res.render('settings', { site: info.baseUrl, product: info.productType })
  })
}
