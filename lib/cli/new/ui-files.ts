import { BRIDGE, type Choice, CLIENT, hasConnect, hasForge, lines, type NewFile } from './choice.ts'

/** The page for people. One script serves the frame of Connect and the front end of Forge. */
export function uiFiles(choice: Choice): NewFile[] {
  if (!choice.frontEnd) return []
  return [
    { path: 'ui/panel.js', text: script(choice) },
    { path: 'ui/style.css', text: style },
    ...(hasForge(choice) ? [{ path: 'ui/index.html', text: forgePage }] : []),
    ...(hasConnect(choice) ? [{ path: 'views/panel.hbs', text: connectPage }] : [])
  ]
}

function script(choice: Choice): string {
  const options = [
    ...(hasConnect(choice)
      ? ['session: { token: document.querySelector(\'meta[name="session-token"]\')?.content }']
      : []),
    ...(hasForge(choice) ? [`forge: () => import('${BRIDGE}')`] : [])
  ]
  return lines(
    `import { createClient } from '${CLIENT}'`,
    '',
    `const backend = createClient({ ${options.join(', ')} })`,
    "const form = document.querySelector('form')",
    "const text = document.querySelector('textarea')",
    "const status = document.querySelector('[role=status]')",
    '',
    '/** Calls the backend, shows the note that it answers, and says what happened. */',
    'async function exchange(options, said) {',
    '  try {',
    "    const answer = await backend.request('/api/note', options)",
    '    const body = await answer.json()',
    "    if (!answer.ok) throw new Error(body.message ?? 'Something went wrong.')",
    '    text.value = body.text',
    '    status.textContent = said',
    '  } catch (error) {',
    '    status.textContent = error.message',
    '  }',
    '}',
    '',
    "form.addEventListener('submit', (event) => {",
    '  event.preventDefault()',
    "  exchange({ method: 'PUT', json: { text: text.value } }, 'Saved')",
    '})',
    "exchange({}, 'Ready')"
  )
}

const fields = [
  '    <form>',
  '      <label for="note">Note</label>',
  '      <textarea id="note" rows="4" maxlength="2000"></textarea>',
  '      <button>Save</button>',
  '      <span role="status">Loading</span>',
  '    </form>'
]

const forgePage = lines(
  '<!doctype html>',
  '<html lang="en">',
  '  <head>',
  '    <meta charset="utf-8">',
  '    <title>Notes</title>',
  '    <link rel="stylesheet" href="style.css">',
  '  </head>',
  '  <body>',
  fields,
  '    <script type="module" src="panel.js"></script>',
  '  </body>',
  '</html>'
)

const connectPage = lines(
  '<!doctype html>',
  '<html lang="en">',
  '  <head>',
  '    <meta charset="utf-8">',
  '    <title>Notes</title>',
  '    <meta name="session-token" content="{{token}}">',
  '    <link rel="stylesheet" href="{{localBaseUrl}}/public/style.css">',
  '    <script src="{{hostScriptUrl}}"></script>',
  '    <script type="importmap" nonce="{{nonce}}">',
  '      { "imports": { "fastify-atlassian/client": "{{localBaseUrl}}/public/client/index.js" } }',
  '    </script>',
  '  </head>',
  '  <body>',
  fields,
  '    <script type="module" src="{{localBaseUrl}}/public/panel.js"></script>',
  '  </body>',
  '</html>'
)

const style = lines(
  'body { margin: 8px; font: 14px system-ui, sans-serif; color: #172b4d; }',
  'form { display: grid; gap: 8px; justify-items: start; }',
  'textarea { box-sizing: border-box; width: 100%; font: inherit; padding: 6px; }',
  'button { font: inherit; padding: 6px 12px; }'
)
