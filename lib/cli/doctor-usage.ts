export const doctorUsage = `Usage: fastify-atlassian doctor [options]

Looks at everything an app needs, with the configuration that the app would read here; each option goes before it.

  --base-url URL        the public address of the app
  --descriptor FILE     the Connect descriptor; default atlassian-connect.json, if it is here
  --app-key KEY         what {{appKey}} in it stands for; also the app whose tenants are tried
  --environment NAME    production is strict; default NODE_ENV
  --database DATABASE   sqlite:file, postgres://... or mysql://...; it is only read
  --key-file ID=FILE    a key for the secrets: 32 bytes or their base64 text; may be repeated, the newest first
  --table-prefix TEXT   as in the options of the app
  --schema NAME         as in the options of the app
  --host URL            whose clock is compared; default https://api.atlassian.com
  --listen [HOST:]PORT  stands in the place of the stopped app, sends requests to itself through the public address, and
                        tells which of them a proxy changes so that hashes are wrong; HOST is 127.0.0.1 by default
  --timeout SECONDS     for each question; default 10
  --offline             asks nothing of the network: no clock, no address, no routes, no proxy
  --json                the findings as one JSON object

Looked at: node, options, descriptor, database, migrations, keys, clock, address, routes, proxy. The addresses of the
descriptor are asked with a token that nobody accepts. It ends with 1 if something failed, and with 3 if there are
warnings.
`
