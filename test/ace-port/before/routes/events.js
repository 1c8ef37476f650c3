'use strict'

module.exports = (app, addon) => {
  // Whoever edits an issue leaves a trace in the notes of the site.
  addon.on('jira:issue_updated', async (event, body, req) => {
    const { clientKey } = req.context
    const trace = { event, issueKey: body.issue.key }
    await addon.settings.set('last-change', trace, clientKey)
  })

  addon.on('host_settings_saved', (clientKey) => {
    addon.logger.info(`Installed on ${clientKey}`)
  })

  app.post('/uninstalled', addon.authenticateInstall(), async (req, res) => {
    await addon.settings.del('notes', req.context.clientKey)
    res.status(204).send()
  })
}
