export const explainUsage = `Usage: fastify-atlassian explain TOKEN|URL|- [options]

  TOKEN                 a JSON Web Token, also with "JWT ", "Bearer " or "Authorization: " before it
  URL                   an address with the token in its parameter "jwt"
  -                     reads either from standard input, so that no token stands in the history of the shell;
                        env:NAME reads it from a variable

  --method METHOD       of the request that the token came with; default GET, with --url and a header POST
  --url URL             of that request, where the token came in a header; path and query as the app received them
  --base-url URL        of the app: its path is not part of the hash; may be repeated
  --app-key KEY         the key of the descriptor
  --forge-app-id ID     the id of the Forge app
  --json                the explanation as one JSON object

To check the signature of a token that a site signed with its shared secret, one of:
  --secret env:NAME     the shared secret, from a variable or with file:PATH from a file
  --database DATABASE   the app's database: sqlite:file, postgres://... or mysql://...; needs --app-key
  --key-file ID=FILE    a key of that database: 32 bytes or their base64 text; may be repeated
  --tenant NAME         id, clientKey or base URL of the tenant; default: whom the token names
  --table-prefix TEXT   as in the options of the app
  --schema NAME         as in the options of the app

It tells what the token is, its claims, which policies would let it in and why the others would not, by the default
times of the options. If its hash is of another request, the small differences are tried that proxies and signing code
are known for. The token and its signature are never printed. It ends with 3 if no policy but "none" would let it in.
`
