import { callWithContext } from './api.js'

const form = document.getElementById('add')
const status = document.getElementById('status')

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const lines = form.elements.texts.value.split('\n').map((line) => line.trim())
  try {
    await callWithContext('/api/items', { method: 'POST', json: { texts: lines.filter((line) => line !== '') } })
    AP.events.emit('checklist-changed')
    AP.dialog.close()
  } catch (error) {
    status.textContent = error.message
  }
})

document.getElementById('cancel').addEventListener('click', () => AP.dialog.close())
form.elements.texts.focus()
