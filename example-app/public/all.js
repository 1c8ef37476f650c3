import { callWithContext } from './api.js'
import './go.js'

// This page came without a token and is the same for everybody; only now the host says who looks at it.
const status = document.getElementById('status')
const rows = document.getElementById('rows')

try {
  const { checklists } = await callWithContext('/api/checklists')
  for (const checklist of checklists) rows.append(newRow(checklist))
  rows.closest('table').hidden = checklists.length === 0
  const open = checklists.filter(({ done, total }) => done < total).length
  status.textContent =
    checklists.length === 0
      ? 'There is no checklist that you may see. Open an issue or a page and add the first item.'
      : `${open} of ${checklists.length} still open`
} catch (error) {
  status.textContent = error.message
}

function newRow({ subject, label, title, done, total }) {
  const row = document.createElement('tr')
  const link = document.createElement('button')
  link.type = 'button'
  link.className = 'link'
  link.textContent = label || title
  if (label) link.dataset.issue = label
  else link.dataset.page = subject
  const bar = document.createElement('progress')
  bar.value = done
  bar.max = total
  bar.setAttribute('aria-label', label || title)
  row.insertCell().append(link, label ? ` ${title}` : '')
  row.insertCell().append(bar, ` ${done} of ${total}`)
  return row
}
