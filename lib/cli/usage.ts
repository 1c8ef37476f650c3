export const usage = `Usage: fastify-atlassian <command> [options]

Commands:
  descriptor check  tells every problem of a Connect descriptor, with its place
  descriptor print  shows the descriptor with its placeholders filled in
  dev               runs the app beside a simulated host, or on real sites, and starts it again when it changes
  doctor            looks at everything an app needs to run, and at the way to it
  explain           tells what a token says, which policies would pass it, and where its hash differs
  import-ace        copies the tenants of an app that ran on atlassian-connect-express
  manifest          makes a Forge manifest from the Connect descriptor, or checks one
  migrate status    tells which migrations the database has and lacks
  migrate latest    brings the tables of this package up to date
  new               makes an app: sources, tests and files for a server
  purge             removes tenants whose last installation ended long ago
  reencrypt         writes every stored secret anew with the newest key
  replay            delivers recorded webhooks and events of Forge to an app
  sign              makes a request as the host signs it, to print or to send

  fastify-atlassian <command> --help tells its options, --version the version. An address of a database may be given
  as env:NAME, the name of an environment variable, so that its password is not seen in the list of processes.

Exit codes: 0 done, 1 failed, 2 wrong options, 3 done but something is left to look at.
`

const databaseOptions = `  --table-prefix TEXT   as in the options of the app
  --schema NAME         as in the options of the app
  --json                the result as one JSON object
`

export const importUsage = `Usage: fastify-atlassian import-ace --from ACE --to DATABASE --app-key KEY [options]

  --from ACE            ACE's database: sqlite:file, postgres://..., mysql://..., redis://..., or a file of rows
                        that ends in .jsonl, as for MongoDB and DynamoDB (--ace is the same option)
  --table NAME          ACE's settings table, if it is not AddonSettings
  --to DATABASE         the database of the new app; its tables have to be there (migrate latest)
  --app-key KEY         the key of the descriptor
  --key-file ID=FILE    a key for the secrets: 32 bytes or their base64 text; may be repeated, the newest first
  --allow-host HOST     a site that may be imported; may be repeated; default *.atlassian.net and *.jira.com
  --dry-run             only reads, checks and counts; --to may be left out
${databaseOptions}
It can be repeated at any time. It ends with 3 if a tenant was refused.
`

export const migrateUsage = `Usage: fastify-atlassian migrate status|latest --database DATABASE [options]

  --database DATABASE   sqlite:file, postgres://... or mysql://...
${databaseOptions}
"status" ends with 3 if migrations are missing, or if the database is newer than this package.
`

export const purgeUsage = `Usage: fastify-atlassian purge --database DATABASE --app-key KEY --older-than-days DAYS --key-file ID=FILE [options]

  --database DATABASE     sqlite:file, postgres://... or mysql://...
  --app-key KEY           the key of the descriptor; other apps in the database are left alone
  --older-than-days DAYS  how long ago the last installation must have ended: the retentionDays of the app
  --key-file ID=FILE      a key: 32 bytes or their base64 text; may be repeated
  --limit NUMBER          tenants removed at most, 1 to 1000; default 100
  --dry-run               only tells which tenants would be removed
  --without-hooks         needed to remove: the app's handlers of "beforePurge" and "purged" do not run from here, so
                          that rows without a foreign key to the tenant, and files, stay behind
${databaseOptions}
Tenants, installations, deliveries, settings, and rows of the app that refer to the tenant with "on delete cascade" are
gone for good. It ends with 3 if a tenant was kept, or if there may be more.
`

export const reencryptUsage = `Usage: fastify-atlassian reencrypt --database DATABASE --key-file ID=FILE [options]

  --database DATABASE   sqlite:file, postgres://... or mysql://...
  --key-file ID=FILE    a key: 32 bytes or their base64 text; may be repeated, the newest first
  --accept-plaintext    also encrypts secrets that are stored as plain text; without it they end the command
${databaseOptions}
The app may serve meanwhile. Once every row was met, plain text is refused in this database.
`

export const manifestUsage = `Usage: fastify-atlassian manifest --descriptor FILE [options]
       fastify-atlassian manifest --check MANIFEST [--descriptor FILE] [--routes FILE] [options]

  --descriptor FILE     the Connect descriptor (JSON, comments are allowed)
  --base-url URL        what {{localBaseUrl}} in it stands for; also the address of a descriptor without one
  --app-key KEY         what {{appKey}} in it stands for
  --app-id ID           the id that "forge register" gave
  --product NAME        jira or confluence; may be repeated; default: those whose modules the descriptor has
  --scope NAME          an OAuth scope for calls with tokens of Forge; may be repeated
  --impersonation-scope NAME
                        one of them that is used for users who are not there; may be repeated
  --user-token          calls of front ends carry a token of their user
  --data-residency-path PATH
                        where the app serves the data-residency hooks of Forge
  --routes FILE         what app.atlassian.routes() gives, as JSON
  --mount-path PATH     the path of the base URL in the routes, for --check
  --check MANIFEST      a manifest.yml (needs the package "yaml") or .json to look at; nothing is written
  --out FILE            where the manifest is written; default: standard output
  --force               replaces a file that is there
  --json                the result as JSON

The report of what is left to do by hand comes on standard error. --check ends with 3 if it found something.
`
