import { callWithSession } from './api.js'

const status = document.getElementById('removed')

// Everybody sees the button; whether it does something, the app decides by what Jira says about the user.
document.getElementById('remove-done')?.addEventListener('click', async () => {
  try {
    const { removed } = await callWithSession('/api/project/done', { method: 'DELETE' })
    status.textContent = removed === 1 ? '1 item was removed.' : `${removed} items were removed.`
  } catch (error) {
    status.textContent = error.message
  }
})
