'use strict'
const createNotes = require('../notes')

module.exports = (app, addon) => {
  const notes = createNotes(addon)

  app.get('/health', (_req, res) => {
    res.json({ ok: true })
  })

  app.post('/api/notes', addon.checkValidToken(), async (req, res) => {
    if (!req.body.text) return res.status(400).json({ message: 'A note needs a text' })
    const { clientKey, userAccountId } = req.context
    const note = { text: req.body.text, issueKey: req.body.issueKey, author: userAccountId }
    res.status(201).json({ count: (await notes.add(clientKey, note)).length })
  })

  // The page sends a file; it becomes an attachment of the issue.
  app.post('/api/issues/:issueKey/files', addon.authenticate(true), (req, res) => {
    addon.httpClient(req).post(
      {
        url: `/rest/api/3/issue/${req.params.issueKey}/attachments`,
        headers: { 'X-Atlassian-Token': 'no-check' },
        multipartFormData: { file: [Buffer.from(req.body), { filename: 'notes.csv', contentType: 'text/csv' }] },
        json: true
      },
      (err, response, body) => {
        if (err) return res.status(502).json({ message: 'Jira cannot be reached' })
        if (response.statusCode !== 200) return res.status(502).json({ message: `Jira said ${response.statusCode}` })
        res.json({ file: body[0].filename, size: body[0].size })
      }
    )
  })
}
