export const newUsage = `Usage: fastify-atlassian new <dir> [options]

Makes an app in TypeScript, with tests, a simulated host to develop in, and files for a server. What is not said is
asked for, or with --yes and without a terminal taken from the defaults.

  --product NAME     jira (default) or confluence
  --platform NAME    connect-on-forge (default): Connect with a Forge part beside it; connect; forge
  --database NAME    sqlite (default) or postgres
  --no-front-end     leaves out the page for people
  --name TEXT        for people; default: the name of the folder
  --key KEY          the key of the descriptor, which stays for ever; default: com.example. and the name of the folder
  --start            installs the packages and starts the app in the simulated host
  --yes              asks nothing
  --package SPEC     where npm finds this package, for example a tarball; default: this version of it
  --json             what was made, as one JSON object

The folder has to be empty or not there yet. Needs no network by itself; "npm install" does.
`
