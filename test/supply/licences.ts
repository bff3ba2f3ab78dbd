import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromPackage } from '../../server/package-root.js'
import { locked, nameOf, neededBy } from './lock.js'

/** Packages whose package.json names no licence, with the first line of their licence's text. */
const fromText: Record<string, { file: string; begins: RegExp; licence: string }> = {
  khroma: { file: 'license', begins: /^The MIT License/, licence: 'MIT' },
  'parse-cache-control': {
    file: 'LICENSE',
    begins: /Redistribution and use in source and binary forms/,
    licence: 'BSD-3-Clause',
  },
  'xmlhttprequest-ssl': { file: 'LICENSE', begins: /Permission is hereby granted, free of charge/, licence: 'MIT' },
}

export function licenceOf(place: string): string {
  const name = nameOf(place)
  const said = locked.get(place)!.license
  if (said !== undefined) return said
  const known = fromText[name]
  if (!known?.begins.test(readFileSync(join(fromPackage(place), known.file), 'utf8'))) return 'unknown'
  return known.licence
}

/** Three groups: what runs on the server, what is built into the pages, and the rest. */
export function licenceTables(): string {
  const server = new Set([...locked].filter(([, { dev }]) => !dev).map(([place]) => place))
  const pages = new Set([...neededBy('client')].filter((place) => !server.has(place)))
  const rest = new Set([...locked.keys()].filter((place) => !server.has(place) && !pages.has(place)))
  return [
    ...table('On the server', server),
    ...table('In the pages, built in', pages),
    ...table('To build and to test, and in nothing that runs', rest),
  ].join('\n')
}

function table(title: string, places: Set<string>): string[] {
  const licences = [...new Set([...places].map(licenceOf))]
  const rows = licences
    .map((licence) => {
      const of = [...places].filter((place) => licenceOf(place) === licence)
      return { licence, names: [...new Set(of.map(nameOf))].toSorted() }
    })
    .toSorted((a, b) => b.names.length - a.names.length || (a.licence < b.licence ? -1 : 1))
  return [
    `### ${title}`,
    '',
    '| licence | packages |',
    '|---|---|',
    ...rows.map(({ licence, names }) => `| ${licence} | ${names.length}: ${names.join(', ')} |`),
    '',
  ]
}
