import { incidents } from './incidents.js'

/** The incidents, as docs/incidents.md lists them. */
export function incidentTable(): string {
  const rows = incidents.map(({ name, source, code, cure, shut }) =>
    ['', name, source ?? '', `\`${code}\``, cure ? 'yes' : '', shut ? 'yes' : '', ''].join(' | ').trim(),
  )
  const causes = new Set(incidents.map(({ code }) => code))
  return [
    `${incidents.length} incidents, of ${causes.size} causes.`,
    '',
    '| what is wrong | told of in | cause | cure done as worded | shown to open nothing else |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
