import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { VethlabError } from '../error/vethlab-error.js'
import { oneLine } from '../wording/one-line.js'

const draftName = /^\.new-(\d+)-/

/** Where bundles are kept, one a grading. Each is there as a whole or not at all, and none is written over. */
export class EvidenceFolder {
  private constructor(private readonly root: string) {}

  /** Made if missing; what was left by who was killed on the way is removed. @throws VethlabError argument.invalid */
  static async open(root: string): Promise<EvidenceFolder> {
    try {
      await mkdir(root, { recursive: true })
      for (const name of await readdir(root)) {
        const maker = draftName.exec(name)?.[1]
        if (maker !== undefined && !(await isRunning(maker)))
          await rm(join(root, name), { recursive: true, force: true })
      }
    } catch (error) {
      throw cannotWrite(root, error as Error)
    }
    return new EvidenceFolder(root)
  }

  /** @returns the folder of the bundle: that of the key, or with a number behind it where one is there already */
  async keep(key: string, files: ReadonlyMap<string, Buffer>): Promise<string> {
    const draft = join(this.root, `.new-${process.pid}-${key}`)
    try {
      await rm(draft, { recursive: true, force: true })
      for (const [name, bytes] of files) {
        await mkdir(dirname(join(draft, name)), { recursive: true })
        await writeFile(join(draft, name), bytes, { flag: 'wx', flush: true })
      }
      for (let attempt = 1; ; attempt++) {
        const folder = join(this.root, attempt === 1 ? key : `${key}.${attempt}`)
        if (await isThere(folder)) continue
        await rename(draft, folder)
        return folder
      }
    } catch (error) {
      await rm(draft, { recursive: true, force: true })
      throw cannotWrite(this.root, error as Error)
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

async function isRunning(pid: string): Promise<boolean> {
  return isThere(`/proc/${pid}`)
}

function cannotWrite(path: string, error: Error): VethlabError {
  return new VethlabError('argument.invalid', `can't be written: ${oneLine(error.message, 200)}`, {
    place: `--evidence ${oneLine(path, 200)}`,
    cure: 'Name a folder that can be written, with room.',
    zh: {
      what: `无法写入（${oneLine(error.message, 200)}）`,
      cure: '请指定一个可以写入、空间足够的文件夹。',
    },
  })
}
