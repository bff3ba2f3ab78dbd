import type { KeyObject } from 'node:crypto'
import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { VethlabError } from '../error/vethlab-error.js'
import type { NetworkState } from '../network/state.js'
import { type Result, ResultSchema } from '../report/result.js'
import { readFrom } from '../trial/file-tree.js'
import { oneLine } from '../wording/one-line.js'
import {
  type Change,
  ChangesSchema,
  EventSchema,
  type Manifest,
  ManifestSchema,
  type Moment,
  MomentsSchema,
  names,
  type Signature,
  SignatureSchema,
  type Verdicts,
  VerdictsSchema,
} from './record.js'
import { isSigned, sha256 } from './seal.js'

/** Far more than any bundle has: whoever made one may mean no good. */
const mostFiles = 200
const mostBytes = 64 * 1024 ** 2

/** A bundle as it lies there, and what is wrong with it. */
export interface Bundle {
  manifest: Manifest
  signature: Signature
  /** By the names in the manifest: only what is as it was signed. */
  files: ReadonlyMap<string, Buffer>
  /** The one of the keys that were asked for that has signed it. */
  signedBy: KeyObject | undefined
  /** A line each; none where all is as it was signed by one of the keys that were asked for. */
  faults: string[]
}

/**
 * Reads a bundle, and holds it against its manifest and the manifest against its signature.
 * @param keys of whom one has to have signed it
 * @throws VethlabError evidence.invalid where it is no bundle at all
 */
export async function readBundle(folder: string, ...keys: KeyObject[]): Promise<Bundle> {
  const there = await listed(folder)
  const manifestBytes = await bytesOf(folder, names.manifest, there)
  const manifest = parsed(folder, names.manifest, manifestBytes, ManifestSchema)
  const signature = parsed(folder, names.signature, await bytesOf(folder, names.signature, there), SignatureSchema)
  const faults: string[] = []
  const signedBy = keys.find((key) => isSigned(manifestBytes, signature, key))
  if (!signedBy) faults.push(`${names.manifest}: was not signed by that key as it is now`)
  const files = new Map<string, Buffer>()
  for (const { path, bytes, sha256: wanted } of manifest.files) {
    if (there.get(path) !== 'file') {
      faults.push(`${path}: ${there.has(path) ? 'is no file' : 'is missing'}`)
      continue
    }
    const content = await readFrom(join(folder, path), mostBytes)
    if (content.length !== bytes || sha256(content) !== wanted) faults.push(`${path}: is not what was signed`)
    else files.set(path, content)
  }
  const known = new Set<string>([names.manifest, names.signature, ...manifest.files.map(({ path }) => path)])
  for (const name of there.keys()) if (!known.has(name)) faults.push(`${oneLine(name, 120)}: is not in the manifest`)
  return { manifest, signature, files, signedBy, faults }
}

/** @throws VethlabError evidence.invalid where it is not there as it was signed */
export function resultOf(folder: string, { files }: Bundle): Result {
  return parsed(folder, names.result, wanted(folder, files, names.result), ResultSchema)
}

/** Undefined where nothing was run. */
export function verdictsOf(folder: string, { files }: Bundle): Verdicts | undefined {
  const bytes = files.get(names.verdicts)
  return bytes && parsed(folder, names.verdicts, bytes, VerdictsSchema)
}

/** What the work has changed, in sentences; undefined where nothing was run. */
export function changesOf(folder: string, { files }: Bundle): Change[] | undefined {
  const bytes = files.get(names.difference)
  return bytes && parsed(folder, names.difference, bytes, ChangesSchema)
}

/** What was done until it was judged; undefined where it is no live work. */
export function momentsIn(folder: string, { files }: Bundle): Moment[] | undefined {
  const bytes = files.get(names.timeline)
  return bytes && parsed(folder, names.timeline, bytes, MomentsSchema)
}

/** All that a transcript shows, in one piece; undefined where nothing was run. */
export function transcriptOf(folder: string, { files }: Bundle): string | undefined {
  const bytes = files.get(names.transcript)
  if (!bytes) return undefined
  const [, ...events] = bytes.toString().trim().split('\n')
  return events.map((line) => parsed(folder, names.transcript, Buffer.from(line), EventSchema)[2]).join('')
}

export function stateOf(folder: string, { files }: Bundle, name: string): NetworkState {
  return JSON.parse(wanted(folder, files, name).toString()) as NetworkState
}

/** Names of all that lies below, and what they are; folders of their own are those of pictures alone. */
async function listed(folder: string): Promise<Map<string, 'file' | 'other'>> {
  const found = new Map<string, 'file' | 'other'>()
  const gather = async (below: string) => {
    const entries = await opendir(join(folder, below)).catch((error: Error) => {
      throw invalid(folder, `can't be read: ${oneLine(error.message, 200)}`)
    })
    for await (const entry of entries) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`
      if (found.size === mostFiles) throw invalid(folder, `has more than ${mostFiles} files`)
      if (entry.isDirectory() && name === 'states') await gather(name)
      else found.set(name, (await lstat(join(folder, name))).isFile() ? 'file' : 'other')
    }
  }
  await gather('')
  return found
}

async function bytesOf(folder: string, name: string, there: ReadonlyMap<string, string>): Promise<Buffer> {
  if (there.get(name) !== 'file') throw invalid(folder, `has no ${name}`)
  return readFrom(join(folder, name), mostBytes)
}

function wanted(folder: string, files: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const bytes = files.get(name)
  if (!bytes) throw invalid(folder, `has no ${oneLine(name, 120)} that is as it was signed`)
  return bytes
}

function parsed<T>(folder: string, name: string, bytes: Buffer, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(bytes.toString()))
  } catch (error) {
    throw invalid(folder, `${name} is not as vethlab writes it: ${oneLine((error as Error).message, 120)}`)
  }
}

function invalid(folder: string, what: string): VethlabError {
  return new VethlabError('evidence.invalid', what, {
    place: oneLine(folder, 200),
    cure: 'Name the folder of a bundle, as `vethlab grade --evidence` wrote it.',
  })
}
