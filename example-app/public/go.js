// A frame cannot leave its place: it asks the host to go.
document.addEventListener('click', (event) => {
  const { issue, page } = event.target.dataset
  if (issue) AP.navigator.go('issue', { issueKey: issue })
  if (page) AP.navigator.go('contentview', { contentId: page })
})
