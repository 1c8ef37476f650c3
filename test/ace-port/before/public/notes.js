const token = document.querySelector('meta[name=token]').content
async function addNote(text, issueKey) {
  const headers = { authorization: `JWT ${token}`, 'content-type': 'application/json' }
  await fetch('/api/notes', { method: 'POST', headers, body: JSON.stringify({ text, issueKey }) })
}
addEventListener('submit', (event) => addNote(event.target.text.value, event.target.dataset.issue))
