// Before the first paint, so that a page in the dark never flashes white. `client/settings.ts` goes on from there.
try {
  const theme = JSON.parse(localStorage.getItem('vethlab.theme'))
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // As the system.
}
