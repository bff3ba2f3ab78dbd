import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readResult } from '../course/course-grades.js'
import { invalidArgument } from '../error/invalid-argument.js'
import { VethlabError } from '../error/vethlab-error.js'
import { lockFile } from '../kernel/system-calls.js'
import type { Result } from '../report/result.js'
import { oneLine } from '../wording/one-line.js'

/** Where the grades of a class are written: each whole or not at all, as soon as it is known, so that a run can go on where it was. */
export class GradeFolder {
  private constructor(
    private readonly root: string,
    private readonly lock: { release(): void },
  ) {}

  /** Made if missing. @throws VethlabError argument.invalid where there are grades already that are not to be gone on with */
  static async open(root: string, { resume }: { resume: boolean }): Promise<GradeFolder> {
    const results = join(root, 'results')
    await mkdir(results, { recursive: true }).catch(cannotWrite(root))
    const busy = invalid(root, 'somebody else writes grades there', 'Wait for it, or name another folder.', {
      what: '另一个命令正在往那里写成绩',
      cure: '请等它结束，或指定另一个文件夹。',
    })
    const lock = await lockFile(join(root, '.lock'), { timeoutMs: 0, busy }).catch((error: Error) => {
      throw error instanceof VethlabError ? error : cannotWrite(root)(error)
    })
    const folder = new GradeFolder(root, lock)
    try {
      const names = await readdir(results)
      // Of one that was killed while it wrote.
      for (const name of names.filter(isDraft)) await rm(join(results, name), { force: true })
      if (!resume && names.some((name) => name.endsWith('.json'))) {
        throw invalid(root, 'has grades already', 'Go on with them by --resume, or name another folder.', {
          what: '里面已经有成绩',
          cure: '请用 --resume 接着评，或指定另一个文件夹。',
        })
      }
      return folder
    } catch (error) {
      folder.close()
      throw error
    }
  }

  /** What was kept under that name; undefined where there is nothing. @throws VethlabError argument.invalid where it is no result */
  async kept(key: string): Promise<Result | undefined> {
    const file = join(this.root, resultFile(key))
    return (await stat(file).catch(() => undefined)) ? (await readResult(file)).result : undefined
  }

  async keep(key: string, result: Result): Promise<void> {
    await this.write(resultFile(key), `${JSON.stringify(result, null, 2)}\n`)
  }

  /** @returns the path of the file */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.root, name)
    const draft = `${path}${draftEnding}`
    try {
      await mkdir(dirname(path), { recursive: true })
      const file = await open(draft, 'w', 0o644)
      try {
        await file.writeFile(text)
        // A grade that was said to be there is there after a power cut.
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(draft, path)
    } catch (error) {
      cannotWrite(path)(error as Error)
    }
    return path
  }

  close(): void {
    this.lock.release()
  }
}

function resultFile(key: string): string {
  return join('results', `${key}.json`)
}

const draftEnding = '.draft'
const isDraft = (name: string) => name.endsWith(draftEnding)

function cannotWrite(path: string): (error: Error) => never {
  return (error) => {
    const said = oneLine(error.message, 200)
    throw invalid(path, `can't be written: ${said}`, 'Name a folder that can be written, with room.', {
      what: `无法写入（${said}）`,
      cure: '请指定一个可以写入、空间足够的文件夹。',
    })
  }
}

function invalid(path: string, what: string, cure: string, zh: { what: string; cure: string }): VethlabError {
  return invalidArgument(`--out ${oneLine(path, 200)}`, what, cure, zh)
}
