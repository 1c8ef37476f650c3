export const devUsage = `Usage: fastify-atlassian dev [entry] [options]

Starts the app, starts it again when its source changes, and gives it a host to live in: a simulated Jira and
Confluence on this machine, or the real sites of credentials.json.

  entry                 the program that listens on PORT; default: "main" of package.json, else src/server, src/index,
                        server, app or index, as .ts, .mts, .js or .mjs
  --port NUMBER         where the app listens (PORT); default 3000, or the next one that is free
  --host-port NUMBER    where the simulated host listens, and its sites beside it; default 3001 and after
  --open                opens the simulated host in a browser
  --manifest FILE       the Forge manifest; default manifest.yml beside package.json, if there is one
  --resource KEY=FOLDER where the front end of a resource of the manifest is, if not at its path; may be repeated
  --json                one JSON object for each event, instead of text

Real sites:
  --tunnel NAME         ngrok or cloudflared; default ngrok if credentials.json has "ngrok"
  --public-url URL      the address at which your own tunnel or proxy reaches PORT (or AC_LOCAL_BASE_URL)
  --credentials FILE    default credentials.json beside package.json
  --register HOW        always; auto (default): not if the app is there already under the same address;
                        never: the simulated host, also with credentials.json
  --deregister HOW      auto (default): at the end from the sites on which this run registered; always: from all
  --product NAME        bitbucket: registers on the account of "bitbucket" in credentials.json

Ctrl-C ends everything that it started. It is not for production.
`
