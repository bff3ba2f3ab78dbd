import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../../server/package-root.js'
import { anchorsOf, fromRoot, linksOf, pages } from './pages.js'

const all = pages()

it.each(all)('links of $path lead to files and headings that are there', (page) => {
  const dead = linksOf(page)
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#')
      const path = file === '' ? page.path : fromRoot(page.path, decodeURI(file))
      if (path.startsWith('..') || !existsSync(join(packageRoot, path))) return true
      if (anchor === undefined) return false
      const target = all.find((other) => other.path === path)
      return target === undefined || !anchorsOf(target).includes(anchor)
    })
  expect(dead).toEqual([])
})

it.each(all)('$path is reached from the README', ({ path }) => {
  const reached = new Set(['README.md'])
  for (const from of reached) {
    const page = all.find((other) => other.path === from)
    for (const link of page ? linksOf(page) : []) {
      if (!/^([a-z]+:|#)/.test(link)) reached.add(fromRoot(from, link.split('#')[0]!))
    }
  }
  expect([...reached]).toContain(path)
})
