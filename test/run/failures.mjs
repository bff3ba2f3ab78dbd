// What failed in a run of `npm test`, told again at its end: whoever sees only the last lines of a long log sees it too.
const mostFailures = 20
const mostLines = 12

/**
 * @param project vitest's project
 * @param report of vitest's JSON reporter
 * @param root the package's folder
 * @returns of each failed test, and each file that did not load: its place, its name and the first lines of its message
 */
export function failuresOf(project, report, root) {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = `${project} ${name.replace(`${root}/`, '')}`
    const failed = assertionResults.filter((test) => test.status === 'failed')
    if (failed.length === 0) return status === 'failed' ? [failure(file, [message])] : []
    return failed.map((test) => failure(`${file}: ${test.fullName}`, test.failureMessages))
  })
}

/** @returns lines to print, at most for the first 20 failures */
export function failureLines(failures) {
  if (failures.length === 0) return []
  const more = failures.length - mostFailures
  return [
    `failed (${failures.length}):`,
    ...failures
      .slice(0, mostFailures)
      .flatMap(({ where, message }) => [`  ${where}`, ...message.map((line) => `      ${line}`)]),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

function failure(where, messages) {
  return { where, message: messages.join('\n').trimEnd().split('\n').slice(0, mostLines) }
}
