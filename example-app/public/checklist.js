import { callWithSession, sendFile } from './api.js'

const list = document.getElementById('items')
const form = document.getElementById('add')
const status = document.getElementById('status')
const rows = new Map()

/** Calls the app, draws what it answers, and says what happened for those who do not see it. */
async function change(options, said, path = '/api/items') {
  try {
    const { items } = await callWithSession(path, options)
    draw(items)
    status.textContent = said ?? ''
    status.classList.toggle('sr-only', true)
  } catch (error) {
    status.textContent = error.message
    status.classList.toggle('sr-only', false)
  }
}

/** Rows that stay are not touched, so that the focus stays too. */
function draw(items) {
  for (const [id, row] of rows) {
    if (items.some((item) => item.id === id)) continue
    row.remove()
    rows.delete(id)
  }
  for (const item of items) {
    if (!rows.has(item.id)) {
      rows.set(item.id, newRow(item))
      list.append(rows.get(item.id))
    }
    rows.get(item.id).querySelector('input').checked = item.done
  }
  const done = items.filter((item) => item.done).length
  document.getElementById('progress').textContent =
    items.length === 0 ? 'Nothing yet' : `${done} of ${items.length} done`
  Object.assign(document.getElementById('bar'), { max: Math.max(1, items.length), value: done })
}

function newRow({ id, text }) {
  const row = document.createElement('li')
  const label = document.createElement('label')
  const box = document.createElement('input')
  const words = document.createElement('span')
  box.type = 'checkbox'
  box.disabled = form === null
  words.textContent = text
  label.append(box, words)
  row.append(label)
  box.addEventListener('change', async () => {
    const wanted = box.checked
    await change(
      { method: 'PATCH', json: { done: wanted } },
      wanted ? `Done: ${text}` : `Open: ${text}`,
      `/api/items/${id}`
    )
  })
  if (form !== null) row.append(removeButton(row, id, text))
  return row
}

function removeButton(row, id, text) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'remove'
  button.setAttribute('aria-label', `Remove ${text}`)
  button.textContent = '×'
  button.addEventListener('click', async () => {
    const next = row.nextElementSibling ?? row.previousElementSibling
    await change({ method: 'DELETE' }, `Removed: ${text}`, `/api/items/${id}`)
    if (!row.isConnected) (next?.querySelector('.remove') ?? form.elements.text).focus()
  })
  return button
}

form?.addEventListener('submit', async (event) => {
  event.preventDefault()
  const { text } = form.elements
  await change({ method: 'POST', json: { texts: [text.value] } }, `Added: ${text.value}`)
  form.reset()
  text.focus()
})

// The file goes to Jira through the app, which acts as the user who looks at this page.
document.getElementById('file')?.addEventListener('change', async ({ target }) => {
  const [file] = target.files
  if (file === undefined) return
  status.classList.remove('sr-only')
  status.textContent = `Attaching ${file.name}`
  try {
    await sendFile(`api/files?name=${encodeURIComponent(file.name)}`, file)
    status.textContent = `Attached: ${file.name}`
  } catch (error) {
    status.textContent = error.message
  }
  target.value = ''
})

document.getElementById('several')?.addEventListener('click', () => {
  AP.dialog.create({ key: 'add-several', header: 'Add several items', size: 'small', chrome: false })
})
// The dialog is another frame of this app: it tells us when it has added something. Only Connect has it.
globalThis.AP?.events.on('checklist-changed', () => change({}, 'Items were added'))

change({})
