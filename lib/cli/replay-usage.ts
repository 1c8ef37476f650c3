export const replayUsage = `Usage: fastify-atlassian replay FILE|- [options]

  FILE                  recorded webhooks and events of Forge, one JSON object a line, or a single one;
                        - reads them from standard input

  --only EVENT          delivers this event only; may be repeated
  --same-identifier     keeps the identifier of a webhook, which an app takes once only; by default it gets a new one
  --json                the deliveries as one JSON object

The site signs that runs in the simulated host of "fastify-atlassian dev", for an app on this machine:
  --host URL            of the simulated host; default http://127.0.0.1:3001
  --site NAME           name or product of the site; default: by the event, the first one that has the app
  --app URL             where the app listens; it is installed there first if it has to be
  --endpoint KEY        of events of Forge: the endpoint of the manifest that they come to; default "endpoint"

Or the secret of a real site signs webhooks, which is told in audit lines on standard error:
  --tenant NAME         id, clientKey or base URL of the tenant
  --yes                 says that this is meant
  --database DATABASE   the app's database: sqlite:file, postgres://... or mysql://...
  --app-key KEY         the key of the descriptor
  --key-file ID=FILE    a key of the database: 32 bytes or their base64 text; may be repeated
  --base-url URL        the public address of the app, where the deliveries go
  --audit-file FILE     the audit lines are written there too
  --table-prefix TEXT   as in the options of the app
  --schema NAME         as in the options of the app

It ends with 3 if the app did not take every delivery.
`
