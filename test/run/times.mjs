// How long each phase of `npm test` took, and each file in it: kept as JSON, and the slowest printed.
import { writeFileSync } from 'node:fs'

const slowest = 10

export class Times {
  #started = performance.now()
  #phases = []
  #files = []

  /** Runs a phase, or a part of one, and notes its seconds, also where it fails. */
  async phase(name, work) {
    const started = performance.now()
    try {
      return await work()
    } finally {
      const took = performance.now() - started
      const known = this.#phases.find(({ phase }) => phase === name)
      if (known) known.seconds = seconds(1000 * known.seconds + took)
      else this.#phases.push({ phase: name, seconds: seconds(took) })
    }
  }

  /** @param phase its name; @param file a test file, or a lab; @param ms what it took, together with all that it began */
  file(phase, file, ms) {
    this.#files.push({ phase, file, seconds: seconds(ms) })
  }

  /** Takes a report of vitest's JSON reporter. Of each file: imports and hooks are in it too, where vitest counts them. */
  vitest(phase, report, root) {
    for (const { name, startTime, endTime, assertionResults } of report.testResults) {
      const tests = assertionResults.reduce((sum, { duration }) => sum + (duration ?? 0), 0)
      this.file(phase, name.replace(`${root}/`, ''), Math.max(endTime - startTime, tests))
    }
  }

  get report() {
    return {
      seconds: seconds(performance.now() - this.#started),
      phases: this.#phases,
      files: this.#files.toSorted((a, b) => b.seconds - a.seconds),
    }
  }

  /** @returns lines to print */
  keep(path) {
    const { report } = this
    // In a state directory, where others may go through to what is theirs.
    writeFileSync(path, `${JSON.stringify(report, null, 1)}\n`, { mode: 0o600 })
    const all = report.files.reduce((sum, file) => sum + file.seconds, 0)
    const part = (value, whole) => `${((100 * value) / Math.max(whole, 0.1)).toFixed(0)} %`.padStart(5)
    const first = report.files.slice(0, slowest)
    const share = part(
      first.reduce((sum, file) => sum + file.seconds, 0),
      all,
    ).trim()
    return [
      `phases, of ${report.seconds} s (some run beside each other):`,
      ...report.phases.map(
        ({ phase, seconds }) => `  ${`${seconds}`.padStart(7)} s ${part(seconds, report.seconds)} ${phase}`,
      ),
      `the ${first.length} slowest files, ${share} of the time of all files:`,
      ...first.map(
        ({ phase, file, seconds }) => `  ${`${seconds}`.padStart(7)} s ${part(seconds, all)} ${phase} ${file}`,
      ),
      `all times: ${path}`,
    ]
  }
}

function seconds(ms) {
  return Math.round(ms / 100) / 10
}
