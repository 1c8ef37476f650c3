export const signUsage = `Usage: fastify-atlassian sign PATH [options]

  PATH                  path and query below the base URL of the app, such as "/panel?issue=TEA-1"

  --kind KIND           page (default; the token is in the address), webhook, context, forge; with --tenant also rest,
                        a call of the app to the site, where PATH is below the base URL of the site
  --method METHOD       default GET, for webhook and forge POST
  --user NAME           who acts: a name or an account id, "anonymous" for nobody; default: whom the host shows
  --curl                prints a command for the shell
  --send                sends it, and prints status and body; ends with 3 if the answer is no success
  --body TEXT           the body that is sent; @FILE reads it from a file
  --json                the request, or with --send the answer, as one JSON object

The site signs it that runs in the simulated host of "fastify-atlassian dev", for an app on this machine:
  --host URL            of the simulated host; default http://127.0.0.1:3001
  --site NAME           name or product of the site; default: the first one that has the app
  --app URL             where the app listens; it is installed there first if it has to be

Or the secret of a real site signs it, which is told in an audit line on standard error:
  --tenant NAME         id, clientKey or base URL of the tenant
  --yes                 says that this is meant
  --database DATABASE   the app's database: sqlite:file, postgres://... or mysql://...
  --app-key KEY         the key of the descriptor
  --key-file ID=FILE    a key of the database: 32 bytes or their base64 text; may be repeated
  --base-url URL        the public address of the app
  --audit-file FILE     the audit line is written there too
  --table-prefix TEXT   as in the options of the app
  --schema NAME         as in the options of the app

What is printed opens the app until the token ends, after 3 to 15 minutes: treat it like a password.
`
