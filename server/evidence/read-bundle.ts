import type { KeyObject } from 'node:crypto'
import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { VethlabError } from '../error/vethlab-error.js'
import type { NetworkState } from '../network/state.js'
import { type Result, ResultSchema } from '../report/result.js'
import { readFrom } from '../trial/file-tree.js'
import { oneLine } from '../wording/one-line.js'
import { text } from '../wording/phrase.js'
import type { Text } from '../wording/text.js'
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
  faults: Text[]
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
  const faults: Text[] = []
  const signedBy = keys.find((key) => isSigned(manifestBytes, signature, key))
  if (!signedBy) faults.push(fault(names.manifest, unsigned))
  const files = new Map<string, Buffer>()
  for (const { path, bytes, sha256: wanted } of manifest.files) {
    if (there.get(path) !== 'file') {
      faults.push(fault(path, there.has(path) ? noFile : missing))
      continue
    }
    const content = await readFrom(join(folder, path), mostBytes)
    if (content.length !== bytes || sha256(content) !== wanted) faults.push(fault(path, changed))
    else files.set(path, content)
  }
  const known = new Set<string>([names.manifest, names.signature, ...manifest.files.map(({ path }) => path)])
  for (const name of there.keys()) if (!known.has(name)) faults.push(fault(oneLine(name, 120), unlisted))
  return { manifest, signature, files, signedBy, faults }
}

const unsigned = text('was not signed by that key as it is now', '现在的内容不是用这把密钥签名的')
const noFile = text('is no file', '不是文件')
const missing = text('is missing', '缺失')
const changed = text('is not what was signed', '与签名时不一致')
const unlisted = text('is not in the manifest', '不在清单里')

function fault(name: string, what: Text): Text {
  return text(`${name}: ${what.en}`, `${name}：${what.zh}`)
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
      const said = oneLine(error.message, 200)
      throw invalid(folder, text(`can't be read: ${said}`, `无法读取（${said}）`))
    })
    for await (const entry of entries) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`
      if (found.size === mostFiles)
        throw invalid(folder, text(`has more than ${mostFiles} files`, `里面的文件超过 ${mostFiles} 个`))
      if (entry.isDirectory() && name === 'states') await gather(name)
      else found.set(name, (await lstat(join(folder, name))).isFile() ? 'file' : 'other')
    }
  }
  await gather('')
  return found
}

async function bytesOf(folder: string, name: string, there: ReadonlyMap<string, string>): Promise<Buffer> {
  if (there.get(name) !== 'file') throw invalid(folder, text(`has no ${name}`, `里面没有 ${name}`))
  return readFrom(join(folder, name), mostBytes)
}

function wanted(folder: string, files: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const bytes = files.get(name)
  if (!bytes) {
    const file = oneLine(name, 120)
    throw invalid(folder, text(`has no ${file} that is as it was signed`, `里面没有与签名时一致的 ${file}`))
  }
  return bytes
}

function parsed<T>(folder: string, name: string, bytes: Buffer, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(bytes.toString()))
  } catch (error) {
    const said = oneLine((error as Error).message, 120)
    throw invalid(
      folder,
      text(`${name} is not as vethlab writes it: ${said}`, `${name} 不是 vethlab 写出的样子（${said}）`),
    )
  }
}

function invalid(folder: string, what: Text): VethlabError {
  return new VethlabError('evidence.invalid', what.en, {
    place: oneLine(folder, 200),
    cure: 'Name the folder of a bundle, as `vethlab grade --evidence` wrote it.',
    zh: { what: what.zh, cure: '请指定 `vethlab grade --evidence` 写出的证据文件夹。' },
  })
}
