const options = `  --base-url URL        what {{localBaseUrl}} in it stands for; also the address of a descriptor without one
  --app-key KEY         what {{appKey}} in it stands for
  --environment NAME    what {{environment}} in it stands for
  --product NAME        jira, confluence (default: the rules of these two) or bitbucket
`

export const checkUsage = `Usage: fastify-atlassian descriptor check FILE [options]

  FILE                  the Connect descriptor (JSON, comments are allowed)
${options}  --json                the problems as one JSON object

Every problem is told with its path in the descriptor. Without --base-url the address https://app.example.com stands
in. It ends with 1 if the host would refuse the descriptor or something in it cannot work, and with 3 if
there are warnings only.
`

export const printUsage = `Usage: fastify-atlassian descriptor print FILE [options]

  FILE                  the Connect descriptor (JSON, comments are allowed)
${options}
The descriptor as the app would serve it, with what it leaves out filled in, unless the app changes it in code. It is
not checked.
`

export const descriptorUsage = `Usage: fastify-atlassian descriptor check|print FILE [options]

  check FILE            tells every problem with its place
  print FILE            shows it with its placeholders filled in

"descriptor check --help" and "descriptor print --help" tell the options.
`
